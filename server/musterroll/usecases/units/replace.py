"""Replacements: one unit takes the place of another, and what covered the one covers the other from that day on."""

from datetime import date, datetime

from sqlmodel import Session

from musterroll.domain.contracts.terms import line_ended_on
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict
from musterroll.domain.warranty import periods as warranty_rules
from musterroll.storage import reconcile_queue
from musterroll.storage.contracts import lines as contract_lines
from musterroll.storage.tables.audit import Change
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
) -> Change:
    """Put the unit `by` in the place of the unit `uid` on a day up to today; the old one `becomes` returned, retired or stock.

    With `lines`, contract lines that name the old serial and are not over name the new one; with `remaining_warranty`, what is left of
    the old unit's warranty is taken over, beside the new unit's own. Raises NotFound, and Conflict where either is replaced or replaces
    already in a way that would close a circle, or may not move.
    """
    old, new = unit_move.unit_to_change(session, uid), unit_move.unit_to_change(session, by)
    day = unit_move.past_day(on, now)
    _refuse(session, old, new)
    subject = f"{old.serial} replaced by {new.serial}"
    change = audit_record.begin(session, actor=actor, kind="replacement", subject=subject, reason=reason, now=now)
    unit_move.apply_move(session, change, new, Lifecycle.DEPLOYED, UnitPlace(old.account_id, old.site_id), day, now)
    if lines:
        _take_lines(session, change, old, new, day)
    if remaining_warranty:
        _take_warranty(session, change, old, new, day)
    unit_move.apply_move(session, change, old, becomes, UnitPlace(), day, now)
    with audit_record.watching(session, change, "unit", [old.id or 0]):
        old.replaced_by_id = new.id
    reconcile_queue.mark(session, [old.id or 0, new.id or 0])
    return change


def _refuse(session: Session, old: Unit, new: Unit) -> None:
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


def _take_lines(session: Session, change: Change, old: Unit, new: Unit, on: date) -> None:
    over = {
        cover.line.id
        for cover in contract_lines.naming_serials(session, [old.serial_key])
        if line_ended_on(cover.line, cover.contract, on) is not None
    }
    taken = [line for line in for_update.lines_naming(session, old) if line.id not in over]
    if taken:
        reconcile_queue.mark_all(session)
    with audit_record.watching(session, change, "contract_line", [line.id or 0 for line in taken]):
        for line in taken:
            line.serial_key, line.product_id = new.serial_key, new.product_id  # its serial stays as the document writes it


def _take_warranty(session: Session, change: Change, old: Unit, new: Unit, on: date) -> None:
    held = [stored_periods.period_of(row) for row in stored_periods.periods(session, old.id or 0)]
    rows = [
        WarrantyPeriod(**stored_periods.columns(new.id or 0, period)) for period in warranty_rules.inherited_periods(held, on, old.serial)
    ]
    session.add_all(rows)
    session.flush()
    audit_record.added(session, change, "warranty_period", [row.id or 0 for row in rows])
