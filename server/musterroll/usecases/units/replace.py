"""Replacements: a unit takes the place of another, with its contract lines and remaining warranty."""

from datetime import date, datetime

from sqlmodel import Session

from musterroll.domain.contracts.terms import line_ended_on
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict
from musterroll.domain.warranty import periods as warranty_rules
from musterroll.storage import reconcile_queue
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.storage.units import for_update
from musterroll.storage.warranty import periods as stored_periods
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.units.move import UnitPlace


def replace(
    session: Session,
    uid: str,
    by: str,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
    on: date | None = None,
    becomes: Lifecycle = Lifecycle.RETURNED,
    lines: bool = True,
    remaining_warranty: bool = True,
) -> AuditChange:
    """Replace the unit `uid` by the unit `by` on a day up to today; the old one `becomes` returned, retired or stock.

    With `lines`, contract lines for the old serial that have not ended move to the new one; with `remaining_warranty`, the new unit
    also inherits the rest of the old unit's warranty. Raises NotFound, and Conflict if either has already been replaced or is a
    replacement, or may not move.
    """
    old, new = unit_move.unit_to_change(session, uid), unit_move.unit_to_change(session, by)
    day = unit_move.past_day(on, now)
    _check(session, old, new)
    subject = f"{old.serial} replaced by {new.serial}"
    change = audit_record.begin(session, actor=actor, kind="replacement", subject=subject, reason=reason, now=now)
    unit_move.apply_move(session, change, new, Lifecycle.DEPLOYED, UnitPlace(old.account_id, old.site_id), day, now)
    if lines:
        _transfer_lines(session, change, old, new, day)
    if remaining_warranty:
        _transfer_warranty(session, change, old, new, day)
    unit_move.apply_move(session, change, old, becomes, UnitPlace(), day, now)
    with audit_record.watching(session, change, "unit", [old.id or 0]):
        old.replaced_by_id = new.id
    reconcile_queue.mark(session, [old.id or 0, new.id or 0])
    return change


def _check(session: Session, old: Unit, new: Unit) -> None:
    if old.id == new.id:
        raise Conflict(f"{old.serial} cannot replace itself", "circle")
    if old.replaced_by_id is not None:
        raise Conflict(f"{old.serial} has already been replaced by {session.get_one(Unit, old.replaced_by_id).serial}", "replaced_already")
    if others := for_update.replaced_serials(session, new.id or 0):
        raise Conflict(f"{new.serial} already replaces {others[0]}", "replaces_already")
    last: Unit = new
    while last.replaced_by_id is not None:
        last = session.get_one(Unit, last.replaced_by_id)
        if last.id == old.id:
            raise Conflict(f"{new.serial} was itself replaced by {old.serial}, directly or through others", "circle")


def _transfer_lines(session: Session, change: AuditChange, old: Unit, new: Unit, on: date) -> None:
    ended = {
        cover.line.id
        for cover in contract_lines.naming_serials(session, [old.serial_key])
        if line_ended_on(cover.line, cover.contract, on) is not None
    }
    lines = [line for line in for_update.lines_naming(session, old) if line.id not in ended]
    if lines:
        reconcile_queue.mark_all(session)
    with audit_record.watching(session, change, "contract_line", [line.id or 0 for line in lines]):
        for line in lines:
            line.serial_key, line.product_id = new.serial_key, new.product_id  # `serial` stays as the document writes it


def _transfer_warranty(session: Session, change: AuditChange, old: Unit, new: Unit, on: date) -> None:
    periods = [stored_periods.period_of(row) for row in stored_periods.periods(session, old.id or 0)]
    rows = [
        WarrantyPeriod(**stored_periods.columns(new.id or 0, period))
        for period in warranty_rules.inherited_periods(periods, on, old.serial)
    ]
    session.add_all(rows)
    session.flush()
    audit_record.added(session, change, "warranty_period", [row.id or 0 for row in rows])
