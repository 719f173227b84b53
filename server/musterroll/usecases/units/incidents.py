"""Incidents opened and closed on site; others come from imported tickets."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.units.serials import new_uid
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Incident
from musterroll.storage.units import incidents
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.units import move as unit_move

_LONGEST = 120  # characters of a category


def open_incident(session: Session, uid: str, category: str, *, actor: str, now: datetime, reported_by: str = "") -> AuditChange:
    """Open an incident on a unit, numbered `MR-…`. Raises NotFound, Conflict, and DomainError without a text."""
    what = " ".join(category.replace("\0", "").split())[:_LONGEST]
    if not what:
        raise DomainError("describe the problem in a few words", "no_category")
    unit = unit_move.unit_to_change(session, uid)
    change = audit_record.begin(session, actor=actor, kind="incident", subject=f"incident on {unit.serial}", reason=what, now=now)
    row = Incident(ref=f"MR-{new_uid()[:8].upper()}", unit_id=unit.id, serial=unit.serial, opened_on=now.date(), category=what)
    row.reported_by = reported_by
    session.add(row)
    session.flush()
    audit_record.added(session, change, "incident", [row.id or 0])
    return change


def close_incident(session: Session, uid: str, ref: str, *, actor: str, now: datetime) -> AuditChange:
    """Close an incident of a unit. Raises NotFound, and Conflict if it is already closed."""
    row = incidents.of_unit(session, uid, ref)
    if row is None:
        raise NotFound(f"this unit has no incident {ref[:80]!r}")
    if row.closed_on is not None:
        raise Conflict(f"incident {row.ref} is already closed", "closed_already")
    change = audit_record.begin(session, actor=actor, kind="incident", subject=f"incident {row.ref} closed", now=now)
    with audit_record.watching(session, change, "incident", [row.id or 0]):
        row.closed_on = now.date()
    return change
