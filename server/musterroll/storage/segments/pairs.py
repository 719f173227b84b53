"""Pairs of products as learned last, and what people decided of them."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.segments.pairs import LearnedPair, Owned
from musterroll.storage.engine import bulk
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.segments import PairDecision, ProductPair

_P, _D = ProductPair, PairDecision
_COLUMNS = ("a_id", "b_id", "accounts", "first", "second", "both", "p")


class KnownPair(NamedTuple):
    """A learned pair with the names of its products; `confirmed` is None while nobody has decided."""

    pair: LearnedPair
    a: str
    b: str
    confirmed: bool | None
    decided_by: str


def store(session: Session, pairs: Collection[LearnedPair]) -> None:
    session.execute(delete(_P))
    bulk.insert(session, _P, _COLUMNS, [(*pair.owned, pair.p) for pair in pairs])


def known(session: Session) -> list[KnownPair]:
    """All learned pairs, the highest lift first."""
    a, b = aliased(Product), aliased(Product)
    names = (a.maker, a.model, b.maker, b.model)
    query: Any = select(_P, *map(col, names), col(_D.confirmed), col(_D.decided_by))
    query = query.join(a, col(a.id) == col(_P.a_id)).join(b, col(b.id) == col(_P.b_id))
    query = query.outerjoin(_D, (col(_D.a_id) == col(_P.a_id)) & (col(_D.b_id) == col(_P.b_id)))
    pairs = [
        KnownPair(_learned(row), f"{a_maker} {a_model}", f"{b_maker} {b_model}", confirmed, by or "")
        for row, a_maker, a_model, b_maker, b_model, confirmed, by in session.execute(query)
    ]
    return sorted(pairs, key=lambda of: (-of.pair.lift, -of.pair.confidence, of.pair.owned))


def confirmed(session: Session) -> list[tuple[int, int]]:
    """Pairs that a person has confirmed, learned at the moment or not."""
    rows = session.execute(select(col(_D.a_id), col(_D.b_id)).where(col(_D.confirmed)).order_by(col(_D.a_id), col(_D.b_id)))
    return [(row[0], row[1]) for row in rows]


def learned(session: Session, a_id: int, b_id: int) -> bool:
    return session.get(_P, (a_id, b_id)) is not None


def decision(session: Session, a_id: int, b_id: int) -> PairDecision | None:
    return session.scalars(select(_D).where(col(_D.a_id) == a_id, col(_D.b_id) == b_id)).one_or_none()


def product_names(session: Session) -> dict[int, str]:
    return {row[0]: f"{row[1]} {row[2]}" for row in session.execute(select(col(Product.id), col(Product.maker), col(Product.model)))}


def _learned(row: ProductPair) -> LearnedPair:
    return LearnedPair(Owned(row.a_id, row.b_id, row.accounts, row.first, row.second, row.both), row.p)
