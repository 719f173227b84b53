"""Rows of business records for tests, and a dump of all of them."""

from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import Any

from musterroll.domain.audit import canonical, image
from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.units.serials import name_key, new_uid, serial_key, twin_key
from musterroll.storage.audit.audited_table import AuditedTable
from musterroll.storage.audit.audited_tables import audited_tables
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.units import Unit
from sqlalchemy import select
from sqlmodel import Session, SQLModel

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)


def dump(session: Session) -> str:
    """Every row of paper, by table and key."""
    session.flush()
    rows = {
        table.name: [image({**row}) for row in session.execute(select(*table.columns).order_by(table.key)).mappings()]
        for table in audited_tables().values()
        if isinstance(table, AuditedTable)
    }
    return canonical(rows)


def stored(session: Session, row: SQLModel) -> Any:
    """The row, with its number."""
    session.add(row)
    session.flush()
    return row


def account(session: Session, ref: str, name: str = "", parent: Account | None = None, **fields: Any) -> Account:
    return stored(session, Account(ref=ref, name=name or ref, parent_id=parent.id if parent else None, created_at=LONG_AGO, **fields))


def site(session: Session, ref: str, owner: Account | None = None, **fields: Any) -> Site:
    return stored(session, Site(ref=ref, name=ref, account_id=owner.id if owner else None, created_at=LONG_AGO, **fields))


def product(session: Session, maker: str = "Acme", model: str = "Pump 3", **fields: Any) -> Product:
    keys = {"maker_key": name_key(maker), "model_key": name_key(model), "family_key": name_key(model)}
    return stored(session, Product(maker=maker, model=model, family=model, created_at=LONG_AGO, **keys, **fields))


def unit(session: Session, serial: str, of: Product, **fields: Any) -> Unit:
    keys = {
        "serial_key": serial_key(serial),
        "twin_key": twin_key(serial_key(serial)),
        "maker_key": of.maker_key,
        "family_key": of.family_key,
    }
    return stored(session, Unit(uid=new_uid(), serial=serial, product_id=of.id, **keys, **({"created_at": LONG_AGO} | fields)))


def contract(session: Session, ref: str, owner: Account | None = None, **fields: Any) -> Contract:
    given = {"state": ContractState.ACTIVE, "starts_on": date(2026, 1, 1), "ends_on": date(2027, 1, 1), **fields}
    given = {"currency": "EUR"} | given
    return stored(session, Contract(ref=ref, account_id=owner.id if owner else None, created_at=LONG_AGO, **given))


def line(session: Session, of: Contract, number: str, serial: str = "", **fields: Any) -> ContractLine:
    given = {"scope": LineScope.SERIAL, "serial": serial, "serial_key": serial_key(serial) if serial else "", **fields}
    return stored(session, ContractLine(contract_id=of.id, number=number, **given))


def random_row(session: Session, random: Random) -> SQLModel:
    """A new row of some kind that refers to rows that are there."""
    number = random.randrange(10**9)
    owner, place, made, paper = (_any(session, kind, random) for kind in (Account, Site, Product, Contract))
    kinds = ["account", "product"] + ["site", "contract"] * bool(owner) + ["unit"] * bool(made) + ["line"] * bool(paper)
    match random.choice(kinds):
        case "account":
            return account(session, f"A{number}", parent=owner, segment=random.choice(["", "Public", "Ünïcode\\\t\n"]))
        case "site":
            return site(session, f"S{number}", owner, latitude=random.choice([None, 52, 4.895168]), longitude=1e-7)
        case "product":
            return product(session, "Acme", f"M{number}", list_price=random.choice([None, Decimal("90"), Decimal("12.3456")]))
        case "unit":
            placed = {"account_id": owner and owner.id, "site_id": place and place.id}
            return unit(session, f"SN{number}", made, lifecycle=random.choice(list(Lifecycle)), shipped_on=date(2025, 1, 5), **placed)
        case "contract":
            return contract(session, f"C{number}", owner, auto_renew=random.random() < 0.5)
        case _:
            return line(session, paper, str(number), f"SN{number}", price=Decimal("0.0001"), quantity=random.randrange(9))


def _any(session: Session, kind: type[SQLModel], random: Random) -> Any:
    found = session.execute(select(kind)).scalars().all()
    return random.choice(found) if found else None
