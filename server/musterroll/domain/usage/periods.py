"""Days folded to weeks and months. Days are days since 1970, UTC; weeks begin on Monday."""

from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.usage.days import DAYS

_EPOCH = date(1970, 1, 1)


class Period(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class DayUse(NamedTuple):
    """Use on a day: by how many units, and whether a part of it is averaged over a gap."""

    day: int
    use: float
    units: int
    averaged: bool = False


class PeriodUse(NamedTuple):
    """Use in a period that starts on a day. `unit_days`: days of use, summed over the units."""

    start: date
    use: float
    unit_days: int
    averaged: bool


def day_of(on: date) -> int:
    return (on - _EPOCH).days


def date_of(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def start_of(on: date, period: Period) -> date:
    """The first day of the period that a day is in.

    >>> [str(start_of(date(2026, 12, 3), period)) for period in Period]
    ['2026-12-03', '2026-11-30', '2026-12-01']
    """
    if period is Period.WEEK:
        return on - timedelta(days=on.weekday())
    return on.replace(day=1) if period is Period.MONTH else on


def starts(today: date, period: Period, count: int) -> list[date]:
    """The first days of the last periods, the current one last.

    >>> [str(on) for on in starts(date(2026, 1, 15), Period.MONTH, 3)]
    ['2025-11-01', '2025-12-01', '2026-01-01']
    """
    firsts = [start_of(today, period)]
    while len(firsts) < count:
        firsts.append(start_of(firsts[-1] - timedelta(days=1), period))
    return firsts[::-1]


def most(period: Period) -> int:
    """How many periods are kept: days and weeks for 15 weeks, months for good, of which five years are shown."""
    return {Period.DAY: DAYS, Period.WEEK: DAYS // 7, Period.MONTH: 60}[period]


def fold(days: Iterable[DayUse], today: date, period: Period, count: int) -> list[PeriodUse]:
    """Use in each of the last periods, the current one last; what lies outside of them is left out."""
    sums = {start: [0.0, 0, False] for start in starts(today, period, count)}
    for day in days:
        total = sums.get(start_of(date_of(day.day), period))
        if total is not None:
            total[:] = total[0] + day.use, total[1] + day.units, total[2] or day.averaged
    return [PeriodUse(start, use, int(units), bool(averaged)) for start, (use, units, averaged) in sums.items()]
