"""Claim tokens, and the accounts and sites they deploy to."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.storage.tables.units import Unit

Row = TypeVar("Row")


def by_hash(session: Session, token_hash: str) -> ClaimToken | None:
    return session.exec(select(ClaimToken).where(ClaimToken.token_hash == token_hash)).one_or_none()


def newest(session: Session) -> list[ClaimToken]:
    return list(session.exec(select(ClaimToken).order_by(col(ClaimToken.id).desc())))


def consume(session: Session, token_id: int) -> bool:
    """Compare and set: one more use, where one is left. Two enrolments never share the last one."""
    left = (col(ClaimToken.uses) < col(ClaimToken.max_uses)) & col(ClaimToken.revoked_at).is_(None)
    taken: Any = session.execute(
        update(ClaimToken)
        .where(col(ClaimToken.id) == token_id, left)
        .values(uses=ClaimToken.uses + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)


def account(session: Session, ref: str, now: datetime) -> Account:
    """The account of this number; an unknown one is opened under its number as name."""
    query = select(Account).where(Account.ref == ref)
    return session.exec(query).one_or_none() or _insert(session, Account(ref=ref, name=ref, created_at=now), query)


def site(session: Session, ref: str, account_id: int | None, now: datetime) -> Site:
    """The site of this number; an unknown one is opened under its number as name."""
    query = select(Site).where(Site.ref == ref)
    return session.exec(query).one_or_none() or _insert(session, Site(ref=ref, name=ref, account_id=account_id, created_at=now), query)


def product(session: Session, wanted: Product) -> Product:
    """The product of the same maker and model, or `wanted` stored."""
    query = select(Product).where(Product.maker_key == wanted.maker_key, Product.model_key == wanted.model_key)
    return session.exec(query).one_or_none() or _insert(session, wanted, query)


def unit(session: Session, wanted: Unit) -> Unit:
    """The unit of the same maker, family and serial key, or `wanted` stored."""
    query = select(Unit).where(
        Unit.maker_key == wanted.maker_key, Unit.family_key == wanted.family_key, Unit.serial_key == wanted.serial_key
    )
    return session.exec(query).one_or_none() or _insert(session, wanted, query)


def _insert(session: Session, row: Row, query: Any) -> Row:
    """Store a row, or find the one another transaction stored first."""
    try:
        with session.begin_nested():
            session.add(row)
        return row
    except IntegrityError:
        stored: Row = session.exec(query).one()
        return stored
