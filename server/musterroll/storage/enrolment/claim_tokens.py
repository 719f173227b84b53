"""Claim tokens, the accounts and sites they name, and the products and units that enrolment looks up or creates."""

from typing import Any, TypeVar

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from musterroll.domain.enrolment.near_places import Place
from musterroll.domain.units.kinds import UnitKind
from musterroll.storage.tables.accounts import Account, Product, Site
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.storage.tables.units import Unit

Row = TypeVar("Row")
Numbered = TypeVar("Numbered", Account, Site)
_MOST_COMPARED = 100_000


def locked(session: Session, token_hash: str) -> ClaimToken | None:
    """The token with this hash, locked: enrolments with one token take turns, so that a repeated one finds the first."""
    return session.exec(select(ClaimToken).where(ClaimToken.token_hash == token_hash).with_for_update()).one_or_none()


def newest(session: Session) -> list[ClaimToken]:
    return list(session.exec(select(ClaimToken).order_by(col(ClaimToken.id).desc())))


def consume(session: Session, token_id: int) -> bool:
    """Consume one use, if one is left. Two enrolments never share the last use."""
    left = (col(ClaimToken.uses) < col(ClaimToken.max_uses)) & col(ClaimToken.revoked_at).is_(None)
    taken: Any = session.execute(
        update(ClaimToken)
        .where(col(ClaimToken.id) == token_id, left)
        .values(uses=ClaimToken.uses + 1)
        .execution_options(synchronize_session=False)
    )
    return bool(taken.rowcount == 1)


def by_ref(session: Session, model: type[Numbered], ref: str) -> Numbered | None:
    """The account or site with this number."""
    row: Numbered | None = session.exec(select(model).where(col(model.ref) == ref)).one_or_none()
    return row


def places(session: Session, model: type[Account] | type[Site]) -> list[Place]:
    """Number and name of accounts (without merged ones) or of sites."""
    merged = (col(Account.merged_into_id).is_(None),) if model is Account else ()
    query = select(col(model.ref), col(model.name)).where(*merged).order_by(col(model.ref)).limit(_MOST_COMPARED)
    return [Place(*row) for row in session.execute(query)]


def kind_of(session: Session, maker_key: str, model_key: str) -> UnitKind | None:
    """The kind of a product; None if it is not registered."""
    query = select(Product).where(Product.maker_key == maker_key, Product.model_key == model_key)
    row = session.exec(query).one_or_none()
    return row.kind if row else None


def product(session: Session, wanted: Product) -> Product:
    """The product with the same maker and model; `wanted` is stored if there is none."""
    query = select(Product).where(Product.maker_key == wanted.maker_key, Product.model_key == wanted.model_key)
    return session.exec(query).one_or_none() or _insert(session, wanted, query)


def unit(session: Session, wanted: Unit) -> Unit:
    """The unit with the same maker, family and serial key; `wanted` is stored if there is none."""
    query = select(Unit).where(
        Unit.maker_key == wanted.maker_key, Unit.family_key == wanted.family_key, Unit.serial_key == wanted.serial_key
    )
    return session.exec(query).one_or_none() or _insert(session, wanted, query)


def _insert(session: Session, row: Row, query: Any) -> Row:
    """Insert a row, or return the one another transaction inserted first."""
    try:
        with session.begin_nested():
            session.add(row)
        return row
    except IntegrityError:
        stored: Row = session.exec(query).one()
        return stored
