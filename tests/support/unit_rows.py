"""Units inserted directly into a database."""

from datetime import UTC, datetime
from typing import Any

from musterroll.domain.units.serials import name_key, new_uid, serial_key, twin_key
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit
from sqlmodel import Session, select

LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)


def listening(session: Session, since: int, until: int) -> None:
    """The registry has heard everything from `since` to `until` (ms)."""
    registry = session.get_one(RegistryState, 1)
    registry.since, registry.until = since, until


def product(session: Session, maker: str, model: str) -> Product:
    keys = {"maker_key": name_key(maker), "model_key": name_key(model)}
    found = session.exec(select(Product).filter_by(**keys)).first()
    if found:
        return found
    made = Product(maker=maker, model=model, family=model, family_key=name_key(model), created_at=LONG_AGO, **keys)
    session.add(made)
    session.flush()
    return made


def place(session: Session, account: str, site: str) -> tuple[int, int]:
    """The row ids of an account and one of its sites, made where they are new; the names are the references."""
    a = session.exec(select(Account).where(Account.ref == account)).first() or Account(ref=account, name=account, created_at=LONG_AGO)
    session.add(a)
    session.flush()
    s = session.exec(select(Site).where(Site.ref == site)).first() or Site(ref=site, name=site, account_id=a.id, created_at=LONG_AGO)
    session.add(s)
    session.flush()
    assert a.id is not None
    assert s.id is not None
    return a.id, s.id


def unit(
    session: Session, serial: str, maker: str = "Acme", model: str = "Pump 3", status: dict[str, Any] | None = None, **facts: Any
) -> Unit:
    """A unit; with `voice`, also its hot row."""
    of = product(session, maker, model)
    key = serial_key(serial)
    made = Unit(
        **{"uid": new_uid(), "serial": serial, "serial_key": key, "twin_key": twin_key(key), "created_at": LONG_AGO, **facts},
        maker_key=of.maker_key,
        family_key=of.family_key,
        product_id=of.id,
    )
    session.add(made)
    session.flush()
    if status is not None:
        session.add(UnitStatus(unit_id=made.id, **{"beat": 0, **status}))
        session.flush()
    return made
