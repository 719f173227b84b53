"""The eight quadrants as of the last run, by account, site, product, segment or country; and day by day."""

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlmodel import Session, col

from musterroll.storage.installed_base.counts import BaseConditions
from musterroll.storage.reconciliation import cell_history
from musterroll.storage.reconciliation.unit_states import by_code
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.reconciliation import CellHistory, UnitReconciliation

_COUNTRY: Any = func.coalesce(func.nullif(col(Site.country), ""), col(Account.country), "")
_SEGMENT: Any = func.coalesce(col(Account.segment), "")
_S = UnitReconciliation
_KEYS: dict[str, Any] = {
    "all": literal(0),
    "account": col(_S.account_id),
    "site": col(_S.site_id),
    "product": col(_S.product_id),
    "segment": _SEGMENT,
    "country": _COUNTRY,
}


def cells(session: Session, by: str, scope: BaseConditions) -> dict[Any, dict[str, int]]:
    """Counts by quadrant code, by account (own units), site or product (ids, 0: none), segment or country (text).

    `all` has one key, 0.
    """
    key = _KEYS[by].label("key")
    counted = _within(_S, scope).add_columns(key, col(_S.cell).label("cell"), func.count().label("units"))
    counts: dict[Any, dict[int, int]] = {}
    for group, cell, units in session.execute(counted.group_by(key, col(_S.cell))):
        counts.setdefault(group, {})[cell] = units
    return {group: by_code(units) for group, units in counts.items()}


def by_day(session: Session, scope: BaseConditions, firmware: str | None, first: date, until: date) -> dict[date, dict[str, int]]:
    """Counts by stored day and quadrant code, of accounts, segments and countries as they are now. Days without such units are left out."""
    rows = _within(CellHistory, scope)
    if firmware is not None:
        rows = rows.where(col(CellHistory.firmware) == firmware)
    if firmware is not None or scope.site_id is not None:
        first = max(first, cell_history.places_since(session))
    return {on: by_code(units) for on, units in cell_history.between(session, rows, first, until).items()}


def _within(table: type[UnitReconciliation | CellHistory], scope: BaseConditions) -> Any:
    """The rows of a table in a scope, without columns."""
    account_id, site_id, product_id = col(table.account_id), col(table.site_id), col(table.product_id)
    joined = select().select_from(table).outerjoin(Site, col(Site.id) == site_id).outerjoin(Account, col(Account.id) == account_id)
    return joined.where(*_conditions(account_id, site_id, product_id, scope))


def _conditions(account_id: Any, site_id: Any, product_id: Any, scope: BaseConditions) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if scope.accounts is not None:
        conditions.append(account_id.in_(scope.accounts))
    if scope.site_id is not None:
        conditions.append(site_id == scope.site_id)
    if scope.product_id is not None:
        conditions.append(product_id == scope.product_id)
    if scope.segment is not None:
        conditions.append(scope.segment == _SEGMENT)
    if scope.country is not None:
        conditions.append(scope.country == _COUNTRY)
    return conditions
