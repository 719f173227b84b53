"""How units age: survival by Kaplan and Meier, a fitted Weibull and its meaning in words. Ages in days, with units seen only from a later
age on (left truncation) and units that have not failed yet (right censoring) counted for just the days they were seen."""

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from musterroll.domain.capacity.levels import tails

_EVEN = (0.95, 1.05)  # a shape so near 1 is constant for all a planner does with it


class UnitLife(NamedTuple):
    """Units seen from one age to another, in days, and whether they failed then. `units`: how many are alike."""

    entered_at_age: float
    left_at_age: float
    failed: bool
    units: int = 1


def life(born: int, entered: int, last: int, failed: int | None) -> UnitLife:
    """The life of a unit between days: born, under observation from `entered`, with `last` the last evidence of life.

    A failure counts where it came under observation, also after the last report: it is evidence too.
    """
    failed = None if failed is not None and failed < entered else failed
    left = last if failed is None else failed
    return UnitLife(max(0, entered - born), max(0, left - born), failed is not None)


class SurvivalStep(NamedTuple):
    """An age at which units failed: how many were under observation just before, how many failed, and the share that lives longer."""

    age: float
    at_risk: int
    failed: int
    survival: float
    low: float
    high: float


class Weibull(NamedTuple):
    """Failure by age as S(t) = exp(-(t / scale) ** shape), scale in days, with Wald intervals on the logarithms."""

    shape: float
    scale: float
    shape_low: float
    shape_high: float
    scale_low: float
    scale_high: float
    failures: int


class _Seen(NamedTuple):
    entered: NDArray[np.float64]
    left: NDArray[np.float64]
    failed: NDArray[np.float64]  # units that failed, by life
    units: NDArray[np.float64]


def kaplan_meier(lives: Sequence[UnitLife], level: float = 0.95) -> list[SurvivalStep]:
    """Survival at each age of failure (Kaplan & Meier 1958, JASA 53), a unit being at risk after it entered (Tsai, Jewell & Wang 1987),
    with Greenwood's variance (1926) and the interval taken on log(-log S) (Kalbfleisch & Prentice 1980)."""
    ages, (failed,), (at_risk,) = failures_by_age([lives])
    survival = np.cumprod(1 - failed / at_risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(failed / (at_risk * (at_risk - failed)))
    z = float(special.ndtri(tails(level)[1]))
    steps: list[SurvivalStep] = []
    for age, n, d, s, variance in zip(ages, at_risk, failed, survival, greenwood, strict=True):
        low, high = _log_log(float(s), float(variance), z) if s > 0 else (0.0, steps[-1].high if steps else 1.0)
        steps.append(SurvivalStep(float(age), int(n), int(d), float(s), low, high))
    return steps


def failures_by_age(groups: Sequence[Sequence[UnitLife]]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """The ages at which units of any group failed; by group and age how many failed, and how many were under observation just before."""
    seen = [_seen(lives) for lives in groups]
    ages = np.unique(np.concatenate([group.left[group.failed > 0] for group in seen]))
    failed = [
        np.bincount(np.searchsorted(ages, group.left[group.failed > 0]), weights=group.failed[group.failed > 0], minlength=len(ages))
        for group in seen
    ]
    at_risk = [_sum_before(group.entered, group.units, ages) - _sum_before(group.left, group.units, ages) for group in seen]
    return ages, np.array(failed), np.array(at_risk)


def survival_at(steps: Sequence[SurvivalStep], age: float) -> SurvivalStep | None:
    """The step that holds at this age; None before the first failure."""
    return next((step for step in reversed(steps) if step.age <= age), None)


def weibull(lives: Sequence[UnitLife], level: float = 0.95) -> Weibull | None:
    """Shape and scale by maximum likelihood with censoring and left truncation (Nelson 1982, Applied Life Data Analysis). None with fewer
    than two different ages of failure, or without a best shape between 0.02 and 50."""
    seen = _seen(lives)
    if len(np.unique(seen.left[seen.failed > 0])) < 2:
        return None
    unit = float(seen.left.max())
    scaled = seen._replace(entered=seen.entered / unit, left=seen.left / unit)
    shape = _shape(scaled)
    if shape is None:
        return None
    failures = float(seen.failed.sum())
    scale = float((_grown(scaled, shape, 0) / failures) ** (1 / shape))
    return _with_intervals(scaled, shape, scale, unit, level)


def failure_probability(fitted: Weibull, age: float, horizon: float) -> float:
    """The chance that a unit alive at this age fails within the horizon, all in days."""
    return 1 - exp((age / fitted.scale) ** fitted.shape - ((age + horizon) / fitted.scale) ** fitted.shape)


def weibull_text(fitted: Weibull | None) -> str:
    """The meaning of the shape in words, as far as its interval allows."""
    if fitted is None:
        return "Too few failures to show an effect of age."
    fit = f"(Weibull shape {fitted.shape:.2f}, 95 % range {fitted.shape_low:.2f} to {fitted.shape_high:.2f}, {fitted.failures:,} failures)"
    return f"{_course(fitted)} {fit}."


def _course(fitted: Weibull) -> str:
    if _EVEN[0] <= fitted.shape_low and fitted.shape_high <= _EVEN[1]:
        return "Constant failure rate: age makes no practical difference"
    if fitted.shape_low > 1:
        return "Wear-out: the failure rate rises with age"
    if fitted.shape_high < 1:
        return "Early failures: the failure rate falls with age"
    return "No clear effect of age: a constant rate is within the range"


def _seen(lives: Sequence[UnitLife]) -> _Seen:
    entered, left, failed, units = np.array(lives, dtype=float).reshape(-1, 4).T
    whole = left > entered  # a unit seen for no time says nothing
    return _Seen(entered[whole], left[whole], (failed * units)[whole], units[whole])


def _sum_before(ages: NDArray[np.float64], units: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.float64]:
    """How many units had an age strictly below each of `at`."""
    order = np.argsort(ages)
    sums = np.concatenate(([0.0], np.cumsum(units[order])))
    return sums[np.searchsorted(ages[order], at, side="left")]


def _log_log(survival: float, variance: float, z: float) -> tuple[float, float]:
    half = z * variance**0.5 / -log(survival)
    return survival ** exp(half), survival ** exp(-half)


def _grown(seen: _Seen, shape: float, power: int) -> float:
    """Sum over lives of t^shape log(t)^power between entering and leaving; ages scaled so that the oldest is 1."""

    def at(ages: NDArray[np.float64]) -> NDArray[np.float64]:
        logs = np.log(np.where(ages > 0, ages, 1.0))
        return np.where(ages > 0, np.exp(shape * logs) * logs**power, 0.0)

    return float(np.sum(seen.units * (at(seen.left) - at(seen.entered))))


def _shape(seen: _Seen) -> float | None:
    """The shape at which the profile likelihood is highest: the root of its slope, by halving on the logarithm."""
    failures = seen.failed.sum()
    logs = float(np.sum(seen.failed * np.log(seen.left)))

    def slope(log_shape: float) -> float:
        shape = exp(log_shape)
        return float(failures / shape + logs - failures * _grown(seen, shape, 1) / _grown(seen, shape, 0))

    low, high = log(0.02), log(50.0)
    if slope(low) <= 0 or slope(high) >= 0:
        return None
    while high - low > 1e-14:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if slope(middle) > 0 else (low, middle)
    return exp((low + high) / 2)


def _with_intervals(seen: _Seen, shape: float, scale: float, unit: float, level: float) -> Weibull:
    """Observed information in (log shape, log scale), inverted."""
    failures = float(seen.failed.sum())
    moved = -log(scale)  # log(t / scale) = log t + moved
    g0, g1, g2 = (_grown(seen, shape, power) * scale**-shape for power in range(3))
    h1, h2 = g1 + moved * g0, g2 + 2 * moved * g1 + moved**2 * g0
    logs = float(np.sum(seen.failed * (np.log(seen.left) + moved)))
    aa = -(shape * logs - shape * h1 - shape**2 * h2)
    ab = -(-shape * failures + shape * g0 + shape**2 * h1)
    bb = shape**2 * g0
    determinant = aa * bb - ab**2
    z = float(special.ndtri(tails(level)[1]))
    by_shape, by_scale = exp(z * (bb / determinant) ** 0.5), exp(z * (aa / determinant) ** 0.5)
    real = scale * unit
    return Weibull(shape, real, shape / by_shape, shape * by_shape, real / by_scale, real * by_scale, int(failures))
