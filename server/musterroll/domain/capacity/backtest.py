"""Back-tests: what the method would have forecast in the past, against what happened."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import NamedTuple

from scipy import special

from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.baselines import NAMES, Baselines, baselines
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.levels import EIGHTY, NINETY_FIVE, percent
from musterroll.domain.capacity.rates import Proportion, wilson

_PINBALL = (0.1, 0.5, 0.9)
_FEW = 10  # past periods; below, chance alone explains nearly any count
_WORSE = 1.1  # times the error of a simple estimate, from which on it is the better one
_UNLIKELY = 0.05  # the probability below which the ranges are judged wrong


class Grade(StrEnum):
    """What a back-test says of the ranges, in a few words."""

    GOOD = "as expected"
    NARROW = "too narrow"
    WIDE = "wider than necessary"
    FEW = "too few to tell"


_WORDS = {Grade.GOOD: "confirmed", Grade.NARROW: "failed", Grade.WIDE: "cautious", Grade.FEW: "unproven"}


class BacktestRow(NamedTuple):
    """A past stretch of periods from `period` on: the forecast, what happened, and simple estimates (`naive`: same period last year)."""

    period: int
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float
    actual: float
    naive: float
    pinball: float
    three_months: float | None = None
    twelve_months: float | None = None

    @property
    def within80(self) -> bool:
        return self.low80 <= self.actual <= self.high80

    @property
    def within95(self) -> bool:
        return self.low95 <= self.actual <= self.high95

    @property
    def baselines(self) -> Baselines:
        return Baselines(self.naive, self.three_months, self.twelve_months)


class BacktestVerdict(NamedTuple):
    """How often the bands held (with the interval expected by chance), mean absolute errors of the forecast and of repeating last year,
    the best simple estimate and its error, the ratio of errors to that (below 1: better; None if it was never wrong), mean pinball loss,
    the grade, and all that in words."""

    rows: int
    held80: Proportion
    held95: Proportion
    error: float
    naive_error: float
    best_baseline: str
    best_error: float
    relative_error: float | None
    pinball: float
    grade: Grade
    words: str

    @property
    def beaten(self) -> bool:
        """Whether a simple estimate did clearly better, over enough periods to tell."""
        return self.grade is not Grade.FEW and self.relative_error is not None and self.relative_error > _WORSE

    @property
    def reliable(self) -> bool:
        return self.grade is not Grade.NARROW and not self.beaten

    @property
    def word(self) -> str:
        """The verdict in one word."""
        return _WORDS[self.grade] if self.reliable else "failed"


def rolling_origin(
    actual: Sequence[float],
    predicted: Callable[[int], Predictive | PredictedAmount],
    first: int,
    horizon: int = 1,
    period: int = 12,
    *,
    exposure: Sequence[float] = (),
    known_ahead: bool = False,
) -> list[BacktestRow]:
    """For each stretch of `horizon` past periods from `first` on, none overlapping: `predicted(i)` is for periods i to i + horizon - 1
    together and must use nothing of period i or later (Tashman 2000, Int. J. Forecasting 16).

    `exposure` is the fleet of each period; its simple estimates take the last one for the coming ones, unless these are `known_ahead`.
    """
    rows = []
    for i in range(first, len(actual) - horizon + 1, horizon):
        predictive, truth = predicted(i), sum(actual[i : i + horizon])
        ahead = sum(exposure[i : i + horizon]) if known_ahead else sum(exposure[i - 1 : i]) * horizon
        naive, *rates = baselines(actual[:i], exposure[:i], ahead, horizon, period)
        inner, outer = predictive.band(EIGHTY.level), predictive.band(NINETY_FIVE.level)
        loss = sum(_pinball(truth, predictive.quantile(p), p) for p in _PINBALL) / len(_PINBALL)
        rows.append(BacktestRow(i, predictive.mean, inner.low, inner.high, outer.low, outer.high, truth, naive, loss, *rates))
    return rows


def verdict(rows: Sequence[BacktestRow]) -> BacktestVerdict | None:
    """The verdict on the rows; None without rows. Relative error: Hyndman & Koehler 2006, Int. J. Forecasting 22; pinball loss: Koenker &
    Bassett 1978, Econometrica 46."""
    if not rows:
        return None
    n = len(rows)
    held80, held95 = wilson(sum(row.within80 for row in rows), n), wilson(sum(row.within95 for row in rows), n)
    error = sum(abs(row.actual - row.mean) for row in rows) / n
    errors = baseline_errors(rows)
    best = min(errors, key=lambda name: errors[name])
    relative = error / errors[best] if errors[best] > 0 else None
    grade = _grade(held80, held95)
    words = f"{_coverage_sentence(grade, held80, held95)} {_against(best, relative, grade is not Grade.FEW)}"
    pinball = sum(row.pinball for row in rows) / n
    return BacktestVerdict(n, held80, held95, error, errors[NAMES[0]], best, errors[best], relative, pinball, grade, words)


def baseline_errors(rows: Sequence[BacktestRow]) -> dict[str, float]:
    """Mean absolute errors of the simple estimates that could be made for every row, by name."""
    values = zip(NAMES, zip(*(row.baselines for row in rows), strict=True), strict=True)
    return {
        name: sum(abs(row.actual - value) for row, value in zip(rows, column, strict=True)) / len(rows)
        for name, column in values
        if None not in column
    }


def _pinball(actual: float, predicted: float, p: float) -> float:
    return max(p * (actual - predicted), (p - 1) * (actual - predicted))


def _grade(held80: Proportion, held95: Proportion) -> Grade:
    """Exact binomial tails, of both bands: either one tells that they are too narrow."""
    chances = [special.bdtr(held.successes, held.n, band.level) for held, band in ((held80, EIGHTY), (held95, NINETY_FIVE))]
    if min(chances) < _UNLIKELY:
        return Grade.NARROW
    if held80.n < _FEW:
        return Grade.FEW
    return Grade.WIDE if special.bdtrc(held80.successes - 1, held80.n, EIGHTY.level) < _UNLIKELY else Grade.GOOD


def _coverage_sentence(grade: Grade, held80: Proportion, held95: Proportion) -> str:
    hits = f"{held80.successes} of {held80.n} past periods ({percent(held80.share)}) fell within the 80 % range"
    outside = held95.n - held95.successes
    match grade:
        case Grade.NARROW if special.bdtr(held80.successes, held80.n, EIGHTY.level) >= _UNLIKELY:
            return f"{hits}, but {outside} of {held95.n} outside the 95 % range: the ranges are too narrow, do not rely on them."
        case Grade.NARROW:
            return f"{hits}: the range is too narrow, do not rely on it."
        case Grade.FEW:
            return f"{hits}: too few periods to tell whether the range is right."
        case Grade.WIDE:
            return f"{hits}: the range is wider than necessary."
    return f"{hits}: within expectation for 80 %."


def _against(baseline: str, relative: float | None, enough: bool) -> str:
    if relative is None:
        return f"The best simple estimate ({baseline}) was never wrong."
    if relative <= 1:
        return f"The error was {percent(1 - relative)} smaller than that of the best simple estimate ({baseline})."
    advice = ": use that instead" if relative > _WORSE and enough else ""
    return f"The error was {percent(relative - 1)} larger than that of the best simple estimate ({baseline}){advice}."
