"""Accounts whose use declines, with the evidence, and their tickets."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.usage import decline
from musterroll.domain.usage.decline import WEEKS, Trend
from musterroll.domain.usage.periods import Period, day_of, start_of
from musterroll.storage.usage import readings, sums, tickets
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure

TICKET_DAYS = 90


class DecliningAccount(NamedTuple):
    """An account (its own units, without subsidiaries) and a counter whose use declines over 12 complete weeks.

    `tickets` were opened in the last 90 days; `many`: more of them per unit than in the whole fleet.
    """

    ref: str
    name: str
    segment: str
    counter: str
    trend: Trend
    units: int
    tickets: int
    many: bool


class Declining(NamedTuple):
    """Of `tested` accounts and counters, those that decline, from `since` for 12 weeks: those with many tickets first."""

    since: date
    tested: int
    accounts: list[DecliningAccount]


def declining(session: Session, now: datetime) -> CountedFigure[Declining]:
    return cached_figures.counted_figure(session, DECLINING, now)


def _count(session: Session, now: datetime) -> Declining:
    today = now.astimezone(UTC).date()
    since = start_of(today, Period.WEEK) - timedelta(weeks=WEEKS)
    trends = {
        key: trend
        for key, weeks in sums.weekly(session, day_of(since), WEEKS).items()
        if (trend := decline.trend([weeks.get(n, 0.0) for n in range(WEEKS)])) is not None
    }
    falling = {key: trend for key, trend in trends.items() if trend.declining}
    names = readings.names(session)
    facts = tickets.account_facts(session, {account for account, _ in falling}, today - timedelta(days=TICKET_DAYS - 1), today)
    usual = tickets.tickets_per_unit(session, today - timedelta(days=TICKET_DAYS - 1), today)
    accounts = [
        DecliningAccount(*facts[account][:3], names[counter], trend, units, opened, many=opened > usual * units)
        for (account, counter), trend in falling.items()
        for *_, units, opened in [facts[account]]
    ]
    accounts.sort(key=lambda row: (not row.many, -row.tickets if row.many else 0, -row.trend.fall, row.ref, row.counter))
    return Declining(since, len(trends), accounts)


DECLINING: Figure[Declining] = Figure("usage.declining", TypeAdapter(Declining), _count)


def some(result: Declining, counter: str | None = None, segment: str | None = None) -> list[DecliningAccount]:
    """Those of one counter and one segment."""
    return [row for row in result.accounts if counter in (None, row.counter) and segment in (None, row.segment)]


def shape(row: DecliningAccount) -> dict[str, Any]:
    facts = {"account": row.ref, "name": row.name, "segment": row.segment, "counter": row.counter, "units": row.units}
    evidence = {"fall": round(row.trend.fall, 4), "p": row.trend.p, "weeks": [round(week, 3) for week in row.trend.weeks]}
    return {**facts, **evidence, "tickets": row.tickets, "many_tickets": row.many}
