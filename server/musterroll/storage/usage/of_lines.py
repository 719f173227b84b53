"""Use of a counter by day: of the units on a contract line, or of an account with its subsidiaries. Days are days since 1970."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.domain.usage.days import CounterUse, Reading, by_day
from musterroll.domain.usage.periods import DayUse
from musterroll.storage.engine import account_scope, bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.usage import UnitUse, UsageCounter, UsageSum
from musterroll.storage.usage.readings import unpacked

# What a line allows is shared by all its units, also by those that a user may not see.
_R, _U, _S, _A = (account_scope.whole(table) for table in (UnitReconciliation, UnitUse, UsageSum, Account))


def of_lines(session: Session, line_ids: Collection[int], counter: str) -> dict[int, dict[int, DayUse]]:
    """By line and day, of the last 15 weeks; units as seated by the last reconciliation."""
    columns = (_R.c.line_id, _U.c.at, _U.c.value, _U.c.first_day, _U.c.last_day, _U.c.day, _U.c.days)
    query: Any = select(*columns).join_from(_R, _U, _U.c.unit_id == _R.c.unit_id)
    query = query.join(UsageCounter, col(UsageCounter.id) == _U.c.counter_id).where(col(UsageCounter.name) == counter)
    by_line: dict[int, dict[int, DayUse]] = {}
    for line_id, at, value, first, last, day, days in session.execute(
        query.where(_R.c.line_id > 0, bulk.among(session, _R.c.line_id, line_ids))
    ):
        known = by_line.setdefault(line_id, {})
        for on, use in by_day(CounterUse(Reading(at, value), first, last, day, unpacked(days))).items():
            before = known.get(on, DayUse(on, 0.0, 0))
            known[on] = DayUse(on, before.use + abs(use), before.units + 1)
    return by_line


def of_pool(session: Session, account_id: int, product_id: int | None, counter: str, since: int, until: int) -> list[DayUse]:
    """From a day to another, of an account with its subsidiaries and of a product or all. Older days stand on the first of their month."""
    tree = select(_A.c.id).where(_A.c.id == account_id).cte("pool", recursive=True)
    tree = tree.union(select(_A.c.id).where(_A.c.parent_id == tree.c.id))
    query: Any = select(_S.c.day, func.sum(_S.c.use), func.sum(_S.c.units))
    query = query.join_from(_S, UsageCounter, col(UsageCounter.id) == _S.c.counter_id).where(col(UsageCounter.name) == counter)
    query = query.where(_S.c.account_id.in_(select(tree.c.id)), _S.c.day.between(since, until))
    if product_id is not None:
        query = query.where(_S.c.product_id == product_id)
    return [DayUse(row[0], float(row[1]), int(row[2])) for row in session.execute(query.group_by(_S.c.day))]
