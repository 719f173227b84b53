"""Drifting rates: how fast past evidence loses weight. A gamma-Poisson level whose evidence fades each month by the factor under which
past months were most likely (Smith & Miller 1986, JRSS B 48; Harvey & Fernandes 1989, JBES 7)."""

from collections.abc import Sequence
from math import lgamma, log
from typing import NamedTuple

from musterroll.domain.capacity.demand import PastPeriod
from musterroll.domain.capacity.levels import percent

_FADES = (1.0, 0.98, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6)
_LEAST_MONTHS = 9
_LEARNT = 3  # months used for learning only
_CLEAR = 1.0  # gain in log likelihood needed to assume fading
_HALF = 0.5


class Drift(NamedTuple):
    """`fade`: the weight of a month's evidence a month later (1: constant rate). `ahead`: for each month with a forecast, its incidents and
    those expected by the drifting rate one month ahead."""

    fade: float
    ahead: list[PastPeriod]
    words: str

    def weights(self, months: int) -> list[float]:
        """The present weight of each past month."""
        return [self.fade ** (months - month) for month in range(months)]


def drift(history: Sequence[PastPeriod]) -> Drift:
    """Learn the fading from incidents by month and those that constant rates would have expected."""
    if len(history) < _LEAST_MONTHS or sum(period.events for period in history) <= 0:
        return Drift(1.0, list(history), "Too little history to detect a trend; rates are assumed constant.")
    steady = _log_likelihood(history, 1.0)[0]
    best, fade = max((_log_likelihood(history, fade_rate)[0], fade_rate) for fade_rate in _FADES)
    if fade == 1.0 or best - steady < _CLEAR:
        return Drift(1.0, list(history), "Rates are stable; all months count equally.")
    words = f"Rates are changing; recent months count more (weight falls {percent(1 - fade)} a month)."
    return Drift(fade, _log_likelihood(history, fade)[1], words)


def _log_likelihood(history: Sequence[PastPeriod], fade: float) -> tuple[float, list[PastPeriod]]:
    """Log likelihood of each month given those before it, and those months over what was expected of them."""
    shape, rate, gain, ahead = _HALF, 0.0, 0.0, []
    for number, (events, expected) in enumerate(history):
        shape, rate = shape * fade, rate * fade
        if number >= _LEARNT and rate > 0 and expected > 0:
            gain += (
                lgamma(shape + events) - lgamma(shape) + shape * log(rate / (rate + expected)) + events * log(expected / (rate + expected))
            )
            ahead.append(PastPeriod(events, shape / rate * expected))
        shape, rate = shape + events, rate + expected
    return gain, ahead
