"""Queries of a unit import: products, sites with their account, and units with what a unit list can say about them."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.domain.units.kinds import UnitKind
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.units import Unit

UnitKey = tuple[str, str, str]  # of maker, family and serial


class ProductRow(NamedTuple):
    id: int
    family_key: str
    policy_id: int | None = None
    kind: UnitKind = UnitKind.DEVICE


class SiteRow(NamedTuple):
    account: str | None = None  # ref
    zone: str = "UTC"
    id: int | None = None  # of the site and its account; None: to be created
    account_id: int | None = None


def products(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], ProductRow]:
    """Products by (maker key, model key)."""
    maker, model = col(Product.maker_key), col(Product.model_key)
    makers, models = ({key[place] for key in keys} for place in (0, 1))
    query = select(maker, model, col(Product.id), col(Product.family_key), col(Product.policy_id), col(Product.kind))
    query = query.where(bulk.among(session, maker, makers), bulk.among(session, model, models))  # a few more: quicker than pairs
    rows = session.execute(query) if keys else ()
    return {key: ProductRow(*row[2:]) for row in rows if (key := (row[0], row[1])) in keys}


def sites(session: Session, refs: Collection[str]) -> dict[str, SiteRow]:
    """Sites by number."""
    query = (
        select(col(Site.ref), col(Account.ref), col(Site.zone), col(Site.id), col(Account.id))
        .outerjoin_from(Site, Account, col(Account.id) == col(Site.account_id))
        .where(bulk.among(session, col(Site.ref), refs))
    )
    return {row[0]: SiteRow(*row[1:]) for row in session.execute(query)} if refs else {}


def units(session: Session, serial_keys: Collection[str], copied: Sequence[str]) -> list[tuple[UnitKey, int, tuple[Any, ...]]]:
    """Units with one of these serial keys: (maker key, family key, serial key), row id, and facts.

    The facts are the lifecycle stage, the columns `copied`, the numbers of account and site, and the product.
    """
    return [
        (key, row_id, facts) for key, row_id, facts, _ in _units(session, copied, bulk.among(session, col(Unit.serial_key), serial_keys))
    ]


class MarkedUnit(NamedTuple):
    """A unit with a mark of a row: its `key` and `facts` as of `units`."""

    key: UnitKey
    row_id: int
    facts: tuple[Any, ...]
    serial: str
    asset_tag: str | None
    reported: bool


def marked(session: Session, mark: str, values: Collection[str], copied: Sequence[str]) -> dict[str, list[MarkedUnit]]:
    """Units that are not merged by their asset tag or hostname."""
    column = col(getattr(Unit, mark))
    holders: dict[str, list[MarkedUnit]] = {}
    where = (bulk.among(session, column, values), col(Unit.merged_into_id).is_(None))
    for key, row_id, facts, (serial, tag, host, born) in _units(session, copied, *where) if values else ():
        unit = MarkedUnit(key, row_id, facts, serial, tag, born is not None)
        holders.setdefault(tag if mark == "asset_tag" else host, []).append(unit)
    return holders


def _units(
    session: Session, copied: Sequence[str], *where: Any
) -> list[tuple[tuple[str, str, str], int, tuple[Any, ...], tuple[Any, ...]]]:
    u = Unit
    key = (col(u.maker_key), col(u.family_key), col(u.serial_key))
    columns = (col(u.lifecycle), *(col(getattr(u, name)) for name in copied))
    marks = (col(u.serial), col(u.asset_tag), col(u.hostname), col(u.born_at))
    query = (
        select(*key, col(u.id), *columns, col(Account.ref), col(Site.ref), col(u.product_id), *marks)
        .outerjoin_from(Unit, Account, col(Account.id) == col(u.account_id))
        .outerjoin(Site, col(Site.id) == col(u.site_id))
        .where(*where)
    )
    return [((row[0], row[1], row[2]), row[3], row[4:-4], row[-4:]) for row in session.execute(query)]
