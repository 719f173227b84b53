"""Lists of sites and products."""

from typing import Any

from sqlalchemy import ColumnElement, Row, func, select
from sqlmodel import Session, col

from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine import search
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPolicy


def _units(column: Any, key: Any) -> Any:
    return select(func.count()).where(col(column) == col(key), col(Unit.merged_into_id).is_(None)).correlate_except(Unit).scalar_subquery()


_SITES: Any = select(
    *Site.__table__.columns,  # type: ignore[attr-defined]
    col(Account.ref).label("account_ref"),
    col(Account.name).label("account_name"),
    _units(Unit.site_id, Site.id).label("units"),
).outerjoin_from(Site, Account, col(Account.id) == col(Site.account_id))
_PRODUCTS: Any = select(
    *Product.__table__.columns,  # type: ignore[attr-defined]
    col(WarrantyPolicy.name).label("policy"),
    _units(Unit.product_id, Product.id).label("units"),
).outerjoin_from(Product, WarrantyPolicy, col(WarrantyPolicy.id) == col(Product.policy_id))


def page(session: Session, account_id: int | None, text: str, after: str | None, limit: int) -> list[Row[Any]]:
    """Sites by number, after `after`, of an account and its subsidiaries; with account (`account_*`) and number of `units`."""
    where: list[ColumnElement[bool]] = []
    if after is not None:
        where.append(col(Site.ref) > after)
    if account_id is not None:
        where.append(col(Site.account_id).in_(hierarchy.subtree(account_id)))
    if text:
        where.append(search.holds(text, Site.ref, Site.name, Site.postcode))
    return list(session.execute(_SITES.where(*where).order_by(col(Site.ref)).limit(limit)))


def by_ref(session: Session, ref: str) -> Row[Any] | None:
    row: Row[Any] | None = session.execute(_SITES.where(col(Site.ref) == ref)).one_or_none()
    return row


def products(session: Session, text: str, after_id: int, limit: int) -> list[Row[Any]]:
    """Products by row id, after `after_id`, with the name of their `policy` and number of `units`."""
    where = [col(Product.id) > after_id, *([search.holds(text, Product.maker, Product.model)] if text else [])]
    return list(session.execute(_PRODUCTS.where(*where).order_by(col(Product.id)).limit(limit)))


def product_names(session: Session, limit: int) -> list[Row[Any]]:
    """Products to choose from, by row id: `id`, `maker`, `model`."""
    return list(session.execute(select(col(Product.id), col(Product.maker), col(Product.model)).order_by(col(Product.id)).limit(limit)))


def choices(session: Session, text: str, account_id: int | None, limit: int) -> list[Row[Any]]:
    """Sites that match a text by their own or their account's name: `ref`, `name`, `postcode`, `account_name`. Sites of the account come
    first; without a text, only those."""
    s, a = Site, Account
    query: Any = select(col(s.ref), col(s.name), col(s.postcode), col(a.name).label("account_name"))
    query = query.outerjoin_from(s, a, col(a.id) == col(s.account_id))
    if text:
        query = query.where(search.holds(text, s.ref, s.name, s.postcode, a.ref, a.name))
    elif account_id is not None:
        query = query.where(col(s.account_id) == account_id)
    first = [func.coalesce(s.account_id, 0) != account_id] if account_id is not None else []
    return list(session.execute(query.order_by(*first, col(s.ref)).limit(limit)))
