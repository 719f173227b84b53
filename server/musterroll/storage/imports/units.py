"""What an import of units asks for: products, sites with their account, units with all that a unit list can say of them."""

from collections.abc import Collection
from datetime import date
from typing import NamedTuple

from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.units import Unit


class ProductRow(NamedTuple):
    id: int
    family_key: str
    policy_id: int | None = None


class SiteRow(NamedTuple):
    account: str | None = None  # ref
    zone: str = "UTC"


class KnownUnit(NamedTuple):
    """A unit on the roll as far as a unit list can speak of it."""

    id: int
    maker_key: str
    family_key: str
    serial_key: str
    lifecycle: Lifecycle
    shipped_on: date | None
    installed_on: date | None
    registered_on: date | None
    warranty_months: int | None
    account: str | None  # ref
    site: str | None  # ref
    product_id: int


def products(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], ProductRow]:
    """Products by (maker key, model key)."""
    maker, model = col(Product.maker_key), col(Product.model_key)
    query = select(maker, model, col(Product.id), col(Product.family_key), col(Product.policy_id)).where(tuple_(maker, model).in_(keys))
    return {(row[0], row[1]): ProductRow(*row[2:]) for row in session.execute(query)} if keys else {}


def sites(session: Session, refs: Collection[str]) -> dict[str, SiteRow]:
    """Sites by number."""
    query = (
        select(col(Site.ref), col(Account.ref), col(Site.zone))
        .outerjoin_from(Site, Account, col(Account.id) == col(Site.account_id))
        .where(bulk.among(session, col(Site.ref), refs))
    )
    return {row[0]: SiteRow(row[1], row[2]) for row in session.execute(query)} if refs else {}


def units(session: Session, serial_keys: Collection[str]) -> dict[tuple[str, str, str], KnownUnit]:
    """Units with one of the serial keys, by (maker key, family key, serial key)."""
    u = Unit
    dates = (col(u.lifecycle), col(u.shipped_on), col(u.installed_on), col(u.registered_on), col(u.warranty_months))
    query = (
        select(col(u.id), col(u.maker_key), col(u.family_key), col(u.serial_key), *dates, col(Account.ref), col(Site.ref))
        .add_columns(col(u.product_id))
        .outerjoin_from(Unit, Account, col(Account.id) == col(u.account_id))
        .outerjoin(Site, col(Site.id) == col(u.site_id))
        .where(bulk.among(session, col(u.serial_key), serial_keys))
    )
    found = [KnownUnit._make(row) for row in session.execute(query)]
    return {(row.maker_key, row.family_key, row.serial_key): row for row in found}
