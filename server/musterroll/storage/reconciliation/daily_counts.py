"""The stored counts of each day."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, insert, select
from sqlmodel import Session, col

from musterroll.domain.reconciliation.cells import CELLS
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine.columns import Columns
from musterroll.storage.tables.reconciliation import DailyCellCount


def kept(session: Session, on: date) -> bool:
    return bool(session.execute(select(exists().where(col(DailyCellCount.on) == on))).scalar_one())


def first(session: Session) -> date | None:
    day: date | None = session.execute(select(func.min(col(DailyCellCount.on)))).scalar_one()
    return day


def last(session: Session) -> date | None:
    day: date | None = session.execute(select(func.max(col(DailyCellCount.on)))).scalar_one()
    return day


def nearest(session: Session, on: date, before: date) -> date | None:
    """The first stored day from `on` to just before another; None where there is none."""
    day: date | None = session.execute(
        select(func.min(col(DailyCellCount.on))).where(col(DailyCellCount.on) >= on, col(DailyCellCount.on) < before)
    ).scalar_one()
    return day


def forget(session: Session) -> None:
    """Delete the counts of every day, to be counted again."""
    session.execute(delete(DailyCellCount))


class DailyCount(NamedTuple):
    """Units of an account (0: none) and a product in a quadrant."""

    account_id: int
    product_id: int
    cell: str
    units: int


_COUNTED = "SELECT coalesce(account_id, 0), product_id, cell, count(*) FROM run_cell GROUP BY ALL ORDER BY ALL"


def count(columns: Columns) -> list[DailyCount]:
    """The counts of a run."""
    codes = {int(code, 2): code for code in CELLS}
    return [DailyCount(account, product, codes[cell], units) for account, product, cell, units in columns.rows(_COUNTED)]


def keep(session: Session, on: date, counts: Sequence[DailyCount]) -> None:
    """Store the counts of a day, unless nothing was deployed, heard or under contract: documents may report on it later."""
    if any(count.cell != "000" for count in counts):
        session.execute(insert(DailyCellCount), [{"on": on, **count._asdict()} for count in counts])


def between(session: Session, first: date, until: date, account_id: int | None) -> list[tuple[date, str, int]]:
    """Units by day and cell; of an account with its subsidiaries."""
    s = DailyCellCount
    query: Any = select(col(s.on), col(s.cell), func.sum(col(s.units))).where(col(s.on).between(first, until))
    if account_id is not None:
        query = query.where(col(s.account_id).in_(hierarchy.subtree(account_id)))
    grouped = query.group_by(col(s.on), col(s.cell)).order_by(col(s.on), col(s.cell))
    return [(row[0], row[1], int(row[2])) for row in session.execute(grouped)]
