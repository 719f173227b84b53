"""What operating units would bring in the next quarter if they were billed by the day, with ranges and a back-test."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.contracts.book import BookEntry
from musterroll.domain.contracts.renewals import quarter
from musterroll.domain.values.dates import add_months
from musterroll.usecases.installed_base import stored_days
from musterroll.usecases.installed_base.renewal_forecast import BackTest, Range, back_test, range_of
from musterroll.usecases.installed_base.stored_days import Day

_YEARS = 3
_MOST_MISSING = 0.1  # of the days of a quarter
_OPERATING = ("011", "111")  # quadrants: deployed and operating


class UsageAmount(NamedTuple):
    """`a_day`: the average price of one day of an operating unit, in this currency for units on its lines."""

    currency: str
    a_day: float
    revenue: Range


class UsageRevenue(NamedTuple):
    """`quarters`: complete ones that are known. `unit_days` of the next quarter; None: too few are known."""

    name: str
    quarters: int
    unit_days: Range | None
    amounts: list[UsageAmount]
    test: BackTest | None


def forecast(session: Session, entries: Sequence[BookEntry], on: date) -> UsageRevenue:
    from musterroll.domain.capacity import usage_revenue as rules  # imports scipy, which is slow to load

    days = stored_days.days(session, add_months(on.replace(day=1), -12 * _YEARS), on)
    past = unit_days_by_quarter(days, on)
    coming = range_of(rules.unit_days(past))
    amounts = [UsageAmount(currency, price, _times(coming, price)) for currency, price in prices(entries).items() if coming]
    test = back_test("unit-days", rules.past_unit_days(past))
    return UsageRevenue(quarter(add_months(on.replace(day=1), 3)), len(past), coming, amounts, test)


def unit_days_by_quarter(days: Iterable[Day], on: date) -> list[float]:
    """Operating unit-days of the complete quarters up to a day, the oldest first, from the first one after the last gap."""
    by_quarter: dict[date, list[int]] = defaultdict(list)
    for day in days:
        by_quarter[_begins(day.on)].append(sum(day.cells[cell] for cell in _OPERATING))
    known: list[float] = []
    first = min(by_quarter, default=on)
    while first < _begins(on):
        following = add_months(first, 3)
        length, units = (following - first).days, by_quarter[first]
        known = [*known, sum(units) / len(units) * length] if len(units) >= (1 - _MOST_MISSING) * length else []
        first = following
    return known


def prices(entries: Iterable[BookEntry]) -> Mapping[str, float]:
    """What a day of an operating unit brings on average, by currency: each is weighted by its share of the operating seats with a price."""
    worth: dict[str, float] = defaultdict(float)
    seats = 0.0
    for entry in entries:
        if entry.value:
            worth[entry.currency] += (entry.value - entry.silent - entry.unused) / 10_000
            seats += (entry.seats - entry.silent_seats - entry.unused_seats) * entry.priced / entry.seats
    return {currency: amount / seats / 365 for currency, amount in sorted(worth.items()) if seats and amount > 0}


def _begins(on: date) -> date:
    return on.replace(month=on.month - (on.month - 1) % 3, day=1)


def _times(of: Range, price: float) -> Range:
    return Range(*(value * price for value in of))
