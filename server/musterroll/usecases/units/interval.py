"""Setting the reporting interval of one unit."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.liveness import require_interval
from musterroll.domain.values.durations import written
from musterroll.storage.liveness import interval_orders
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.warranty import products
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.units import move as unit_move


def set_interval(session: Session, uid: str, seconds: int | None, *, actor: str, now: datetime, reason: str = "") -> AuditChange:
    """Set the seconds between heartbeats of a unit; None: as its product. It is told when it next reports. Can be undone.

    Raises NotFound, Conflict if the unit was merged, and DomainError for an interval that no device can be set to.
    """
    require_interval(seconds)
    unit = unit_move.unit_to_change(session, uid)
    to = f"set to {written(seconds)}" if seconds is not None else "as its product"
    subject = f"reporting interval of {unit.serial}: {to}"
    change = audit_record.begin(session, actor=actor, kind="interval", subject=subject, reason=reason, now=now)
    with audit_record.watching(session, change, "unit", [unit.id or 0]):
        unit.interval = seconds
    products.set_silence_windows(session, [unit.id or 0])
    interval_orders.order(session, [unit.id or 0])
    return change
