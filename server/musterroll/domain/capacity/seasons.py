"""Seasonality: the seasonal-naive baseline of every forecast, and seasonal factors, used only if history shows a season and they would
have improved past forecasts."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from musterroll.domain.capacity.demand import PastPeriod
from musterroll.domain.capacity.levels import percent

_YEARS = 3  # seasons of history before one is looked for
_WAVES = (1, 2, 3)  # how many harmonics a season may take
_DOUBT = 0.01  # how likely chance alone may show such a season
_HINT = 0.25  # how likely chance alone may show the months of the year to differ as much, for a season to be looked for at all
_MORE = 0.15  # the same for a further wave once there is one: a season too smooth misses more than one too rough
_AHEAD = 3  # months told from each origin of the trial


Numbers = NDArray[np.float64]


class Seasons(NamedTuple):
    """Factors on exposure for past and coming months, 1 on average over the past and all 1 where no season is used; covariances of the
    logarithms of the coming ones, and how many numbers were learnt for them; the share of what months differ by that the season explains;
    mean absolute errors in the trial (None where there was none); and that in words."""

    past: tuple[float, ...]
    factors: tuple[float, ...]
    doubt: Numbers
    learnt: int
    present: bool
    strength: float
    error: float | None
    naive_error: float | None
    flat_error: float | None
    words: str

    def adjusted(self, history: Sequence[PastPeriod]) -> list[PastPeriod]:
        """The history with its exposure as the season weighs it: what is left is for `demand.dispersion` to tell."""
        return [PastPeriod(month.events, month.exposure * factor) for month, factor in zip(history, self.past, strict=True)]


def seasonal_naive(history: Sequence[float], horizon: int, period: int = 12) -> list[float]:
    """The baseline: each coming month as the same month a season ago; with less than a season of history, the last month.

    >>> seasonal_naive([1, 2, 3, 4], 3, period=4), seasonal_naive([5, 7], 2), seasonal_naive([], 1)
    ([1, 2, 3], [7, 7], [0.0])
    """
    if not history:
        return [0.0] * horizon
    past = list(history)
    lag = period if len(past) >= period else 1
    for _ in range(horizon):
        past.append(past[-lag])
    return past[len(history) :]


def seasons(history: Sequence[PastPeriod], horizon: int, period: int = 12) -> Seasons:
    """Seasonal factors from monthly counts over exposure (or over what rates by age expected), oldest first.

    A quasi-Poisson regression on harmonics of the year (McCullagh & Nelder 1989; Stolwijk, Straatman & Zielhuis 1999), as many waves as
    the F test asks for. Three seasons are needed. Where the F test finds a season at 1 %, rolling origins over the last one choose: the
    regression where its error was the smallest, the last season's own rates where the naive's was, none where a flat rate's was.
    """
    events, exposure = np.array(history, dtype=float).reshape(-1, 2).T
    if len(history) < _YEARS * period or exposure.min() <= 0 or events.sum() <= 0:
        return _without(len(history), horizon, f"{len(history)} months of history are too few to detect a seasonal pattern.")
    waves, strength = _waves(events, exposure, period) if _hint(events, exposure, period) else (0, 0.0)
    if not waves:
        return _without(len(history), horizon, "No seasonal pattern found.", strength)
    error, naive_error, flat_error = errors = _trial(events, exposure, period)
    comparison = f"explains {percent(strength)} of the monthly variation; forecast error {error:.3g} with it, "
    comparison += f"{naive_error:.3g} repeating last year, {flat_error:.3g} without"
    if flat_error <= min(error, naive_error):
        return _without(
            len(history),
            horizon,
            f"Seasonal pattern found but not used, as it does not improve forecasts ({comparison}).",
            strength,
            errors,
        )
    if error < naive_error:
        (factors, doubt), learnt, words = _regressed(events, exposure, waves, period, horizon), 2 * waves, "Seasonal pattern applied"
    else:
        (factors, doubt), learnt, words = _last(events, exposure, period, horizon), period - 1, "Seasonal pattern of last year applied"
    past, coming = (tuple(float(factor) for factor in part) for part in np.split(factors, [len(history)]))
    return Seasons(past, coming, doubt, learnt, True, strength, error, naive_error, flat_error, f"{words} ({comparison}).")


def _hint(events: Numbers, exposure: Numbers, period: int) -> bool:
    """Whether months of the year differ enough for a regression to be worth its import: one rate for each against one for all."""
    own, flat = _deviance(events, _by_month(events, exposure, period)), _deviance(events, exposure * events.sum() / exposure.sum())
    left = len(events) - period
    return bool(special.fdtrc(period - 1, left, (flat - own) / (period - 1) / max(own / left, 1.0)) < _HINT)


def _by_month(events: Numbers, exposure: Numbers, period: int) -> Numbers:
    """The past as expected by one rate for each month of the year."""
    month = np.arange(len(events)) % period
    return np.asarray((np.bincount(month, events) / np.bincount(month, exposure))[month] * exposure)


def _deviance(events: Numbers, predicted: Numbers) -> float:
    return float(2 * np.sum(special.xlogy(events, events / np.maximum(predicted, 1e-12)) - events + predicted))


def _without(past: int, horizon: int, words: str, strength: float = 0.0, errors: tuple[float, ...] | None = None) -> Seasons:
    error, naive, flat = errors or (None, None, None)
    return Seasons((1.0,) * past, (1.0,) * horizon, np.zeros((horizon, horizon)), 0, False, strength, error, naive, flat, words)


def _trial(events: Numbers, exposure: Numbers, period: int) -> tuple[float, float, float]:
    """Mean absolute errors of the season, of the naive and of a flat rate, over the months ahead of each origin in the last season."""
    missed = []
    for origin in range(len(events) - period, len(events) - _AHEAD + 1):
        past, lived, ahead = events[:origin], exposure[:origin], slice(origin, origin + _AHEAD)
        if not past.any():  # nothing to learn from yet: all three expect none
            missed.append([events[ahead].mean()] * 3)
            continue
        waves, _ = _waves(past, lived, period)
        flat = past.sum() / lived.sum() * exposure[ahead]
        seasonal = flat * _regressed(past, lived, waves, period, _AHEAD)[0][ahead]
        naive = np.array(seasonal_naive([float(month) for month in past], _AHEAD, period))
        missed.append([np.abs(events[ahead] - predicted).mean() for predicted in (seasonal, naive, flat)])
    error, naive_error, flat_error = np.mean(missed, axis=0)
    return float(error), float(naive_error), float(flat_error)


def _waves(events: Numbers, exposure: Numbers, period: int) -> tuple[int, float]:
    """How many harmonics history asks for, each against those before it, and the share of deviance that the most of them explain."""
    best, held = 0, _fit(events, exposure, 0, period)
    flat = strength = float(held.deviance)
    for waves in _WAVES:
        tried = _fit(events, exposure, waves, period)
        more, left = 2 * (waves - best), len(events) - 1 - 2 * waves
        noise = max(float(tried.pearson_chi2) / left, 1.0)
        if float(special.fdtrc(more, left, (held.deviance - tried.deviance) / more / noise)) < (_MORE if best else _DOUBT):
            best, held = waves, tried
        strength = float(tried.deviance)
    return best, 1 - strength / flat if flat > 0 else 0.0


def _regressed(events: Numbers, exposure: Numbers, waves: int, period: int, horizon: int) -> tuple[Numbers, Numbers]:
    """Factors of past and coming months by the regression, and the covariances of the logarithms of the coming ones."""
    fit, months = _fit(events, exposure, waves, period), len(events)
    turns = _harmonics(months + horizon, waves, period)[:, 1:]
    factors = _levelled(np.exp(turns @ fit.params[1:]), exposure)
    apart = turns[months:] - (exposure * factors[:months]) @ turns[:months] / exposure.sum()
    noise = max(float(fit.pearson_chi2) / (months - 1 - 2 * waves), 1.0)
    return factors, noise * apart @ np.asarray(fit.cov_params())[1:, 1:] @ apart.T


def _last(events: Numbers, exposure: Numbers, period: int, horizon: int) -> tuple[Numbers, Numbers]:
    """The same by the last season's own rates, half an event added to each month."""
    month = (np.arange(len(events) + horizon) - len(events)) % period
    seen, ahead = events[-period:] + 0.5, month[len(events) :]
    factors = _levelled((seen / exposure[-period:])[month], exposure)
    usual = _by_month(events, exposure, period)
    noise = max(float(np.sum((events - usual) ** 2 / np.maximum(usual, 0.5))) / (len(events) - period), 1.0)
    return factors, np.where(ahead[:, None] == ahead, noise / seen[ahead], 0.0)


def _levelled(shape: Numbers, exposure: Numbers) -> Numbers:
    """A shape with the mean 1 over past exposure."""
    return np.asarray(shape * exposure.sum() / (exposure @ shape[: len(exposure)]))


def _fit(events: Numbers, exposure: Numbers, waves: int, period: int) -> Any:
    from statsmodels.genmod.families import Poisson
    from statsmodels.genmod.generalized_linear_model import GLM

    return GLM(events, _harmonics(len(events), waves, period), family=Poisson(), offset=np.log(exposure)).fit()


def _harmonics(months: int, waves: int, period: int) -> Numbers:
    turn = 2 * np.pi * np.arange(months)[:, None] / period * np.arange(1, waves + 1)
    return np.column_stack([np.ones(months), np.cos(turn), np.sin(turn)])
