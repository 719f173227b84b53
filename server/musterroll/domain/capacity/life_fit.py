"""Whether a Weibull describes how units fail, and what may be said of the year after the first: by what was seen where enough was seen."""

from collections.abc import Sequence
from itertools import pairwise
from math import log
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from musterroll.domain.capacity import survival
from musterroll.domain.capacity.levels import percent, tails
from musterroll.domain.capacity.survival import SurvivalStep, UnitLife, Weibull

_YEAR = 365.0  # days
_ENOUGH = 50  # units at risk at the end of the second year: then what was seen speaks
_FITS = 0.01  # a fit less likely than that is none
_EXPECTED = 5.0  # failures in each group of ages
_GROUPS = 10
_TURNS = (0.1, 0.175, 0.25, 0.4, 0.6)  # shares of the failures at which early life may end


class LifeFit(NamedTuple):
    """Weibulls, each from an age on, that together describe the failures; `chance` of a worse fit, None where there are too few failures
    to judge it. Without parts no Weibull describes them."""

    parts: tuple[tuple[float, Weibull], ...]
    chance: float | None


def fit(lives: Sequence[UnitLife]) -> LifeFit:
    """One Weibull where it fits, else two, one for early life and one after, where both fit; else none."""
    whole = survival.weibull(lives)
    if whole is None:
        return LifeFit((), None)
    chance = goodness(lives, whole)
    if chance is None or chance >= _FITS:
        return LifeFit(((0.0, whole),), chance)
    ages = np.repeat([life.left_at_age for life in lives if life.failed], [life.units for life in lives if life.failed])
    two = [fitted for age in np.unique(np.quantile(ages, _TURNS)).tolist() if (fitted := _two(lives, age)) is not None]
    return max(two, key=lambda fitted: fitted.chance or 0.0) if two else LifeFit((), chance)


def goodness(lives: Sequence[UnitLife], fitted: Weibull) -> float | None:
    """The chance of failures by age that differ more from those expected (chi-square on groups of ages, two parameters estimated; Hjort
    1990, Annals of Statistics 18); None with fewer than four groups of five expected failures."""
    entered, left, failed, units = np.array(lives, dtype=float).reshape(-1, 4).T
    groups = min(_GROUPS, int((failed * units).sum() / _EXPECTED))
    ages = np.repeat(left[failed > 0], units[failed > 0].astype(int))
    edges = np.unique(np.quantile(ages, np.linspace(0, 1, groups + 1)[1:-1])) if groups >= 4 else np.zeros(0)
    if len(edges) < 3:
        return None
    bounds = np.concatenate(([0.0], edges, [np.inf]))
    seen, expected = np.histogram(ages, np.concatenate(([-1.0], np.nextafter(edges, np.inf), [np.inf])))[0], []
    for low, high in pairwise(bounds):
        begin, end = np.clip(entered, low, high), np.clip(left, low, high)
        expected.append(float(np.sum(units * (_hazard(fitted, end) - _hazard(fitted, begin)))))
    distance = float(np.sum((seen - expected) ** 2 / np.maximum(expected, 1e-9)))
    return float(special.chdtrc(len(seen) - 2, distance))


def text(lives: Sequence[UnitLife], steps: Sequence[SurvivalStep]) -> str:
    """The course of failure with age in words, as far as it is known, and the share that fails in the second year."""
    fitted = fit(lives)
    sentences = [_course(fitted)]
    seen = second_year(lives, steps)
    if seen is not None:
        share, low, high, at_risk = seen
        band = f"95 % range {percent(low, 2)} to {percent(high, 2)}"
        sentences.append(f"Of {at_risk:,} units seen at one year, {percent(share, 2)} failed in the following year (Kaplan-Meier, {band}).")
    elif len(fitted.parts) == 1 and fitted.parts[0][1].failures:
        expected = percent(survival.failure_probability(fitted.parts[0][1], _YEAR, _YEAR), 1)
        few = f"fewer than {_ENOUGH} units were seen at two years, so this is the Weibull's estimate"
        sentences.append(f"Of units that reach one year, {expected} are expected to fail in the following year ({few}).")
    return " ".join(sentences)


def second_year(lives: Sequence[UnitLife], steps: Sequence[SurvivalStep], level: float = 0.95) -> tuple[float, float, float, int] | None:
    """Of units alive at one year, the share that failed within another, by Kaplan and Meier with Greenwood's variance, its range, and how
    many were at risk at one year; None where too few are at risk at its end."""
    if min(_at_risk(lives, _YEAR), _at_risk(lives, 2 * _YEAR)) < _ENOUGH:
        return None
    within = [step for step in steps if _YEAR < step.age <= 2 * _YEAR]
    lasts = float(np.prod([1 - step.failed / step.at_risk for step in within])) if within else 1.0
    at_risk = _at_risk(lives, _YEAR)
    if not within or lasts <= 0:
        return 1 - lasts, 0.0, 1 - tails(level)[0] ** (1 / at_risk), at_risk  # none failed: the exact upper limit
    variance = sum(step.failed / (step.at_risk * max(step.at_risk - step.failed, 1)) for step in within)
    half = float(special.ndtri(tails(level)[1])) * variance**0.5 / -log(lasts)
    return 1 - lasts, 1 - lasts ** float(np.exp(-half)), 1 - lasts ** float(np.exp(half)), at_risk


def _two(lives: Sequence[UnitLife], age: float) -> LifeFit | None:
    """A Weibull up to an age and one after it, where both fit."""
    early = [
        life._replace(left_at_age=min(life.left_at_age, age), failed=life.failed and life.left_at_age <= age)
        for life in lives
        if life.entered_at_age < age
    ]
    late = [life._replace(entered_at_age=max(life.entered_at_age, age)) for life in lives if life.left_at_age > age]
    parts = survival.weibull(early), survival.weibull(late)
    if parts[0] is None or parts[1] is None:
        return None
    chances = goodness(early, parts[0]), goodness(late, parts[1])
    if any(chance is None or chance < _FITS for chance in chances):
        return None
    return LifeFit(((0.0, parts[0]), (age, parts[1])), min(chance for chance in chances if chance is not None))


def _course(fitted: LifeFit) -> str:
    if fitted.chance is None and not fitted.parts:
        return survival.weibull_text(None)
    if not fitted.parts:
        return f"No Weibull describes these failures ({_chance(fitted)}): none is used."
    fits = "too few failures to check the fit" if fitted.chance is None else _chance(fitted)
    if len(fitted.parts) == 1:
        return f"{survival.weibull_text(fitted.parts[0][1])} Goodness of fit: {fits}."
    (_, early), (age, late) = fitted.parts
    first, then = survival.weibull_text(early), survival.weibull_text(late)
    return f"One Weibull does not fit; two do ({fits}). Up to {age:,.0f} days: {first} After that: {then}"


def _chance(fitted: LifeFit) -> str:
    return "p < 0.001" if fitted.chance is not None and fitted.chance < 0.001 else f"p = {fitted.chance:.2g}"


def _at_risk(lives: Sequence[UnitLife], age: float) -> int:
    return sum(life.units for life in lives if life.entered_at_age < age <= life.left_at_age)


def _hazard(fitted: Weibull, ages: NDArray[np.float64]) -> NDArray[np.float64]:
    cumulative: NDArray[np.float64] = (ages / fitted.scale) ** fitted.shape
    return cumulative
