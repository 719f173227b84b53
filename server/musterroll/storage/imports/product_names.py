"""Other names of makers and models."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select, tuple_
from sqlmodel import Session, col

from musterroll.domain.units.product_names import KnownNames, NamedProduct, NameState
from musterroll.storage.tables.product_names import ProductName

_TABLE: Any = ProductName.__table__  # type: ignore[attr-defined]


def known_names(session: Session) -> KnownNames:
    """All of them: there are few."""
    n = ProductName
    query = select(col(n.maker_key), col(n.model_key), col(n.of_maker), col(n.of_model), col(n.state))
    return KnownNames({(row[0], row[1]): (NamedProduct(row[2], row[3]), row[4]) for row in session.execute(query)})


def by_keys(session: Session, keys: Collection[tuple[str, str]]) -> list[dict[str, Any]]:
    """The names with these (maker key, model key), as columns of the table."""
    which = tuple_(_TABLE.c.maker_key, _TABLE.c.model_key).in_(keys)
    return [{**row} for row in session.execute(select(_TABLE).where(which)).mappings()] if keys else []


def proposed(session: Session, limit: int) -> list[ProductName]:
    """Names that wait for a decision, oldest first."""
    query = select(ProductName).where(col(ProductName.state) == NameState.PROPOSED).order_by(col(ProductName.id)).limit(limit)
    return list(session.scalars(query))
