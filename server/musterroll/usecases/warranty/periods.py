"""Warranty periods: standard ones follow from a unit's dates by policy; people and documents extend, add and void them."""

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.warranty import periods as warranty_rules
from musterroll.domain.warranty.periods import CoveragePeriod, UnitDates
from musterroll.storage import reconcile_queue
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.storage.warranty import periods as stored_periods
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.audit.record import NewRows

_BATCH = 5_000
_REMEMBERED = 1 << 15  # standard periods
_TABLE = "warranty_period"


class PeriodChanges(NamedTuple):
    """How many standard periods changed."""

    new: int
    changed: int
    gone: int


def apply_policies(session: Session, unit_ids: Iterable[int], now: datetime, change: AuditChange | None = None) -> PeriodChanges:
    """Update the standard periods of these units from their dates and policies. A voided period stays as it is.

    With `change`, the rows are audited as part of it, so that undoing it undoes them.
    """
    session.flush()
    total = PeriodChanges(0, 0, 0)
    rest = iter(unit_ids)
    rules: dict[int | None, warranty_rules.Policy] = {}
    while batch := list(islice(rest, _BATCH)):
        rules = rules or stored_periods.policies(session)
        done = _apply_policies(session, batch, rules, change)
        total = PeriodChanges(*(a + b for a, b in zip(total, done, strict=True)))
    return total


class PreparedPeriods(NamedTuple):
    """The standard periods of new units as far as they are worked out, and reserved row ids for them."""

    standard: "_StandardPeriods"
    ids: list[int]


def prepare(session: Session, most: int, before: PreparedPeriods | None = None) -> PreparedPeriods:
    """Prepare the standard periods of at most `most` units. What was worked out for others `before` holds as long as the policies do."""
    policies = stored_periods.policies(session) if most else {}
    standard = before.standard if before and before.standard.holds(policies) else _StandardPeriods(policies)
    return PreparedPeriods(standard, import_rows.reserve_ids(session, WarrantyPeriod, most))


_Facts = tuple[int | None, str, tuple[Any, ...]]  # what a period follows from: row id of the policy, zone, and dates as in `UnitDates`


def add_standard_periods(session: Session, unit_ids: Iterable[int], facts: Iterable[_Facts], prepared: PreparedPeriods) -> NewRows:
    """Store the standard periods of newly registered units. Returns them for the audit log."""
    periods = map(prepared.standard.__getitem__, facts)
    new = [(unit_id, period) for unit_id, period in zip(unit_ids, periods, strict=True) if period is not None]
    return _add_all(session, new, prepared.ids[: len(new)])


class _StandardPeriods(dict[_Facts, CoveragePeriod | None]):
    """Periods by what they follow from: many units were installed on the same day."""

    def __init__(self, policies: dict[int | None, warranty_rules.Policy]) -> None:
        super().__init__()
        self._policies = policies

    def holds(self, policies: dict[int | None, warranty_rules.Policy]) -> bool:
        """Whether the periods follow from these policies, and there is room for more."""
        return policies == self._policies and len(self) < _REMEMBERED

    def __missing__(self, facts: _Facts) -> CoveragePeriod | None:
        policy, zone, dates = facts
        standard = warranty_rules.standard_warranty(self._policies[policy], UnitDates(*dates), ZoneInfo(zone))
        self[facts] = standard.period
        return standard.period


def _apply_policies(
    session: Session, unit_ids: list[int], rules: dict[int | None, warranty_rules.Policy], change: AuditChange | None
) -> PeriodChanges:
    stored = stored_periods.standard_periods(session, unit_ids)
    new: list[tuple[int, CoveragePeriod]] = []
    changed: list[tuple[int, CoveragePeriod]] = []
    gone: list[int] = []
    affected: list[int] = []
    for unit in stored_periods.warranty_inputs(session, unit_ids):
        computed = warranty_rules.standard_warranty(rules[unit.policy_id], unit.dates, ZoneInfo(unit.zone)).period
        row, old = stored.get(unit.unit_id, (0, None))
        if old == computed or (old is not None and old.voided_on is not None):
            continue
        affected.append(unit.unit_id)
        if computed is None:
            gone.append(row)
        elif old is None:
            new.append((unit.unit_id, computed))
        else:
            changed.append((row, computed))
    _write(session, new, changed, gone, change)
    reconcile_queue.mark(session, affected)
    return PeriodChanges(len(new), len(changed), len(gone))


def _write(
    session: Session,
    new: list[tuple[int, CoveragePeriod]],
    changed: list[tuple[int, CoveragePeriod]],
    gone: list[int],
    change: AuditChange | None,
) -> None:
    if change is None:
        stored_periods.change(session, changed)
        stored_periods.remove(session, gone)
        stored_periods.add(session, new)
        return
    if changed or gone:
        with audit_record.watching(session, change, _TABLE, [*(row for row, _ in changed), *gone]):
            stored_periods.change(session, changed)
            stored_periods.remove(session, gone)
    audit_record.record(session, change, (), [_add_all(session, new, import_rows.reserve_ids(session, WarrantyPeriod, len(new)))])


def _add_all(session: Session, new: list[tuple[int, CoveragePeriod]], ids: list[int]) -> NewRows:
    columns = {"id": ids, **stored_periods.by_column(new)} if new else {}
    import_rows.insert_columns(session, WarrantyPeriod, columns)
    return NewRows(_TABLE, ids, columns)


def extend(session: Session, uid: str, months: int, document: str, actor: str, now: datetime) -> CoveragePeriod:
    """Extend a unit's warranty from the end of its cover. Raises NotFound, and Conflict if there is nothing to extend."""
    unit = _unit(session, uid)
    period = warranty_rules.extension(
        [stored_periods.period_of(row) for row in stored_periods.periods(session, unit.id or 0)], months, document
    )
    return _add(session, unit, period, f"extend by {months} months", document, actor, now)


def repair(session: Session, uid: str, on: date, months: int, document: str, actor: str, now: datetime) -> CoveragePeriod:
    """Record the warranty on a repair, from the day the unit was returned. Raises NotFound."""
    return _add(session, _unit(session, uid), warranty_rules.repair_period(on, months, document), "repair", document, actor, now)


def void(session: Session, period_id: int, on: date, reason: str, actor: str, now: datetime) -> CoveragePeriod:
    """Void a period from a day; it stays on record. Raises NotFound, and Conflict without a reason or if it is already void."""
    row = session.get(WarrantyPeriod, period_id)
    if row is None:
        raise NotFound(f"there is no warranty period {period_id}")
    _void(session, row, session.get_one(Unit, row.unit_id), on, reason, actor, now)
    return stored_periods.period_of(row)


def void_of(session: Session, uid: str, period_id: int, on: date, reason: str, actor: str, now: datetime) -> AuditChange:
    """Void a period of this unit, as `void`."""
    unit = _unit(session, uid)
    row = session.get(WarrantyPeriod, period_id)
    if row is None or row.unit_id != unit.id:
        raise NotFound(f"the unit has no warranty period {period_id}")
    return _void(session, row, unit, on, reason, actor, now)


def periods(session: Session, uid: str) -> list[WarrantyPeriod]:
    """The warranty periods of a unit, earliest first. Raises NotFound."""
    return stored_periods.periods(session, _unit(session, uid).id or 0)


def _void(session: Session, row: WarrantyPeriod, unit: Unit, on: date, reason: str, actor: str, now: datetime) -> AuditChange:
    voided = warranty_rules.void(stored_periods.period_of(row), on, reason)
    subject = f"warranty of {unit.serial} voided"
    change = audit_record.begin(session, actor=actor, kind="warranty", subject=subject, reason=voided.void_reason, now=now)
    with audit_record.watching(session, change, _TABLE, [row.id or 0]):
        row.voided_on, row.void_reason = voided.voided_on, voided.void_reason[:300]
    reconcile_queue.mark(session, [row.unit_id])
    return change


def _add(session: Session, unit: Unit, period: CoveragePeriod, what: str, document: str, actor: str, now: datetime) -> CoveragePeriod:
    kind = session.get_one(Product, unit.product_id).kind
    if not kind.hardware:
        raise Conflict(f"{unit.serial} is a {kind}, which has no warranty", "no_hardware")
    change = audit_record.begin(session, actor=actor, kind="warranty", subject=f"{what}: {unit.serial}", reason=document, now=now)
    row = WarrantyPeriod(**stored_periods.columns(unit.id or 0, period))
    session.add(row)
    session.flush()
    audit_record.added(session, change, _TABLE, [row.id or 0])
    reconcile_queue.mark(session, [row.unit_id])
    return period


def _unit(session: Session, uid: str) -> Unit:
    unit = session.exec(select(Unit).where(col(Unit.uid) == uid)).first()
    if unit is None:
        raise NotFound(f"no unit {uid!r} is registered")
    return unit
