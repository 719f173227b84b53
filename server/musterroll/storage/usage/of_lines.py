"""Use of a counter by day: of the units on a contract line, or of an account with its subsidiaries. Days are days since 1970."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import func, select, text
from sqlmodel import Session, col

from musterroll.domain.usage.days import Change, CounterUse, Reading, by_day
from musterroll.domain.usage.periods import DayUse
from musterroll.storage.engine import account_scope, bulk
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.limits import LineLimit
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.usage import LineUse, UnitUse, UsageCounter, UsageSum
from musterroll.storage.usage.readings import unpacked

# What a line allows is shared by all its units, also by those that a user may not see.
_TABLES = (UnitReconciliation, UnitUse, UsageSum, Account, LineUse)
_R, _U, _S, _A, _L = (account_scope.whole(table) for table in _TABLES)


def of_lines(session: Session, line_ids: Collection[int], counter: str) -> dict[int, dict[int, DayUse]]:
    """By line and day; of the last 15 weeks of the units that the last reconciliation found on it, before that as kept."""
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
    older = select(_L.c.line_id, _L.c.day, _L.c.use, _L.c.units).join(UsageCounter, col(UsageCounter.id) == _L.c.counter_id)
    for line_id, on, amount, units in session.execute(
        older.where(col(UsageCounter.name) == counter, bulk.among(session, _L.c.line_id, line_ids))
    ):
        known = by_line.setdefault(line_id, {})
        before = known.get(on, DayUse(on, 0.0, 0))
        known[on] = DayUse(on, before.use + amount, before.units + units)
    return by_line


class MeteredLine(NamedTuple):
    """A contract line with a limit of a counter, of which older days are kept as well."""

    line_id: int
    contract_id: int
    counter_id: int


def metered(session: Session) -> list[MeteredLine]:
    """The lines whose units share a limit of a counter."""
    query = select(col(LineLimit.line_id), col(LineLimit.contract_id), col(UsageCounter.id))
    query = query.join(UsageCounter, col(UsageCounter.name) == col(LineLimit.counter)).where(col(LineLimit.pooled).is_(False)).distinct()
    return [MeteredLine(*row) for row in session.execute(query)]


def lines_of(session: Session, unit_ids: Collection[int], line_ids: Collection[int]) -> dict[int, int]:
    """Of these units, those on one of these lines, by the last reconciliation."""
    query = select(_R.c.unit_id, _R.c.line_id).where(bulk.among(session, _R.c.unit_id, unit_ids))
    return {row[0]: row[1] for row in session.execute(query) if row[1] in line_ids}


_KEEP = text(
    "INSERT INTO line_use (line_id, counter_id, day, contract_id, use, units) VALUES (:line, :counter, :day, :contract, :use, :units)"
    " ON CONFLICT (line_id, counter_id, day) DO UPDATE SET use = line_use.use + excluded.use, units = line_use.units + excluded.units"
)


def keep(session: Session, older: Mapping[tuple[MeteredLine, int], Change]) -> None:
    """Add use by line and day to what is kept of older days."""
    rows = [
        {"line": of.line_id, "counter": of.counter_id, "contract": of.contract_id, "day": day, **change._asdict()}
        for (of, day), change in sorted(older.items())
    ]
    if rows:
        session.connection().execute(_KEEP, rows)


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
