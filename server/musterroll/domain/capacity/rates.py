"""Rates: counts over exposure, with intervals, and shrinkage of small groups towards their family."""

from collections.abc import Sequence
from math import inf, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from musterroll.domain.capacity.levels import Interval, tails

_YEAR = 365.0  # days: the field's usual form of AFR
_SPREADS = 30  # grid of the spread: the standard deviation of products' rates relative to their family's mean
_USUAL = 0.5  # scale of the spread's prior
_WIDEST = 1.2  # the widest spread thought possible
_REACH = 2.5  # standard errors to either side of the family's mean: beyond, a family of few would promise anything
_MEANS = 33  # grid of the family's mean, for each spread
_JEFFREYS = 0.5  # what is known before anything is: half an event


class EventRate(NamedTuple):
    """`events` over `exposure`. Without exposure the rate is nan and the interval unbounded."""

    events: float
    exposure: float
    rate: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        return self.exposure > 0


class Proportion(NamedTuple):
    """`successes` of `n`. With n = 0 the share is nan and the interval [0, 1]."""

    successes: int
    n: int
    share: float
    low: float
    high: float


class GroupData(NamedTuple):
    """Data of a product (or product and age band) of a family; exposure in unit-months, or any unit used consistently."""

    events: float
    exposure: float


class Gamma(NamedTuple):
    """A gamma distribution of a rate, with shape and rate (1 / scale)."""

    shape: float
    rate: float

    @property
    def mean(self) -> float:
        return self.shape / self.rate

    @property
    def variance(self) -> float:
        return self.shape / self.rate**2

    def interval(self, level: float) -> Interval:
        low, high = special.gammaincinv(self.shape, tails(level))
        return Interval(float(low) / self.rate, float(high) / self.rate)


class PriorPoints(NamedTuple):
    """Weighted points of the family's distribution: the weight of each, and the gamma of its products' rates."""

    weight: NDArray[np.float64]
    shape: NDArray[np.float64]
    rate: NDArray[np.float64]


class Prior(NamedTuple):
    """The prior of any product of a family, before its own data."""

    shape: float
    rate: float
    groups: int
    points: PriorPoints

    @property
    def mean(self) -> float:
        return self.shape / self.rate


class ShrunkRate(NamedTuple):
    """A rate shrunk towards its family's, with its interval; the weight of own data is 1 if the family adds nothing."""

    rate: float
    low: float
    high: float
    weight_of_own_data: float


def rate_interval(events: int, exposure: float, level: float = 0.95) -> EventRate:
    """Events per unit of exposure with the exact chi-square interval (Garwood 1936, Biometrika 28).

    >>> one = rate_interval(10, 100.0)
    >>> round(one.rate, 3), round(one.low, 5), round(one.high, 5)
    (0.1, 0.04795, 0.1839)
    """
    if exposure <= 0:
        return EventRate(events, 0.0, nan, 0.0, inf)
    low, high = tails(level)
    below = float(special.gammaincinv(events, low)) if events else 0.0
    above = float(special.gammaincinv(events + 1, high))
    return EventRate(events, exposure, events / exposure, below / exposure, above / exposure)


def afr(failures: int, unit_days: float, level: float = 0.95) -> EventRate:
    """Annualised failure rate: failures / (unit-days / 365), in failures per unit-year, as drive statistics are published; 0.02 is 2 %."""
    return rate_interval(failures, unit_days / _YEAR, level)


def wilson(successes: int, n: int, level: float = 0.95) -> Proportion:
    """A share with its score interval (Wilson 1927, JASA 22).

    >>> one = wilson(8, 10)
    >>> round(one.share, 2), round(one.low, 4), round(one.high, 4)
    (0.8, 0.4902, 0.9433)
    """
    if n <= 0:
        return Proportion(0, 0, nan, 0.0, 1.0)
    z2 = float(special.ndtri(tails(level)[1])) ** 2
    share = successes / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = (z2 * (share * (1 - share) / n + z2 / (4 * n * n))) ** 0.5 / (1 + z2 / n)
    return Proportion(successes, n, share, max(0.0, middle - half), min(1.0, middle + half))


def pooled_prior(groups: Sequence[GroupData]) -> Prior:
    """The gamma that rates of a family's products come from, learnt from all of them (gamma-Poisson hierarchy: Robbins 1956; George,
    Makov & Smith 1993, Scand. J. Statist. 20). Uncertainty about the family is kept as weighted points (Kass & Steffey 1989, JASA 84),
    so that bands stay honest where a family is small.

    The relative difference between products has a half-normal prior of scale 0.5 (Gelman 2006), the family's mean Jeffreys' prior.
    One group is a family of one. Raises ValueError without any exposure.
    """
    seen = [group for group in groups if group.exposure > 0]
    if not seen:
        raise ValueError("a family without any exposure says nothing")
    events = np.array([group.events for group in seen], dtype=float)
    exposure = np.array([group.exposure for group in seen], dtype=float)
    points = _points(events, exposure)
    mean, square = _moments(points)
    shape = mean**2 / (square - mean**2)
    return Prior(shape, shape / mean, len(seen), points)


def posterior(events: float, exposure: float, prior: Prior) -> Gamma:
    """The posterior of a group's rate after its own data: the mixture over the prior's points, as the gamma of the same mean and
    variance. For a group without data it is the prior."""
    weight, shape, rate = prior.points
    mean, square = _moments(PriorPoints(weight, shape + events, rate + exposure))
    spread = square - mean**2
    return Gamma(mean**2 / spread, mean / spread)


def shrunk(events: float, exposure: float, prior: Prior, level: float = 0.95) -> ShrunkRate:
    """A group's rate shrunk towards its family's, the more the fewer its own data (Efron & Morris 1975, JASA 70)."""
    believed = posterior(events, exposure, prior)
    low, high = believed.interval(level)
    weight, _, rate = prior.points
    return ShrunkRate(believed.mean, low, high, float(np.sum(weight * exposure / (exposure + rate))))


def _points(events: NDArray[np.float64], exposure: NDArray[np.float64]) -> PriorPoints:
    total, span = float(events.sum()) + _JEFFREYS, float(exposure.sum())
    place = np.linspace(0.05, 1.0, _SPREADS)[:, None]
    spread = _WIDEST * place**2  # closer together where it is small
    error = np.sqrt(1 / total + spread**2 / len(events))  # of the logarithm of the mean
    log_mean = np.log(total / span) + _REACH * error * np.linspace(-1 - 1 / total, 1, _MEANS)[None, :]
    shape = spread**-2
    rate = shape / np.exp(log_mean)
    log_weight = _marginal(events, exposure, shape, rate) + log_mean / 2 - (spread / _USUAL) ** 2 / 2 + np.log(error * place)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    likely = weight > 1e-7
    return PriorPoints(weight[likely], np.broadcast_to(shape, rate.shape)[likely], rate[likely])


def _moments(points: PriorPoints) -> tuple[float, float]:
    """Mean and mean square of a mixture of gammas."""
    weight, shape, rate = points
    return float(weight @ (shape / rate)), float(weight @ (shape * (shape + 1) / rate**2))


def _marginal(
    events: NDArray[np.float64], exposure: NDArray[np.float64], shape: NDArray[np.float64], rate: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Log likelihood of the groups' counts for each shape (a column) and rate (a row each): negative binomial, constants left out."""
    apart = np.sum(special.gammaln(shape + events) - special.gammaln(shape), axis=1, keepdims=True)
    sums = apart + len(events) * shape * np.log(rate)
    for y, e in zip(events, exposure, strict=True):
        sums -= (shape + y) * np.log(rate + e)
    return np.asarray(sums)
