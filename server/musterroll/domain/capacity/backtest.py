"""What the method would have said in the past, against what happened."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from musterroll.domain.capacity.amounts import Amount
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.demand import Period, dispersion, effective, predict
from musterroll.domain.capacity.levels import EIGHTY, NINETY_FIVE
from musterroll.domain.capacity.rates import Proportion, alone, wilson
from musterroll.domain.capacity.seasons import seasonal_naive

_PINBALL = (0.1, 0.5, 0.9)


class Row(NamedTuple):
    """One past period: what would have been said before it, what the baseline would have, what happened."""

    period: int
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float
    actual: float
    naive: float
    pinball: float

    @property
    def within80(self) -> bool:
        return self.low80 <= self.actual <= self.high80

    @property
    def within95(self) -> bool:
        return self.low95 <= self.actual <= self.high95


class Verdict(NamedTuple):
    """How often the bands held (with the interval chance leaves), mean absolute error beside the baseline's, error scaled by the baseline's
    over the same periods (below 1: better than naive), mean pinball loss, and all that in words."""

    periods: int
    held80: Proportion
    held95: Proportion
    error: float
    naive_error: float
    scaled_error: float | None
    pinball: float
    words: str


def rolling_origin(actual: Sequence[float], predicted: Callable[[int], Predictive | Amount], first: int, period: int = 12) -> list[Row]:
    """For each past period from `first` on: `predicted(i)` must use nothing of period i or later (Tashman 2000, Int. J. Forecasting 16)."""
    rows = []
    for i in range(first, len(actual)):
        said, naive = predicted(i), seasonal_naive(actual[:i], 1, period)[0]
        inner, outer = said.band(EIGHTY.level), said.band(NINETY_FIVE.level)
        loss = sum(_pinball(actual[i], said.quantile(p), p) for p in _PINBALL) / len(_PINBALL)
        rows.append(Row(i, said.mean, inner.low, inner.high, outer.low, outer.high, actual[i], naive, loss))
    return rows


def of_history(history: Sequence[Period], first: int = 6, period: int = 12) -> list[Row]:
    """The plain method on one group: each period from those before it, given the exposure it turned out to have."""

    def predicted(i: int) -> Predictive:
        past = history[:i]
        beyond = dispersion(past)
        own = effective(sum(p.events for p in past), sum(p.exposure for p in past), beyond)
        return predict(alone(*own), [history[i].exposure], beyond)

    start = next((i for i, p in enumerate(history) if p.exposure > 0), len(history)) + 1
    return rolling_origin([p.events for p in history], predicted, max(first, start), period)


def verdict(rows: Sequence[Row]) -> Verdict | None:
    """What the rows say together; None of none. Absolute error scaled by the baseline's: Hyndman & Koehler 2006, Int. J. Forecasting 22;
    pinball loss: Koenker & Bassett 1978, Econometrica 46."""
    if not rows:
        return None
    n = len(rows)
    held80, held95 = wilson(sum(row.within80 for row in rows), n), wilson(sum(row.within95 for row in rows), n)
    error = sum(abs(row.actual - row.mean) for row in rows) / n
    naive = sum(abs(row.actual - row.naive) for row in rows) / n
    scaled = error / naive if naive > 0 else None
    pinball = sum(row.pinball for row in rows) / n
    return Verdict(n, held80, held95, error, naive, scaled, pinball, f"{_held(held80)} {_against(scaled)}")


def _pinball(actual: float, said: float, p: float) -> float:
    return max(p * (actual - said), (p - 1) * (actual - said))


def _held(found: Proportion) -> str:
    told = f"The 80 % band held {found.successes} of {found.n} past periods ({found.share:.0%})"
    if found.low > EIGHTY.level:
        return f"{told}: wider than it needs to be."
    if found.high < EIGHTY.level:
        return f"{told}: too narrow, do not rely on it."
    return f"{told}, as it should."


def _against(scaled: float | None) -> str:
    if scaled is None:
        return "The naive baseline was never wrong."
    if scaled <= 1:
        return f"Its error was {1 - scaled:.0%} smaller than the seasonal-naive baseline's."
    return f"Its error was {scaled - 1:.0%} larger than the seasonal-naive baseline's."
