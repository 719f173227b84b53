"""Simple estimates, which a method must beat to be worth its trouble."""

from collections.abc import Sequence
from typing import NamedTuple

from musterroll.domain.capacity.seasons import seasonal_naive


class Baselines(NamedTuple):
    """What simple estimates give for a stretch of coming periods; None where the past is too short to say."""

    last_year: float
    three_months: float | None = None
    twelve_months: float | None = None


NAMES = ("same period last year", "fleet at the rate of the last 3 months", "fleet at the rate of the last 12 months")


def baselines(events: Sequence[float], exposure: Sequence[float], ahead: float, horizon: int = 1, period: int = 12) -> Baselines:
    """For the `horizon` periods after these. `exposure`: the fleet of each past period (unit-months); `ahead`: of the coming ones together.

    >>> baselines([10, 10, 10, 40], [100, 100, 100, 100], 200, horizon=2)
    Baselines(last_year=80, three_months=40.0, twelve_months=None)
    """
    last_year = sum(seasonal_naive(events, horizon, period))
    return Baselines(last_year, *(_by_rate(events, exposure, ahead, months) for months in (3, 12)))


def _by_rate(events: Sequence[float], exposure: Sequence[float], ahead: float, months: int) -> float | None:
    lived = sum(exposure[-months:])
    return sum(events[-months:]) / lived * ahead if len(events) >= months and lived > 0 else None
