"""Handling time of incidents (median and tail, not only the mean), and the hours of a predicted count."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from musterroll.domain.capacity.amounts import PredictedAmount
from musterroll.domain.capacity.counts import Predictive
from musterroll.domain.capacity.levels import tails

_FEW = 20  # below, the mean's interval is Student's
_MANY = 2_000  # above, it is the normal's
_DRAWS = 2_000


class Handling(NamedTuple):
    """Hours of closed incidents. `low` and `high` bound the mean; `spread` is the standard deviation of one, `error` that of the mean."""

    n: int
    mean: float
    median: float
    p90: float
    p95: float
    low: float
    high: float
    spread: float
    error: float


def handling(hours: Sequence[float], level: float = 0.95, seed: int = 0) -> Handling | None:
    """Handling time from hours of closed incidents; None without any. The mean's interval is by bootstrap percentiles (Efron 1979) from 20
    incidents on, Student's below; the spread of a single incident is taken to be as large as its hours."""
    if not len(hours):
        return None
    known = np.asarray(hours, dtype=float)
    n, mean = len(known), float(known.mean())
    spread = float(known.std(ddof=1)) if n > 1 else mean
    median, p90, p95 = (float(quantile) for quantile in np.quantile(known, (0.5, 0.9, 0.95)))
    low, high, error = _mean_interval(known, mean, spread, level, seed)
    return Handling(n, mean, median, p90, p95, max(0.0, low), high, spread, error)


def hours(count: Predictive, each: Handling) -> PredictedAmount:
    """The hours a predicted count of incidents will take: their number, each one's hours and the mean itself all uncertain (variance of a
    random sum: Wald 1944; Klugman, Panjer & Willmot, Loss Models)."""
    mean, error2 = count.mean * each.mean, each.error**2
    variance = count.mean * each.spread**2 + count.variance * (each.mean**2 + error2) + count.mean**2 * error2
    return PredictedAmount(mean, variance)


def with_travel(each: Handling, travel: Handling) -> Handling:
    """A visit: the work and the way to it, recorded separately and taken as independent. Its tail is a normal approximation."""
    spread = (each.spread**2 + travel.spread**2) ** 0.5
    error = (each.error**2 + travel.error**2) ** 0.5
    mean, half = each.mean + travel.mean, error * float(special.ndtri(0.975))
    return Handling(
        min(each.n, travel.n),
        mean,
        each.median + travel.median,
        mean + spread * float(special.ndtri(0.9)),
        mean + spread * float(special.ndtri(0.95)),
        max(0.0, mean - half),
        mean + half,
        spread,
        error,
    )


def _mean_interval(known: np.ndarray, mean: float, spread: float, level: float, seed: int) -> tuple[float, float, float]:
    n, upper = len(known), tails(level)[1]
    error = spread / n**0.5 * (((n - 1) / (n - 3)) ** 0.5 if n > 3 else 2.0)  # the spread itself is known from no more than these
    if n < _FEW:
        half = float(special.stdtrit(max(1, n - 1), upper)) * spread / n**0.5
        return mean - half, mean + half, error
    if n > _MANY:
        half = float(special.ndtri(upper)) * error
        return mean - half, mean + half, error
    draws = np.random.default_rng(seed).choice(known, (_DRAWS, n)).mean(axis=1)
    low, high = np.quantile(draws, tails(level))
    return float(low), float(high), error
