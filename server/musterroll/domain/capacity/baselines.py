"""Simple estimates, which a method must beat to be worth its trouble."""

from collections.abc import Sequence
from typing import NamedTuple


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


def seasonal_naive(history: Sequence[float], horizon: int, period: int = 12) -> list[float]:
    """Each coming month as the same month a season ago; with less than a season of history, the last month.

    >>> seasonal_naive([1, 2, 3, 4], 3, period=4), seasonal_naive([5, 7], 2), seasonal_naive([], 1)
    ([1, 2, 3], [7, 7], [0.0])
    """
    if not history:
        return [0.0] * horizon
    past = list(history)
    lag = period if len(past) >= period else 1
    for _ in range(horizon):
        past.append(past[-lag])
    return past[len(history) :]
