"""The eight quadrants as of the last run, by account, site, product, segment or country."""

from typing import Any

from sqlalchemy import ColumnElement, func, literal, select
from sqlmodel import Session, col

from musterroll.storage.accounts import hierarchy
from musterroll.storage.installed_base.counts import BaseConditions
from musterroll.storage.reconciliation.unit_states import by_code
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.reconciliation import UnitReconciliation

_S = UnitReconciliation
_COUNTRY: Any = func.coalesce(func.nullif(col(Site.country), ""), col(Account.country), "")
_KEYS: dict[str, Any] = {
    "all": literal(0),
    "account": col(_S.account_id),
    "site": col(_S.site_id),
    "product": col(_S.product_id),
    "segment": func.coalesce(col(Account.segment), ""),
    "country": _COUNTRY,
}


def cells(session: Session, by: str, scope: BaseConditions) -> dict[Any, dict[str, int]]:
    """Counts by quadrant code, by account (own units), site or product (ids, 0: none), segment or country (text).

    `all` has one key, 0.
    """
    key = _KEYS[by].label("key")
    counted = select(key, col(_S.cell).label("cell"), func.count().label("units")).where(*_conditions(scope))
    counted = counted.outerjoin(Site, col(Site.id) == col(_S.site_id)).outerjoin(Account, col(Account.id) == col(_S.account_id))
    counts: dict[Any, dict[int, int]] = {}
    for group, cell, units in session.execute(counted.group_by(key, col(_S.cell))):
        counts.setdefault(group, {})[cell] = units
    return {group: by_code(units) for group, units in counts.items()}


def _conditions(scope: BaseConditions) -> list[ColumnElement[bool]]:
    account, site, product, segment, country = scope
    conditions: list[ColumnElement[bool]] = []
    if account is not None:
        conditions.append(col(_S.account_id).in_(hierarchy.subtree(account)))
    if site is not None:
        conditions.append(col(_S.site_id) == site)
    if product is not None:
        conditions.append(col(_S.product_id) == product)
    if segment is not None:
        conditions.append(_KEYS["segment"] == segment)
    if country is not None:
        conditions.append(country == _COUNTRY)
    return conditions
