"""Incident rates by product, age and month, learnt together: a Poisson regression whose effects are shrunk, for each of several settings of
how much months, ages and seasons may differ; the settings are averaged by how well each predicted.

The logarithm of the rate of a product at an age in a month is the sum of three effects. That of a product is shrunk towards its family's
and that towards all products'; that of an age to its neighbours', the same for all products; that of a month is a random walk, a damped
slope (Gardner & McKenzie 1985, Management Science 31), two waves of the year and a shock of its own. Effects are normal, their posterior
approximate (Laplace: Tierney & Kadane 1986, JASA 81; Breslow & Clayton 1993, JASA 88). The probability of all months under a setting is the
product of the probabilities of each month given those before (Dawid 1984, JRSS A 147), so that settings are weighed by their past
forecasts (Hoeting et al. 1999, Statistical Science 14).
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

Numbers = NDArray[np.floating[Any]]

_WALKS = ((0.0, 0.9), (0.05, 0.1))  # standard deviation of the change from month to month, and its prior probability
_SLOPES = ((0.0, 0.6), (0.02, 0.4))  # of the slope, a month
_WAVES = ((0.0, 0.6), (0.3, 0.4))  # of the season
_SHOCKS = ((0.0, 0.65), (0.1, 0.1), (0.25, 0.25))  # of a month
_AGES = ((0.0, 0.3), (0.6, 0.7))  # of the change from one age band to the next
_ANY, _FAMILY, _PRODUCT = 3.0, 0.5, 0.4  # of the level, of families around it, of products around their family
_DAMPED = 0.98  # of the slope, a month
_SECOND = 0.4  # the second wave, relative to the first
_JUMP = 1.5  # of the level of the months before a jump
_LEAST = 1e-3  # of any effect: so that matrices can be inverted
_WIDEST = 1.0  # relative variance of an expectation
_HALVINGS = 20
_STEP = 2.0  # the largest change of an effect in one round of Newton's method
_ROUNDS, _STEADY = 12, 1e-3  # of Newton's method; a change of effects at which it ends


class Setting(NamedTuple):
    """Standard deviations of effects on the logarithm of the rate."""

    walk: float
    slope: float
    wave: float
    shock: float
    age: float


_GRID = [
    (Setting(*(sd for sd, _ in point)), sum(np.log(p) for _, p in point)) for point in product(_WALKS, _SLOPES, _WAVES, _SHOCKS, _AGES)
]
SETTINGS = [setting for setting, _ in _GRID]
_PRIOR = np.array([weight for _, weight in _GRID])


class Cells(NamedTuple):
    """Incidents and unit-months by month, product and age band; unit-months to come; the family of each product, by number; and the months
    at the beginning that have a level of their own."""

    events: Numbers
    exposure: Numbers
    coming: Numbers
    family: tuple[int, ...]
    jump: int = 0


class Outlook(NamedTuple):
    """Of each stretch of coming months: the mean incidents, and the variance of that expectation (chance comes on top). `rate` by coming
    month, product and age band; `weights` of `SETTINGS`; `slope` of the logarithm of the rate, a month; `wave`: its season by month."""

    mean: Numbers
    variance: Numbers
    rate: Numbers
    weights: Numbers
    slope: float
    wave: Numbers

    @classmethod
    def nothing(cls, spans: int, months: int, products: int, ages: int) -> "Outlook":
        """Where there is no past."""
        return cls(np.zeros(spans), np.zeros(spans), np.zeros((months, products, ages)), np.exp(_PRIOR), 0.0, np.zeros(12))


def outlook(cells: Cells, spans: Sequence[slice], ahead: int = 0) -> Outlook:
    """What to expect of stretches of the coming months, of which the first is `ahead` months after the last one known."""
    level = np.log((cells.events.sum() + 0.5) / max(float(cells.exposure.sum()), 1e-9))
    months, coming = len(cells.events), len(cells.coming)
    effects = _effects(months, coming, ahead, cells.jump)
    precision, logdet = _precision(cells, effects)
    fitted = _fit(cells._replace(exposure=cells.exposure * np.exp(level)), precision, logdet)
    weights = np.exp(fitted.likelihood + _PRIOR - (fitted.likelihood + _PRIOR).max())
    weights /= weights.sum()
    expected = _expect(cells._replace(coming=cells.coming * np.exp(level)), spans, effects, fitted, weights)
    return expected._replace(rate=expected.rate * np.exp(level))


class _Effects(NamedTuple):
    """By setting: the covariance of past months' effects; how those of coming months follow from them; what is left unknown of these; and
    how the slope and the season follow."""

    past: Numbers
    follow: Numbers
    left: Numbers
    slope: Numbers
    wave: Numbers


class _Fit(NamedTuple):
    """By setting: effects of products, ages and past months; their covariance; the logarithm of the probability of the past."""

    effects: Numbers
    covariance: Numbers
    likelihood: Numbers


@lru_cache(maxsize=4)
def _effects(months: int, coming: int, ahead: int, jump: int) -> _Effects:
    x = np.concatenate([np.arange(months) - months, ahead + np.arange(coming)]) + 0.5
    line = np.where(x < 0, x, (1 - _DAMPED ** np.abs(x)) / (1 - _DAMPED))
    apart = 2 * np.pi * (x[:, None] - x) / 12
    walk = np.minimum(np.abs(x)[:, None], np.abs(x)) * (x[:, None] * x > 0)
    wave = np.cos(apart) + _SECOND**2 * np.cos(2 * apart)
    parts = np.array([walk, np.outer(line, line), wave, np.eye(len(x))])
    squares = np.array([setting[:4] for setting in SETTINGS]) ** 2
    whole = np.tensordot(squares, parts, 1) + _LEAST**2 * np.eye(len(x))
    whole[:, :jump, :jump] += _JUMP**2
    past, cross = whole[:, :months, :months], whole[:, months:, :months]
    follow = np.linalg.solve(past, cross.transpose(0, 2, 1)).transpose(0, 2, 1)
    year = 2 * np.pi * (x[:months, None] - np.arange(12)) / 12
    turns = squares[:, 2, None, None] * (np.cos(year) + _SECOND**2 * np.cos(2 * year))
    slope = np.linalg.solve(past, (squares[:, 1, None] * line[:months])[:, :, None])[:, :, 0]
    season = np.linalg.solve(past, turns).transpose(0, 2, 1)
    return _Effects(past, follow, whole[:, months:, months:] - follow @ cross.transpose(0, 2, 1), slope, season)


def _precision(cells: Cells, effects: _Effects) -> tuple[Numbers, Numbers]:
    """The prior's precision by setting, and the logarithm of its determinant."""
    (products, ages), months = cells.events.shape[1:], len(cells.events)
    same = np.equal.outer(cells.family, cells.family)
    among = _ANY**2 + _FAMILY**2 * same + _PRODUCT**2 * np.eye(products)
    step = np.arange(ages) - ages // 2
    walk = np.minimum(np.abs(step)[:, None], np.abs(step)) * (np.multiply.outer(step, step) > 0)
    size = products + ages + months
    covariance = np.zeros((len(SETTINGS), size, size))
    covariance[:, :products, :products] = among
    by_age = np.array([max(setting.age, _LEAST) ** 2 for setting in SETTINGS])[:, None, None]
    covariance[:, products : products + ages, products : products + ages] = by_age * (walk + _LEAST * np.eye(ages))
    covariance[:, products + ages :, products + ages :] = effects.past
    precision = np.linalg.inv(covariance)
    return precision, -np.linalg.slogdet(covariance)[1]


def _fit(cells: Cells, precision: Numbers, logdet: Numbers) -> _Fit:
    """The most probable effects by Newton's method, and the curvature there."""
    products = cells.events.shape[1]
    seen = np.concatenate([cells.events.sum(axis=other) for other in ((0, 2), (0, 1), (1, 2))])
    effects = np.zeros((len(precision), len(seen)))
    for _ in range(_ROUNDS):
        information = _information(effects, cells.exposure)
        gradient = seen - np.diagonal(information, axis1=1, axis2=2) - (precision @ effects[:, :, None])[:, :, 0]
        change = np.clip(np.linalg.solve(precision + information, gradient[:, :, None])[:, :, 0], -_STEP, _STEP)
        effects = effects + change
        if np.abs(change).max() < _STEADY:
            break
    information = _information(effects, cells.exposure)
    expected = np.diagonal(information, axis1=1, axis2=2)[:, :products].sum(axis=1)
    fits = effects @ seen - expected - ((precision @ effects[:, :, None])[:, :, 0] * effects).sum(axis=1) / 2
    return _Fit(effects, np.linalg.inv(precision + information), fits + (logdet - np.linalg.slogdet(precision + information)[1]) / 2)


def _information(effects: Numbers, exposure: Numbers) -> Numbers:
    """What the incidents tell of the effects: for any two, the incidents expected in the cells that have both."""
    months, products, ages = exposure.shape
    p, a, m = slice(0, products), slice(products, products + ages), slice(products + ages, products + ages + months)
    factors = np.exp(effects)
    by_month = (factors[:, m] @ exposure.reshape(months, -1)).reshape(-1, products, ages)
    by_product = (factors[:, p] @ exposure.transpose(1, 0, 2).reshape(products, -1)).reshape(-1, months, ages)
    by_age = (factors[:, a] @ exposure.transpose(2, 1, 0).reshape(ages, -1)).reshape(-1, products, months)
    whole = np.zeros((len(effects), m.stop, m.stop))
    whole[:, p, a], whole[:, a, m], whole[:, p, m] = by_month, by_product.transpose(0, 2, 1), by_age
    whole *= factors[:, :, None] * factors[:, None]
    single = [whole[:, p, a].sum(axis=2), whole[:, p, a].sum(axis=1), whole[:, a, m].sum(axis=1)]
    whole += whole.transpose(0, 2, 1)
    at = np.arange(m.stop)
    whole[:, at, at] = np.concatenate(single, axis=1)
    return whole


def _expect(cells: Cells, spans: Sequence[slice], effects: _Effects, fitted: _Fit, weights: Numbers) -> Outlook:
    """Means and variances of the settings' lognormal expectations, averaged."""
    products, ages = cells.events.shape[1:]
    cut = (products, products + ages)
    month = (effects.follow @ fitted.effects[:, cut[1] :, None])[:, :, 0]
    by_product, by_age = (np.exp(part) for part in np.split(fitted.effects, cut, axis=1)[:2])
    rates = np.exp(month)[:, :, None, None] * (by_product[:, :, None] * by_age[:, None])[:, None]
    counts = rates * cells.coming
    own = np.zeros((len(spans), len(cells.coming)))
    for number, span in enumerate(spans):
        own[number, span] = 1
    by_month = own * counts.sum(axis=(2, 3))[:, None]
    whole = by_month.sum(axis=2)
    slopes = np.concatenate([own @ counts.sum(axis=3), own @ counts.sum(axis=2), by_month @ effects.follow], axis=2)
    variance = ((slopes @ fitted.covariance) * slopes).sum(axis=2) + ((by_month @ effects.left) * by_month).sum(axis=2)
    relative = np.minimum(variance / np.maximum(whole, 1e-12) ** 2, _WIDEST)
    mean = whole * np.exp(relative / 2)
    expected = weights @ mean
    spread = _spread(weights, mean, mean**2 * np.expm1(relative), expected)
    past = fitted.effects[:, cut[1] :, None]
    slope, wave = weights @ (effects.slope[:, None] @ past)[:, 0, 0], weights @ (effects.wave @ past)[:, :, 0]
    return Outlook(expected, spread, np.tensordot(weights, rates, 1), weights, float(slope), wave)


def _spread(weights: Numbers, mean: Numbers, variance: Numbers, expected: Numbers) -> Numbers:
    """The variance beyond chance of the normal distribution with the same central 80 % as the mixture of all settings: settings that are
    far off but unlikely belong to the tails."""
    chance = np.maximum(expected, 1e-9)
    sd = np.sqrt(variance + mean + 1e-9)
    reach = np.sqrt(weights @ (sd**2 + (mean - expected) ** 2))
    low, high = np.zeros_like(expected), 4 * reach
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        held = weights @ (special.ndtr((expected + middle - mean) / sd) - special.ndtr((expected - middle - mean) / sd))
        low, high = np.where(held < 0.8, middle, low), np.where(held < 0.8, high, middle)
    return np.asarray(np.maximum((high / special.ndtri(0.9)) ** 2 - chance, 0.0))
