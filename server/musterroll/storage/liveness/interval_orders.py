"""The interval a unit is set to, beside the one it reports at, and the units that are to be told."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, func, insert, literal, select, update
from sqlmodel import Session, col

from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import IntervalOrder, UnitStatus
from musterroll.storage.tables.units import Unit


class SetInterval(NamedTuple):
    """Seconds between heartbeats: `wanted` as set for the unit or its product, `reported` as its last birth said."""

    unit_id: int
    uid: str
    wanted: int | None
    reported: int
    sent: int = 0  # times it was told


def wanted() -> ColumnElement[int | None]:
    """The interval that is set for a unit, or for its product."""
    return func.coalesce(col(Unit.interval), col(Product.interval))


def _units() -> Any:
    columns = (col(Unit.id), col(Unit.uid), wanted(), col(UnitStatus.interval))
    joined = select(*columns).join_from(Unit, Product, col(Product.id) == col(Unit.product_id))
    return joined.join(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id)).where(col(UnitStatus.birth_epoch) >= 0)


def differing(session: Session, uids: Collection[str]) -> list[SetInterval]:
    """Those of these units that report at another interval than the one set."""
    query = _units().where(among(session, col(Unit.uid), uids), wanted() != col(UnitStatus.interval))
    return [SetInterval(*row) for row in session.execute(query)]


def any_order(session: Session) -> bool:
    return session.execute(select(col(IntervalOrder.unit_id)).limit(1)).first() is not None


def orders(session: Session, unit_ids: Collection[int]) -> list[SetInterval]:
    """The orders for these units."""
    query = _units().join(IntervalOrder, col(IntervalOrder.unit_id) == col(Unit.id)).add_columns(col(IntervalOrder.sent))
    return [SetInterval(*row) for row in session.execute(query.where(among(session, col(Unit.id), unit_ids)))]


def order(session: Session, unit_ids: Collection[int]) -> None:
    """Order those of these units that have reported, and at another interval than the one set, to be told."""
    drop(session, unit_ids)
    units = _units().where(among(session, col(Unit.id), unit_ids), wanted() != col(UnitStatus.interval))
    due = units.with_only_columns(col(Unit.id), literal(0))
    session.execute(insert(IntervalOrder).from_select(["unit_id", "sent"], due))


def drop(session: Session, unit_ids: Collection[int]) -> None:
    session.execute(delete(IntervalOrder).where(among(session, col(IntervalOrder.unit_id), unit_ids)))


def count_sent(session: Session, unit_ids: Collection[int]) -> None:
    mine = among(session, col(IntervalOrder.unit_id), unit_ids)
    session.execute(update(IntervalOrder).where(mine).values(sent=IntervalOrder.sent + 1).execution_options(synchronize_session=False))
