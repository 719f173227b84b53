"""Sums of use by account and product. Days are days since 1970; of months that are older than the days kept one row remains."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlmodel import Session, col

from musterroll.domain.usage.days import DAYS
from musterroll.domain.usage.periods import DayUse, Period, date_of, day_of, start_of
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.usage import UsageSum

_KEY: Any = (col(UsageSum.account_id), col(UsageSum.product_id), col(UsageSum.counter_id))


def by_day(session: Session, counter_id: int, first: int, account_id: int | None = None, product_id: int | None = None) -> list[DayUse]:
    """Use from a day on, of all or of an account with its subsidiaries, and of all products or one."""
    s = UsageSum
    query: Any = select(col(s.day), func.sum(col(s.use)), func.sum(col(s.units))).where(
        col(s.counter_id) == counter_id, col(s.day) >= first
    )
    if account_id is not None:
        query = query.where(col(s.account_id).in_(hierarchy.subtree(account_id)))
    if product_id is not None:
        query = query.where(col(s.product_id) == product_id)
    rows = session.execute(query.group_by(col(s.day)).order_by(col(s.day)))
    return [DayUse(row[0], float(row[1]), int(row[2])) for row in rows if row[1] > 0]


def counters(session: Session, first: int, account_id: int | None = None, product_id: int | None = None) -> list[tuple[int, float, int]]:
    """The counters with use from a day on: their row ids, use and days of use of units; those of most units first."""
    s = UsageSum
    query: Any = select(col(s.counter_id), func.sum(col(s.use)), func.sum(col(s.units))).where(col(s.day) >= first)
    if account_id is not None:
        query = query.where(col(s.account_id).in_(hierarchy.subtree(account_id)))
    if product_id is not None:
        query = query.where(col(s.product_id) == product_id)
    grouped = (
        query.group_by(col(s.counter_id)).having(func.sum(col(s.units)) > 0).order_by(func.sum(col(s.units)).desc(), col(s.counter_id))
    )
    return [(row[0], float(row[1]), int(row[2])) for row in session.execute(grouped)]


def fold_months(session: Session, today: date) -> None:
    """Fold the days of each month that is over for longer than days are kept into one row, on its first day."""
    until = start_of(today - timedelta(days=DAYS), Period.MONTH)
    while (last := session.execute(select(func.max(col(UsageSum.day))).where(_is_a_day(until))).scalar_one()) is not None:
        until = start_of(date_of(last), Period.MONTH)
        _fold(session, day_of(until), last)


def _is_a_day(until: date) -> Any:
    """Rows before a month that are of single days: the first day of each of the last months may be a month already."""
    firsts = [day_of(until)]
    while len(firsts) < 240:
        firsts.append(day_of(start_of(date_of(firsts[-1] - 1), Period.MONTH)))
    return (col(UsageSum.day) < firsts[0]) & col(UsageSum.day).not_in(firsts)


def _fold(session: Session, first: int, last: int) -> None:
    month = col(UsageSum.day).between(first, last)
    sums = (func.sum(col(UsageSum.use)), func.sum(col(UsageSum.units)))
    rows = session.execute(select(*_KEY, *sums).where(month).group_by(*_KEY)).all()
    session.execute(delete(UsageSum).where(month))
    values = [
        {"account_id": account, "product_id": product, "counter_id": counter, "day": first, "use": use, "units": units}
        for account, product, counter, use, units in rows
    ]
    session.execute(insert(UsageSum), values)


def weekly(session: Session, first: int, weeks: int, accounts: Collection[int] | None = None) -> dict[tuple[int, int], dict[int, float]]:
    """Use by account and counter in each of so many weeks from a Monday on, by the number of the week. Without units of no account.

    `accounts`: only of these.
    """
    s = UsageSum
    week = (col(s.day) - first) // 7
    query: Any = select(col(s.account_id), col(s.counter_id), week, func.sum(col(s.use)))
    query = query.where(col(s.day).between(first, first + 7 * weeks - 1), col(s.account_id) > 0)
    if accounts is not None:
        query = query.where(among(session, col(s.account_id), accounts))
    by_key: dict[tuple[int, int], dict[int, float]] = {}
    for account, counter, number, use in session.execute(query.group_by(col(s.account_id), col(s.counter_id), week)):
        by_key.setdefault((account, counter), {})[number] = float(use)
    return by_key


def began(session: Session) -> int | None:
    """The first day with use of any unit: before it nothing was measured."""
    day: int | None = session.execute(select(func.min(col(UsageSum.day)))).scalar_one()
    return day
