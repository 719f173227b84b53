"""Incidents to come: gamma-Poisson, so that not knowing the rate and not knowing how chance falls are both in the band."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.rates import Gamma, Prior

_ENOUGH = 6  # periods before dispersion beyond chance can be told


class Period(NamedTuple):
    """What one past period (a month) showed. As `exposure` either unit-months or, better where the fleet ages, the incidents that rates by
    age would have expected."""

    events: float
    exposure: float


class Part(NamedTuple):
    """One product of a family: its own past, and its exposure in each month to come."""

    events: float
    exposure: float
    coming: tuple[float, ...]


class Dispersion(NamedTuple):
    """How much more than by chance periods differ: the variance of a period's own factor round 1 (0: by chance only)."""

    variance: float
    periods: int
    words: str


NONE = Dispersion(0.0, 0, "Too little history to tell whether months differ by more than chance; they are taken not to.")


def predict(believed: Gamma, coming: Sequence[float], dispersion: Dispersion = NONE) -> Predictive:
    """The count over all of `coming` (exposure by month) together: negative binomial (Greenwood & Yule 1920, JRSS 83), wider where months
    differ by more than chance. Months share the rate, so ask for a quarter as a whole and do not add up its months.

    >>> one = predict(Gamma(20.5, 1000.0), [500.0])
    >>> round(one.mean, 2), round(one.variance, 3), one.low80, one.high80
    (10.25, 15.375, 5, 14)
    """
    exposure = sum(coming)
    mean = believed.mean * exposure
    return _widened(mean, believed.variance * exposure**2, [believed.mean * month for month in coming], dispersion)


def family(parts: Sequence[Part], prior: Prior, dispersion: Dispersion = NONE) -> Predictive:
    """The count over all parts of a family and all their months together. What is not known of the family moves all its products at
    once, which a sum of independent counts would miss."""
    weight, shape, rate = prior.points
    means, spreads = np.zeros(len(weight)), np.zeros(len(weight))
    months = np.zeros(max((len(part.coming) for part in parts), default=0))
    for part in parts:
        by_point, coming = (shape + part.events) / (rate + part.exposure), sum(part.coming)
        means += by_point * coming
        spreads += by_point / (rate + part.exposure) * coming**2
        months[: len(part.coming)] += float(weight @ by_point) * np.asarray(part.coming)
    mean = float(weight @ means)
    spread = float(weight @ spreads + weight @ (means - mean) ** 2)
    return _widened(mean, spread, [float(month) for month in months], dispersion)


def dispersion(history: Sequence[Period]) -> Dispersion:
    """How much more than by chance past periods differed, by moments (Breslow 1984, Applied Statistics 33), less sure of it the fewer
    they are: with n periods the variance is taken (n - 1) / (n - 3) times, as Student's would be."""
    seen = [period for period in history if period.exposure > 0]
    if len(seen) < _ENOUGH or not sum(period.events for period in seen):
        return NONE
    events, exposure = np.array(seen, dtype=float).T
    expected = exposure * events.sum() / exposure.sum()
    n = len(seen)
    excess = float(np.sum((events - expected) ** 2) * n / (n - 1) - events.sum()) / float(np.sum(expected**2))
    variance = max(0.0, excess) * (n - 1) / (n - 3)
    return Dispersion(variance, n, _words(variance, n))


def effective(events: float, exposure: float, beyond: Dispersion) -> tuple[float, float]:
    """Events and exposure as what they are worth as evidence where months differ by more than chance: both divided by the factor by which
    the variance of a month's count exceeds Poisson's (quasi-likelihood: Wedderburn 1974, Biometrika 61)."""
    if not beyond.periods:
        return events, exposure
    factor = 1 + beyond.variance * events / beyond.periods
    return events / factor, exposure / factor


def _widened(mean: float, spread: float, months: Sequence[float], beyond: Dispersion) -> Predictive:
    if mean <= 0:
        return Predictive(0.0, 0.0)
    relative = spread / mean**2
    between = beyond.variance * (1 + relative) * sum(month**2 for month in months)
    return Predictive(mean, mean + spread + between)


def _words(variance: float, periods: int) -> str:
    if variance == 0:
        return f"{periods} past months differ by no more than chance."
    return (
        f"{periods} past months differ by more than chance: each by a factor of its own of ± {variance**0.5:.0%}, which widens the bands."
    )
