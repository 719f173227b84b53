"""Warranty periods, and what standard ones are computed from."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Row, bindparam, delete, select, update
from sqlmodel import Session, col

from musterroll.domain.values.dates import Span
from musterroll.domain.values.instants import from_ms
from musterroll.domain.warranty.periods import DEFAULT, NO_WARRANTY, CoveragePeriod, PeriodKind, Policy, StartRule, UnitDates, WarrantyStart
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Product, Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod, WarrantyPolicy

_PERIODS: Any = WarrantyPeriod.__table__  # type: ignore[attr-defined]
_P = _PERIODS.c
_OF_UNIT = (
    select(_P.kind, _P.starts_on, _P.ends_on, _P.rule, _P.evidence, _P.voided_on, _P.void_reason)
    .where(_P.unit_id == bindparam("unit_id"))
    .order_by(_P.starts_on, _P.id)
)


class WarrantyInput(NamedTuple):
    """What the standard warranty of a unit is computed from."""

    unit_id: int
    policy_id: int | None
    zone: str  # IANA
    dates: UnitDates


def warranty_inputs(session: Session, unit_ids: Collection[int]) -> list[WarrantyInput]:
    u = Unit
    dates = (col(u.registered_on), col(u.installed_on), col(UnitStatus.first_heard_at), col(u.shipped_on), col(u.warranty_months))
    own = (col(u.purchased_on), col(u.warranty_starts_on), col(u.warranty_ends_on))
    query = (
        select(col(u.id), col(Product.kind), col(Product.policy_id), col(Site.zone), *dates, *own)
        .join_from(Unit, Product, col(Product.id) == col(u.product_id))
        .outerjoin(Site, col(Site.id) == col(u.site_id))
        .outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(u.id))
        .where(bulk.among(session, col(u.id), unit_ids))
        .order_by(col(u.id))
    )
    return [_warranty_input(row) for row in session.execute(query)]


def _warranty_input(row: Row[Any]) -> WarrantyInput:
    unit_id, kind, policy_id, zone, registered, installed, heard, *others = tuple(row)
    if not kind.hardware:
        return WarrantyInput(unit_id, policy_id, zone or "UTC", NO_WARRANTY)
    heard_at = None if heard is None else from_ms(heard)
    return WarrantyInput(unit_id, policy_id, zone or "UTC", UnitDates(registered, installed, heard_at, *others))


def policies(session: Session) -> dict[int | None, Policy]:
    """Policies by row id; None: the default."""
    policies_by_id = {row.id: policy_of(row) for row in session.scalars(select(WarrantyPolicy))}
    return {None: DEFAULT, **policies_by_id}


def policy_of(row: WarrantyPolicy) -> Policy:
    rules = tuple(StartRule(WarrantyStart(rule["start"]), int(rule.get("shelf_days", 0))) for rule in row.rules)
    return Policy(row.name, rules, row.months)


def standard_periods(session: Session, unit_ids: Collection[int]) -> dict[int, tuple[int, CoveragePeriod]]:
    """The standard period by unit, with its row id. Of several, a voided one."""
    p = WarrantyPeriod
    query = select(p).where(bulk.among(session, col(p.unit_id), unit_ids), col(p.kind) == PeriodKind.STANDARD)
    rows = session.scalars(query.order_by(col(p.voided_on).is_not(None), col(p.id).desc()))
    return {row.unit_id: (row.id or 0, period_of(row)) for row in rows}


def of_unit(session: Session, unit_id: int) -> tuple[CoveragePeriod, ...]:
    """The periods of a unit, earliest first."""
    return tuple(period_of(row) for row in session.execute(_OF_UNIT, {"unit_id": unit_id}))


def periods(session: Session, unit_id: int) -> list[WarrantyPeriod]:
    p = WarrantyPeriod
    return list(session.scalars(select(p).where(col(p.unit_id) == unit_id).order_by(col(p.starts_on), col(p.id))))


def period_of(row: WarrantyPeriod | Row[Any]) -> CoveragePeriod:
    return CoveragePeriod(row.kind, Span(row.starts_on, row.ends_on), row.rule, row.evidence, row.voided_on, row.void_reason)


def columns(unit_id: int, period: CoveragePeriod) -> dict[str, Any]:
    """The columns of a period."""
    return {name: value for name, (value,) in by_column([(unit_id, period)]).items()}


def by_column(rows: Sequence[tuple[int, CoveragePeriod]]) -> dict[str, list[Any]]:
    """The columns of periods, each given with its unit."""
    periods = [period for _, period in rows]
    return {
        "unit_id": [unit_id for unit_id, _ in rows],
        "kind": [period.kind for period in periods],
        "starts_on": [period.span.starts_on for period in periods],
        "ends_on": [period.span.ends_on for period in periods],
        "rule": [period.rule for period in periods],
        "evidence": [period.evidence for period in periods],
        "voided_on": [period.voided_on for period in periods],
        "void_reason": [period.void_reason for period in periods],
    }


def add(session: Session, rows: Sequence[tuple[int, CoveragePeriod]]) -> None:
    """Add new periods; none is void."""
    names = ("unit_id", "kind", "starts_on", "ends_on", "rule", "evidence")
    values = [(unit_id, period.kind, period.span.starts_on, period.span.ends_on, period.rule, period.evidence) for unit_id, period in rows]
    bulk.insert(session, WarrantyPeriod, names, values, voided_on=None, void_reason="")


def change(session: Session, rows: Sequence[tuple[int, CoveragePeriod]]) -> None:
    """Change start, end, rule and evidence of periods by row id."""
    if rows:
        fields: dict[str, Any] = {name: bindparam(name) for name in ("starts_on", "ends_on", "rule", "evidence")}
        statement = update(_PERIODS).where(_PERIODS.c.id == bindparam("row_id")).values(fields)
        session.connection().execute(statement, [{"row_id": row, **_computed(period)} for row, period in rows])


def _computed(period: CoveragePeriod) -> dict[str, date | str | None]:
    return {"starts_on": period.span.starts_on, "ends_on": period.span.ends_on, "rule": period.rule, "evidence": period.evidence}


def remove(session: Session, rows: Collection[int]) -> None:
    if rows:
        session.connection().execute(delete(_PERIODS).where(_PERIODS.c.id.in_(rows)))


def units_of(session: Session, rows: Collection[int]) -> list[int]:
    """The units of periods, by the row ids of the periods."""
    query = select(_P.unit_id).where(bulk.among(session, _P.id, rows)).distinct()
    return list(session.execute(query).scalars()) if rows else []
