"""Expected incidents: gamma-Poisson, so that the band includes both the uncertainty of the rate and chance."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.levels import percent
from musterroll.domain.capacity.rates import Gamma, Prior

_ENOUGH = 6  # periods needed to estimate dispersion


class PastPeriod(NamedTuple):
    """A past period (a month). `exposure`: unit-months or, better for an ageing fleet, the incidents expected by rates by age."""

    events: float
    exposure: float


class ProductDemand(NamedTuple):
    """A product of a family: its past, and its exposure in each coming month."""

    events: float
    exposure: float
    coming: tuple[float, ...]


class Dispersion(NamedTuple):
    """How much more than by chance periods differ: `variance` of a period's factor around 1 (0: by chance only), and `level`, the
    resulting variance of the mean factor of the past, from which the rates were learnt."""

    variance: float
    level: float
    periods: int
    words: str


class Moments(NamedTuple):
    """Mean counts by coming month, and the variance that uncertain rates add to each month and to the total."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    spread_of_whole: float


BY_CHANCE = Dispersion(0.0, 0.0, 0, "Too little history to measure month-to-month variation; only random variation is assumed.")


def predict(believed: Gamma, coming: Sequence[float], beyond: Dispersion = BY_CHANCE) -> Predictive:
    """The count over all of `coming` (exposure by month) together: negative binomial (Greenwood & Yule 1920, JRSS 83), wider where months
    differ by more than chance. Months share the rate, so ask for a quarter as a whole and do not add up its months.

    >>> one = predict(Gamma(20.5, 1000.0), [500.0])
    >>> round(one.mean, 2), round(one.variance, 3), one.low80, one.high80
    (10.25, 15.375, 5, 14)
    """
    return widened([believed.mean * month for month in coming], believed.variance * sum(coming) ** 2, beyond)


def moments(parts: Sequence[ProductDemand], prior: Prior) -> Moments:
    """Moments of the counts of all products of a family. Uncertainty about the family affects all its products at once, which a sum of
    independent counts would miss. All parts have the same months."""
    weight, shape, rate = prior.points
    events, exposure = (np.array(column, dtype=float)[:, None] for column in list(zip(*parts, strict=True))[:2])
    coming = np.array([part.coming for part in parts], dtype=float)
    columns = np.column_stack([coming, coming.sum(axis=1)])
    rates = (shape + events) / (rate + exposure)  # by part and point
    means = columns.T @ rates
    mean = means @ weight
    spread = (columns.T**2 @ (rates / (rate + exposure)) + (means - mean[:, None]) ** 2) @ weight
    return Moments(mean[:-1], spread[:-1], float(spread[-1]))


def widened(months: Sequence[float], spread: float, beyond: Dispersion) -> Predictive:
    """A count with these means by month and this variance of its rates, plus chance and the months' own variation."""
    mean = sum(months)
    if mean <= 0:
        return Predictive(0.0, 0.0)
    own = (1 + spread / mean**2) * sum(month**2 for month in months)
    return Predictive(mean, mean + spread + beyond.variance * own + beyond.level * mean**2)


def dispersion(history: Sequence[PastPeriod], learnt: int = 1) -> Dispersion:
    """How much more than by chance past periods differed, by moments (Breslow 1984, Applied Statistics 33). What chance alone shows in n
    periods, a variance of 2 / (n - 1) of it, is held against it (positive-part shrinkage: James & Stein 1961); what is left is taken
    (n - 1) / (n - 3) times, as Student's variance would be, for it is known from n periods only. Six or more are needed. `learnt`: how
    many numbers the expectations themselves were learnt with from the same periods (instead of one, their level)."""
    seen = [period for period in history if period.exposure > 0]
    free = len(seen) - learnt
    if free < _ENOUGH - 1 or not sum(period.events for period in seen):
        return BY_CHANCE
    events, exposure = np.array(seen, dtype=float).T
    n, expected = len(seen), exposure * events.sum() / exposure.sum()
    whole, squares = float(events.sum()), float(np.sum(expected**2))
    beyond = float(np.sum((events - expected) ** 2)) * n / free / whole - 1  # the variance, as a multiple of Poisson's, less one
    held = beyond - 2 / free / beyond if beyond > 0 else 0.0
    variance = max(0.0, held) * whole / squares * free / (free - 2)
    return Dispersion(variance, variance * squares / whole**2, n, _words(variance, n))


def _words(variance: float, periods: int) -> str:
    if variance == 0:
        return f"The {periods} past months vary no more than expected by chance."
    own = percent(variance**0.5)
    return f"The {periods} past months vary more than expected by chance (± {own}), which widens the ranges."
