"""What the calendar adds: the seasonal-naive baseline that stands beside every forecast, and a seasonal forecast used only where history
shows a season and the forecast would have done better."""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_YEARS = 3  # seasons of history before a season is looked for
_STRONG = 0.64  # strength from which a season counts
_AHEAD = 3  # months between origins in the trial


class Seasons(NamedTuple):
    """Factors by which coming months differ from the level of the last season (all 1 where no season shows), how strong the season is
    (0 to 1), mean absolute errors in the trial (None where there was none), and all that in words."""

    factors: tuple[float, ...]
    present: bool
    strength: float
    error: float | None
    naive_error: float | None
    flat_error: float | None
    words: str


def seasonal_naive(history: Sequence[float], horizon: int, period: int = 12) -> list[float]:
    """The baseline: each coming month as the same month a season ago; with less than a season, as the last month.

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


def seasons(history: Sequence[float], horizon: int, period: int = 12) -> Seasons:
    """Seasonal factors for coming months from a history of monthly rates (incidents per unit-month, oldest first).

    Needs three seasons. The season's strength is 1 - Var(rest) / Var(season + rest) of an STL decomposition (Cleveland et al. 1990;
    Wang, Smith & Hyndman 2006). The forecast is exponential smoothing with an additive season (Winters 1960), tried from rolling origins
    over the last season and used only where its error was smaller than the naive's and than a flat line's.
    """
    rates = np.asarray(history, dtype=float)
    flat = (1.0,) * horizon
    if len(rates) < _YEARS * period:
        return Seasons(flat, False, 0.0, None, None, None, f"{len(rates)} months of history are too few to look for a season.")
    strength = _strength(rates, period)
    if strength < _STRONG:
        return Seasons(flat, False, strength, None, None, None, f"History shows no season (strength {strength:.2f} of 1).")
    error, naive_error, flat_error = _trial(rates, period)
    told = f"strength {strength:.2f}, error {error:.3g} against {naive_error:.3g} naive and {flat_error:.3g} flat"
    if error >= min(naive_error, flat_error):
        return Seasons(flat, False, strength, error, naive_error, flat_error, f"A season that would not have helped ({told}).")
    level = float(rates[-period:].mean())
    factors = tuple(max(0.0, float(one)) / level for one in _smoothed(rates, horizon, period))
    return Seasons(factors, True, strength, error, naive_error, flat_error, f"A season that helps ({told}).")


def _trial(rates: NDArray[np.float64], period: int) -> tuple[float, float, float]:
    errors = []
    for origin in range(len(rates) - period, len(rates) - _AHEAD + 1, _AHEAD):
        past, truth = rates[:origin], rates[origin : origin + _AHEAD]
        said = (_smoothed(past, _AHEAD, period), seasonal_naive([float(x) for x in past], _AHEAD, period), past[-period:].mean())
        errors.append([float(np.abs(truth - np.asarray(one)).mean()) for one in said])
    error, naive, flat = np.mean(errors, axis=0)
    return float(error), float(naive), float(flat)


def _strength(rates: NDArray[np.float64], period: int) -> float:
    from statsmodels.tsa.seasonal import STL

    parts = STL(rates, period=period, robust=False).fit()
    spread = float(np.var(parts.seasonal + parts.resid))
    return max(0.0, 1 - float(np.var(parts.resid)) / spread) if spread > 0 else 0.0


def _smoothed(rates: NDArray[np.float64], horizon: int, period: int) -> NDArray[np.float64]:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a search that ends early still gives a forecast, and the trial judges it
        model = ExponentialSmoothing(rates, seasonal="add", seasonal_periods=period, initialization_method="heuristic")
        return np.asarray(model.fit().forecast(horizon), dtype=float)
