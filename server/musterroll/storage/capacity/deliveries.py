"""Planned deliveries."""

from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.capacity import Delivery

_D = Delivery


class DeliveryOf(NamedTuple):
    """A planned delivery and its product."""

    delivery: Delivery
    maker: str
    model: str
    family: str


def on_days(session: Session, days: Collection[date]) -> list[dict[str, Any]]:
    """The deliveries of these days, as columns of the table."""
    table: Any = _D.__table__  # type: ignore[attr-defined]
    return [{**row} for row in session.execute(select(table).where(table.c.on.in_(days))).mappings()] if days else []


def since(session: Session, day: date) -> list[DeliveryOf]:
    """The deliveries from a day on, in order of time."""
    query = select(_D, col(Product.maker), col(Product.model), col(Product.family)).join(Product, col(Product.id) == col(_D.product_id))
    rows = session.execute(query.where(col(_D.on) >= day).order_by(col(_D.on), col(_D.id)))
    return [DeliveryOf(*row) for row in rows]
