"""Back-tests: what the method would have forecast in the past, against what happened."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.levels import EIGHTY, NINETY_FIVE, percent
from musterroll.domain.capacity.rates import Proportion, wilson
from musterroll.domain.capacity.seasons import seasonal_naive

_PINBALL = (0.1, 0.5, 0.9)
_SMALL = 20  # past periods


class BacktestRow(NamedTuple):
    """A past stretch of periods from `period` on: the forecast, the baseline, and what happened."""

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


class BacktestVerdict(NamedTuple):
    """How often the bands held (with the interval expected by chance), mean absolute errors of forecast and baseline, their ratio (below
    1: better than naive; None if naive was never wrong), mean pinball loss, and all that in words."""

    rows: int
    held80: Proportion
    held95: Proportion
    error: float
    naive_error: float
    relative_error: float | None
    pinball: float
    words: str


def rolling_origin(
    actual: Sequence[float], predicted: Callable[[int], Predictive | PredictedAmount], first: int, horizon: int = 1, period: int = 12
) -> list[BacktestRow]:
    """For each stretch of `horizon` past periods from `first` on, none overlapping: `predicted(i)` is for periods i to i + horizon - 1
    together and must use nothing of period i or later (Tashman 2000, Int. J. Forecasting 16)."""
    rows = []
    for i in range(first, len(actual) - horizon + 1, horizon):
        predictive, truth = predicted(i), sum(actual[i : i + horizon])
        naive = sum(seasonal_naive(actual[:i], horizon, period))
        inner, outer = predictive.band(EIGHTY.level), predictive.band(NINETY_FIVE.level)
        loss = sum(_pinball(truth, predictive.quantile(p), p) for p in _PINBALL) / len(_PINBALL)
        rows.append(BacktestRow(i, predictive.mean, inner.low, inner.high, outer.low, outer.high, truth, naive, loss))
    return rows


def verdict(rows: Sequence[BacktestRow]) -> BacktestVerdict | None:
    """The verdict on the rows; None without rows. Relative error: Hyndman & Koehler 2006, Int. J. Forecasting 22; pinball loss: Koenker &
    Bassett 1978, Econometrica 46."""
    if not rows:
        return None
    n = len(rows)
    held80, held95 = wilson(sum(row.within80 for row in rows), n), wilson(sum(row.within95 for row in rows), n)
    error = sum(abs(row.actual - row.mean) for row in rows) / n
    naive = sum(abs(row.actual - row.naive) for row in rows) / n
    relative = error / naive if naive > 0 else None
    pinball = sum(row.pinball for row in rows) / n
    return BacktestVerdict(n, held80, held95, error, naive, relative, pinball, f"{_coverage_sentence(held80)} {_against(relative)}")


def _pinball(actual: float, predicted: float, p: float) -> float:
    return max(p * (actual - predicted), (p - 1) * (actual - predicted))


def _coverage_sentence(share_held: Proportion) -> str:
    hits = f"{share_held.successes} of {share_held.n} past periods ({percent(share_held.share)}) fell within the 80 % range"
    if share_held.low > EIGHTY.level:
        return f"{hits}: the range is wider than necessary."
    if share_held.high < EIGHTY.level:
        return f"{hits}: the range is too narrow, do not rely on it."
    return f"{hits}: within expectation for 80 %{' (small sample)' if share_held.n < _SMALL else ''}."


def _against(relative: float | None) -> str:
    if relative is None:
        return "The baseline (same period last year) was never wrong."
    if relative <= 1:
        return f"The error was {percent(1 - relative)} smaller than that of the baseline (same period last year)."
    return f"The error was {percent(relative - 1)} larger than that of the baseline (same period last year)."
