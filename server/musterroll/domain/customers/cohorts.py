"""Retention of customers by year of first purchase: the share that has not lapsed, by months since then.

A customer lapses when the first period ends (`standing`); one won back later has lapsed all the same.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from musterroll.domain.values.dates import Span

if TYPE_CHECKING:
    from musterroll.domain.capacity.survival import UnitLife

YEARS = 5  # cohorts of their own; older ones are together
FEWEST = 10  # customers of a cohort below which a curve means nothing
MOST = 60  # months
_MONTH = 365.25 / 12  # days
ALL = "all"


class RetentionPoint(NamedTuple):
    """The share of customers that stay longer than so many months, with its 95 % range, and how many were observed as long."""

    month: int
    observed: int
    share: float
    low: float
    high: float


class RetentionCurve(NamedTuple):
    cohort: str
    customers: int
    lapsed: int
    points: list[RetentionPoint]  # empty: too few customers

    def at(self, month: int) -> RetentionPoint | None:
        return next((point for point in self.points if point.month == month), None)


def cohort(first_on: date, on: date) -> str:
    """
    >>> cohort(date(2024, 5, 1), date(2026, 12, 1)), cohort(date(2019, 5, 1), date(2026, 12, 1))
    ('2024', 'before 2022')
    """
    oldest = on.year - YEARS + 1
    return str(first_on.year) if first_on.year >= oldest else f"before {oldest}"


def curves(first_periods: Iterable[Span], on: date) -> list[RetentionCurve]:
    """Of all customers, then by cohort, the newest first. `first_periods`: the first period of each."""
    groups: dict[str, list[Span]] = defaultdict(list)
    for period in first_periods:
        if period.starts_on <= on:
            groups[cohort(period.starts_on, on)].append(period)
    whole = [period for group in groups.values() for period in group]
    names = sorted(groups, key=lambda name: (not name.startswith("before"), name), reverse=True)
    return [_curve(name, of, on) for name, of in ((ALL, whole), *((name, groups[name]) for name in names)) if of]


def _curve(name: str, history: Sequence[Span], on: date) -> RetentionCurve:
    lives = [_life(period, on) for period in history]
    lapsed = sum(life.failed for life in lives)
    return RetentionCurve(name, len(lives), lapsed, _points(lives) if len(lives) >= FEWEST else [])


def _life(period: Span, on: date) -> "UnitLife":
    from musterroll.domain.capacity.survival import UnitLife  # imports scipy, which is slow to load

    ended = period.ends_on is not None and period.ends_on <= on
    last = period.ends_on if ended and period.ends_on else on
    return UnitLife(0, (last - period.starts_on).days, ended)


def _points(lives: "Sequence[UnitLife]") -> list[RetentionPoint]:
    from musterroll.domain.capacity.survival import kaplan_meier, survival_at

    steps = kaplan_meier(lives) if any(life.failed for life in lives) else []
    points = [RetentionPoint(0, len(lives), 1.0, 1.0, 1.0)]
    for month in range(1, MOST + 1):
        age = month * _MONTH
        observed = sum(life.left_at_age >= age for life in lives)
        if observed < FEWEST:
            break
        step = survival_at(steps, age)
        points.append(RetentionPoint(month, observed, *((1.0, 1.0, 1.0) if step is None else step[3:6])))
    return points
