"""Revenue of a coming quarter if operating units were billed by the day: unit-days, grown as in past quarters, times the price of one.

The logarithm of growth from quarter to quarter is taken as normal; its variance has that of one quarter of `_USUAL` added, so that a fleet
that never changed has a range, too.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, log

from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.backtest import BacktestRow, rolling_origin

FEWEST = 4  # past quarters, below which nothing is forecast
_USUAL = 0.05  # growth of a quarter, before any is known


def unit_days(past: Sequence[float]) -> PredictedAmount | None:
    """The operating unit-days of the quarter after these, the oldest first; None where too few are known."""
    if len(past) < FEWEST or min(past) <= 0:
        return None
    growth = [log(after / before) for before, after in pairwise(past)]
    count = len(growth)
    mean = sum(growth) / count
    variance = (sum((of - mean) ** 2 for of in growth) + _USUAL**2) / count * (1 + 1 / count)
    expected = past[-1] * exp(mean)
    return PredictedAmount(expected, expected**2 * variance)


def past_unit_days(quarters: Sequence[float]) -> list[BacktestRow]:
    """The forecast of each past quarter from the ones before, against what it was."""
    known = list(quarters) if min(quarters, default=0) > 0 else []
    return rolling_origin(known, lambda n: _known(unit_days(known[:n])), FEWEST, 1, 4, exposure=known)


def _known(forecast: PredictedAmount | None) -> PredictedAmount:
    assert forecast is not None
    return forecast
