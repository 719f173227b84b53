"""What units are called, for lists that name them."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage import bulk
from musterroll.storage.tables import Product, Unit


class Name(NamedTuple):
    uid: str
    serial: str
    model: str


def by_id(session: Session, ids: Collection[int]) -> dict[int, Name]:
    query = select(col(Unit.id), col(Unit.uid), col(Unit.serial), col(Product.model))
    query = query.join_from(Unit, Product, col(Product.id) == col(Unit.product_id)).where(bulk.among(session, col(Unit.id), ids))
    return {row[0]: Name(row[1], row[2], row[3]) for row in session.execute(query)} if ids else {}
