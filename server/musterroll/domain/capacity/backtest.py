"""What the method would have said in the past, against what happened."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from typing import NamedTuple

from musterroll.domain.capacity.amounts import Amount
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.demand import Period, dispersion, predict
from musterroll.domain.capacity.fleet import Cell, fleet
from musterroll.domain.capacity.levels import EIGHTY, NINETY_FIVE
from musterroll.domain.capacity.rates import Proportion, alone, wilson
from musterroll.domain.capacity.seasons import seasonal_naive

_PINBALL = (0.1, 0.5, 0.9)


class Seen(NamedTuple):
    """What a product of a family at an age showed in one past month."""

    family: Hashable
    product: Hashable
    band: int
    events: float
    exposure: float


class Row(NamedTuple):
    """One past stretch of periods from `period` on: what would have been said before it, what the baseline would have, what happened."""

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
    """How often the bands held (with the interval chance leaves), mean absolute error beside the baseline's, the one over the other
    (below 1: better than naive; None where naive was never wrong), mean pinball loss, and all that in words."""

    rows: int
    held80: Proportion
    held95: Proportion
    error: float
    naive_error: float
    relative_error: float | None
    pinball: float
    words: str


def rolling_origin(
    actual: Sequence[float], predicted: Callable[[int], Predictive | Amount], first: int, horizon: int = 1, period: int = 12
) -> list[Row]:
    """For each stretch of `horizon` past periods from `first` on, none overlapping: `predicted(i)` is for periods i to i + horizon - 1
    together and must use nothing of period i or later (Tashman 2000, Int. J. Forecasting 16)."""
    rows = []
    for i in range(first, len(actual) - horizon + 1, horizon):
        said, truth = predicted(i), sum(actual[i : i + horizon])
        naive = sum(seasonal_naive(actual[:i], horizon, period))
        inner, outer = said.band(EIGHTY.level), said.band(NINETY_FIVE.level)
        loss = sum(_pinball(truth, said.quantile(p), p) for p in _PINBALL) / len(_PINBALL)
        rows.append(Row(i, said.mean, inner.low, inner.high, outer.low, outer.high, truth, naive, loss))
    return rows


def of_history(history: Sequence[Period], first: int = 6, horizon: int = 1, period: int = 12) -> list[Row]:
    """The plain method on one group: each stretch from the periods before it, given the exposure it turned out to have."""

    def predicted(i: int) -> Predictive:
        past = history[:i]
        own = alone(sum(p.events for p in past), sum(p.exposure for p in past))
        return predict(own, [p.exposure for p in history[i : i + horizon]], dispersion(past))

    exposed = next((i for i, p in enumerate(history) if p.exposure > 0), len(history))
    return rolling_origin([p.events for p in history], predicted, max(first, exposed + 1), horizon, period)


def of_fleet(history: Sequence[Sequence[Seen]], first: int = 6, horizon: int = 1, period: int = 12) -> list[Row]:
    """`fleet` on what each past month showed (one sequence for each month, oldest first): each stretch from the months before it, given
    the exposure it turned out to have."""

    def predicted(i: int) -> Predictive:
        return fleet(_cells(history, i, horizon), dispersion(totals(history[:i]))).whole

    months = totals(history)
    exposed = next((i for i, p in enumerate(months) if p.exposure > 0), len(months))
    return rolling_origin([p.events for p in months], predicted, max(first, exposed + 1), horizon, period)


def totals(history: Sequence[Sequence[Seen]]) -> list[Period]:
    """Each month over all cells."""
    return [Period(sum(one.events for one in month), sum(one.exposure for one in month)) for month in history]


def verdict(rows: Sequence[Row]) -> Verdict | None:
    """What the rows say together; None of none. Relative error: Hyndman & Koehler 2006, Int. J. Forecasting 22; pinball loss: Koenker &
    Bassett 1978, Econometrica 46."""
    if not rows:
        return None
    n = len(rows)
    held80, held95 = wilson(sum(row.within80 for row in rows), n), wilson(sum(row.within95 for row in rows), n)
    error = sum(abs(row.actual - row.mean) for row in rows) / n
    naive = sum(abs(row.actual - row.naive) for row in rows) / n
    relative = error / naive if naive > 0 else None
    pinball = sum(row.pinball for row in rows) / n
    return Verdict(n, held80, held95, error, naive, relative, pinball, f"{_held(held80)} {_against(relative)}")


def _cells(history: Sequence[Sequence[Seen]], origin: int, horizon: int) -> list[Cell]:
    events: dict[tuple[Hashable, Hashable, int], float] = defaultdict(float)
    exposure: dict[tuple[Hashable, Hashable, int], float] = defaultdict(float)
    coming: dict[tuple[Hashable, Hashable, int], list[float]] = defaultdict(lambda: [0.0] * horizon)
    for month in history[:origin]:
        for one in month:
            events[one[:3]] += one.events
            exposure[one[:3]] += one.exposure
    for at, month in enumerate(history[origin : origin + horizon]):
        for one in month:
            coming[one[:3]][at] += one.exposure
    return [Cell(*key, events[key], exposure[key], tuple(coming[key])) for key in {**exposure, **coming}]


def _pinball(actual: float, said: float, p: float) -> float:
    return max(p * (actual - said), (p - 1) * (actual - said))


def _held(found: Proportion) -> str:
    told = f"The 80 % band held {found.successes} of {found.n} past periods ({found.share:.0%})"
    if found.low > EIGHTY.level:
        return f"{told}: wider than it needs to be."
    if found.high < EIGHTY.level:
        return f"{told}: too narrow, do not rely on it."
    return f"{told}, as it should."


def _against(relative: float | None) -> str:
    if relative is None:
        return "The naive baseline was never wrong."
    if relative <= 1:
        return f"Its error was {1 - relative:.0%} smaller than the seasonal-naive baseline's."
    return f"Its error was {relative - 1:.0%} larger than the seasonal-naive baseline's."
