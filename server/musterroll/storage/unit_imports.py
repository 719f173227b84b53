"""What an import of units asks for and writes, a batch at a time."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, bindparam, select, tuple_, update
from sqlmodel import Session, SQLModel, col

from musterroll.domain.lifecycle import Lifecycle
from musterroll.storage import bulk
from musterroll.storage.tables import Account, Product, Site, Unit

_UNITS: Table = Unit.__table__  # type: ignore[attr-defined]


class ProductRow(NamedTuple):
    id: int
    family_key: str


class SiteRow(NamedTuple):
    id: int
    account: str | None  # ref


class KnownUnit(NamedTuple):
    """A unit on the roll as far as a unit list can speak of it."""

    id: int
    maker_key: str
    family_key: str
    serial_key: str
    lifecycle: Lifecycle
    shipped_on: date | None
    installed_on: date | None
    warranty_months: int | None
    account: str | None  # ref
    site: str | None  # ref


def products(session: Session, keys: Collection[tuple[str, str]]) -> dict[tuple[str, str], ProductRow]:
    """Products by (maker key, model key)."""
    maker, model = col(Product.maker_key), col(Product.model_key)
    query = select(maker, model, col(Product.id), col(Product.family_key)).where(tuple_(maker, model).in_(keys))
    return {(row[0], row[1]): ProductRow(row[2], row[3]) for row in session.execute(query)}


def accounts(session: Session, refs: Collection[str]) -> dict[str, int]:
    query = select(col(Account.ref), col(Account.id)).where(col(Account.ref).in_(refs))
    return {row[0]: row[1] for row in session.execute(query)}


def sites(session: Session, refs: Collection[str]) -> dict[str, SiteRow]:
    query = (
        select(col(Site.ref), col(Site.id), col(Account.ref))
        .outerjoin_from(Site, Account, col(Account.id) == col(Site.account_id))
        .where(col(Site.ref).in_(refs))
    )
    return {row[0]: SiteRow(row[1], row[2]) for row in session.execute(query)}


def units(session: Session, serial_keys: Collection[str]) -> dict[tuple[str, str, str], KnownUnit]:
    """Units with one of the serial keys, by (maker key, family key, serial key)."""
    u = Unit
    facts = (col(u.lifecycle), col(u.shipped_on), col(u.installed_on), col(u.warranty_months), col(Account.ref), col(Site.ref))
    query = (
        select(col(u.id), col(u.maker_key), col(u.family_key), col(u.serial_key), *facts)
        .outerjoin_from(Unit, Account, col(Account.id) == col(u.account_id))
        .outerjoin(Site, col(Site.id) == col(u.site_id))
        .where(col(u.serial_key).in_(serial_keys))
    )
    found = [KnownUnit._make(row) for row in session.execute(query)]
    return {(row.maker_key, row.family_key, row.serial_key): row for row in found}


def add_products(session: Session, rows: Sequence[Product]) -> None:
    session.add_all(rows)
    session.flush()


def add_accounts(session: Session, refs: Collection[str], now: datetime) -> None:
    """Accounts by reference, which is their name too."""
    rows = [(ref, ref) for ref in sorted(refs)]
    bulk.insert(session, Account, ("ref", "name"), rows, **_others(Account(ref="", name="", created_at=now), "ref", "name"))


def add_sites(session: Session, places: Mapping[str, int | None], now: datetime) -> None:
    """Sites by reference, which is their name too, each with the row id of its account."""
    names = ("ref", "name", "account_id")
    rows = [(ref, ref, account_id) for ref, account_id in sorted(places.items())]
    bulk.insert(session, Site, names, rows, **_others(Site(ref="", name="", created_at=now), *names))


class NewUnit(NamedTuple):
    """The columns of a unit to be inserted that differ from row to row."""

    uid: str
    serial: str
    serial_key: str
    twin_key: str
    maker_key: str
    family_key: str
    product_id: int
    account_id: int | None
    site_id: int | None
    lifecycle: Lifecycle
    shipped_on: date | None
    installed_on: date | None
    warranty_months: int | None


def add_units(session: Session, rows: Sequence[NewUnit], now: datetime) -> dict[str, int]:
    """Insert units. Returns their row ids by unit id."""
    bulk.insert(session, Unit, NewUnit._fields, rows, **_others(Unit(created_at=now), *NewUnit._fields))
    query = select(_UNITS.c.uid, _UNITS.c.id).where(_UNITS.c.uid.in_([row.uid for row in rows]))
    return {row[0]: row[1] for row in session.execute(query)} if rows else {}


def change_units(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Update units by `row_id`; each row has the same fields."""
    if not rows:
        return
    fields: dict[str, Any] = {name: bindparam(name) for name in rows[0] if name != "row_id"}
    session.connection().execute(update(_UNITS).where(_UNITS.c.id == bindparam("row_id")).values(fields), rows)


def _others(example: SQLModel, *names: str) -> dict[str, Any]:
    """What a fresh row has in the columns not named."""
    return {name: value for name, value in example.model_dump(exclude={"id", *names}).items() if value is not None}
