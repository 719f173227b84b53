"""Counts of the installed base at any instant, with breakdowns."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, String, and_, case, func, literal, not_, select, true, type_coerce
from sqlmodel import Session, col

from musterroll.domain.liveness import ListeningWindow, Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.dates import add_months
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.columns import Columns
from musterroll.storage.fleet import filters as fleet_filters
from musterroll.storage.liveness.states import liveness, reported_by_import_only
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import as_of as unit_as_of
from musterroll.storage.units import past

_OWNER = func.coalesce(col(Unit.account_id), col(Site.account_id))  # a unit without an account belongs to that of its site
_COUNTRY = func.coalesce(func.nullif(col(Site.country), ""), col(Account.country), "")
_KEYS: dict[str, Any] = {
    "all": literal(0),
    "account": func.coalesce(_OWNER, 0),
    "site": func.coalesce(col(Unit.site_id), 0),
    "product": col(Unit.product_id),
    "segment": func.coalesce(col(Account.segment), ""),
    "country": _COUNTRY,
    "firmware": col(Unit.firmware),
}


class AxisColumns(NamedTuple):
    """The axes of a unit at an instant, as SQL."""

    lifecycle: ColumnElement[str]
    liveness: ColumnElement[str]
    merged: ColumnElement[bool]
    on_roll: ColumnElement[bool]


class BaseConditions(NamedTuple):
    """Which units; all given fields must match."""

    accounts: Any = None  # ids, or a select of them
    site_id: int | None = None
    product_id: int | None = None
    segment: str | None = None
    country: str | None = None


class BaseCount(NamedTuple):
    units: int  # registered
    deployed: int
    operating: int  # of the deployed: operating or late
    listed: int = 0  # of the operating: known from imported lists only
    unknown: int = 0  # of the deployed: known from lists only, which are too old


def age(on: date, oldest: int) -> ColumnElement[str]:
    """Whole years since installation, up to `oldest`; empty if the day is unknown."""
    installed = col(Unit.installed_on)
    younger = [(installed > add_months(on, -12 * (years + 1)), literal(str(years))) for years in range(oldest)]
    return case((installed.is_(None), literal("")), *younger, else_=literal(str(oldest)))


def axes_now(listening: ListeningWindow, now: int) -> AxisColumns:
    return AxisColumns(type_coerce(col(Unit.lifecycle), String), liveness(listening, now), col(Unit.merged_into_id).is_not(None), true())


def axes_at(listening: ListeningWindow, instant: int, known_at: int) -> AxisColumns:
    return AxisColumns(
        unit_as_of.lifecycle_at(instant, known_at),
        unit_as_of.liveness_at(listening, instant, known_at),
        unit_as_of.merged_at(instant, known_at),
        unit_as_of.registered_at(known_at),
    )


def base_counts(session: Session, axes: AxisColumns, by: str | ColumnElement[str], scope: BaseConditions) -> dict[Any, BaseCount]:
    """Counts by `account`, `site`, `product` (ids, 0: none), `segment`, `country`, `firmware` (text), `all` (0) or an expression."""
    return _by_key(session.execute(_counts(axes, by, _conditions(scope))))


def read(session: Session, scope: BaseConditions, *, changes: bool = True) -> Columns:
    """The units in a scope that the session sees, with their history unless only the present is asked for."""
    some = account_scope.limited(session) or scope != BaseConditions()
    ids = session.execute(joined_units(col(Unit.id).label("id")).where(*_conditions(scope))).scalars().all() if some else None
    columns = Columns(session, whole=not some)
    past.read(columns, ids, changes=changes, seen_by=session)
    return columns


def counts_of(columns: Columns, axes: AxisColumns, by: str | ColumnElement[str]) -> dict[Any, BaseCount]:
    """The same as `base_counts`, of units that were read as columns."""
    return _by_key(columns.rows(past.words(_counts(axes, by, []))))


def _counts(axes: AxisColumns, by: str | ColumnElement[str], conditions: list[ColumnElement[bool]]) -> Select[Any]:
    units = joined_units(
        (_KEYS[by] if isinstance(by, str) else by).label("key"), axes.lifecycle.label("lifecycle"), axes.liveness.label("liveness")
    ).add_columns(func.coalesce(reported_by_import_only(), False).label("listed"))
    unit = units.where(not_(axes.merged), axes.on_roll, *conditions).subquery()
    deployed = unit.c.lifecycle == Lifecycle.DEPLOYED.value
    base = unit_as_of.in_base(unit.c.lifecycle, unit.c.liveness)
    listed, unknown = and_(base, unit.c.listed), and_(deployed, unit.c.liveness == Liveness.UNKNOWN.value)
    return select(unit.c.key, func.count(), *map(_sum, (deployed, base, listed, unknown))).group_by(unit.c.key)


def may_be_deployed(columns: Columns, instant: int, known_at: int) -> int:
    """Units that may have been deployed at an instant, by `as_of.may_be_deployed_at`: they are not counted as deployed."""
    may_be = unit_as_of.may_be_deployed_at(instant, known_at)
    units = joined_units(col(Unit.id).label("id")).where(may_be, not_(unit_as_of.merged_at(instant, known_at))).subquery()
    return int(columns.rows(past.words(select(func.count()).select_from(units)))[0][0])


def _by_key(rows: Iterable[Any]) -> dict[Any, BaseCount]:
    return {row[0]: BaseCount(*map(int, row[1:])) for row in rows}


def names(session: Session, by: str) -> dict[int, tuple[str, str]]:
    """Number and name of all sites, or maker and model of all products, by id."""
    site, product = (Site.id, Site.ref, Site.name), (Product.id, Product.maker, Product.model)
    return {row[0]: (row[1], row[2]) for row in session.execute(select(*map(col, site if by == "site" else product)))}


def site_id(session: Session, ref: str) -> int | None:
    return session.execute(select(col(Site.id)).where(col(Site.ref) == ref)).scalar_one_or_none()


def product_id(session: Session, maker_key: str, model_key: str) -> int | None:
    query = select(col(Product.id)).where(col(Product.maker_key) == maker_key, col(Product.model_key) == model_key)
    return session.execute(query).scalar_one_or_none()


def joined_units(*columns: ColumnElement[Any]) -> Select[Any]:
    """Units with what they last reported, their site and their account."""
    joined = select(*columns).select_from(Unit).outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    return joined.outerjoin(Site, col(Site.id) == col(Unit.site_id)).outerjoin(Account, col(Account.id) == _OWNER)


def _conditions(scope: BaseConditions) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if scope.accounts is not None:
        conditions.append(fleet_filters.owned_by(scope.accounts))
    if scope.site_id is not None:
        conditions.append(col(Unit.site_id) == scope.site_id)
    if scope.product_id is not None:
        conditions.append(col(Unit.product_id) == scope.product_id)
    if scope.segment is not None:
        conditions.append(func.coalesce(col(Account.segment), "") == scope.segment)
    if scope.country is not None:
        conditions.append(_COUNTRY.in_([scope.country]))
    return conditions


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
