"""Use by day, week or month: of a unit, a site, an account with its subsidiaries, a product, or the fleet."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.usage import periods
from musterroll.domain.usage.days import OPERATING, CounterUse, by_day
from musterroll.domain.usage.periods import DayUse, Period, PeriodUse, date_of, day_of
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.storage.accounts import sites
from musterroll.storage.units import unit_card
from musterroll.storage.usage import readings, sums
from musterroll.usecases.accounts.hierarchy import account

RECENT = 30  # days


class UsageScope(NamedTuple):
    """Whose use: a unit, a site, or an account and a product together; nothing: all."""

    unit: str | None = None  # unit id
    site: str | None = None  # number
    account: str | None = None  # number, includes subsidiaries
    product_id: int | None = None


class CounterTotal(NamedTuple):
    """A counter with use in the last 30 days. `first_on`: of a unit, the first day with use, as far as it is known."""

    name: str
    use: float
    unit_days: int
    first_on: date | None = None
    last_on: date | None = None


def counters(session: Session, scope: UsageScope, now: datetime) -> list[CounterTotal]:
    """The counters of this scope with their use in the last 30 days, the most used first. Raises NotFound."""
    names, first = readings.names(session), day_of(_today(now)) - RECENT + 1
    uses = _of_units(session, scope)
    if uses is None:
        account_id = account(session, scope.account).id if scope.account else None
        totals = sums.counters(session, first, account_id, scope.product_id)
        return [CounterTotal(names[counter_id], use, unit_days) for counter_id, use, unit_days in totals]
    by_name: dict[str, list[CounterUse]] = {}
    for counter_id, use in uses:
        by_name.setdefault(names[counter_id], []).append(use)
    totals_by_name = [_total(name, some, first) for name, some in by_name.items()]
    return sorted(totals_by_name, key=lambda total: (-total.unit_days, total.name))


def usage(session: Session, scope: UsageScope, counter: str, period: Period, count: int, now: datetime) -> list[PeriodUse]:
    """Use of a counter in each of the last `count` periods, the current one last. Raises NotFound, and DomainError for too many periods."""
    if not 1 <= count <= periods.most(period):
        raise DomainError(f"of {period}s, the last {periods.most(period)} are kept: ask for 1 to {periods.most(period)}", "out_of_range")
    counter_id = next((row_id for row_id, name in readings.names(session).items() if name == counter), None)
    if counter_id is None:
        raise NotFound(f"no unit has reported a counter named {counter!r}")
    today = _today(now)
    return periods.fold(_days(session, scope, counter_id, day_of(periods.starts(today, period, count)[0])), today, period, count)


def _days(session: Session, scope: UsageScope, counter_id: int, first: int) -> Iterable[DayUse]:
    uses = _of_units(session, scope)
    if uses is None:
        account_id = account(session, scope.account).id if scope.account else None
        return sums.by_day(session, counter_id, first, account_id, scope.product_id)
    days = (day for key, use in uses if key == counter_id for day in by_day(use).items())
    return [DayUse(day, abs(use), 1, averaged=use < 0) for day, use in days]


def _of_units(session: Session, scope: UsageScope) -> list[tuple[int, CounterUse]] | None:
    """The use of the units of a scope by counter; None where it is kept as sums."""
    if scope.unit is not None:
        unit_id = unit_card.unit_id(session, scope.unit)
        if unit_id is None:
            raise NotFound(f"there is no unit {scope.unit!r}")
        return readings.of_unit(session, unit_id)
    if scope.site is not None:
        site = sites.by_ref(session, scope.site)
        if site is None:
            raise NotFound(f"there is no site {scope.site!r}")
        return readings.of_site(session, site.id)
    return None


def _total(name: str, uses: list[CounterUse], first: int) -> CounterTotal:
    days = [abs(use) for known in uses for day, use in by_day(known).items() if day >= first]
    firsts = [use.first_day for use in uses if use.first_day is not None]
    lasts = [use.last_day for use in uses if use.last_day is not None]
    return CounterTotal(name, sum(days), len(days), date_of(min(firsts)) if firsts else None, date_of(max(lasts)) if lasts else None)


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()


def label(counter: str) -> str:
    """A counter as people read it."""
    return "operating hours" if counter == OPERATING else counter


def amount(counter: str, use: float) -> float:
    """Use in the unit that people read: hours of operation, else as counted."""
    return use / 3600 if counter == OPERATING else use
