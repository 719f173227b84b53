"""How incident rates have changed from month to month, in words."""

from typing import NamedTuple

import numpy as np

from musterroll.domain.capacity.levels import percent
from musterroll.domain.capacity.regression import SETTINGS, Numbers, Outlook

_LEAST_MONTHS, _LEAST_SEASON = 9, 18
_LIKELY = 0.5  # the probability from which on a change is spoken of


class Course(NamedTuple):
    """Sentences on the trend, the variation of single months, and the season."""

    trend: str
    variation: str
    season: str


def course(expected: Outlook, months: int) -> Course:
    """What so many months of history tell, by the weights of the settings that explain them."""
    walk, slope, wave, shock, _ = np.array(SETTINGS).T
    trend, season = _of(expected.slope, slope, walk, expected.weights, months), float(expected.weights @ (wave > 0))
    varies, by = float(expected.weights @ (shock > 0)), percent(float(expected.weights @ shock))
    if months < _LEAST_MONTHS:
        variation = "Too little history to measure month-to-month variation."
    elif varies > _LIKELY:
        variation = f"The {months} past months vary more than expected by chance (± {by}), which widens the ranges."
    else:
        variation = f"The {months} past months vary no more than expected by chance."
    return Course(trend, variation, _season(expected, season, months))


def _of(change: float, slope: Numbers, walk: Numbers, weights: Numbers, months: int) -> str:
    if months < _LEAST_MONTHS:
        return "Too little history to detect a trend."
    if float(weights @ (slope > 0)) > _LIKELY:
        direction = "rising" if change > 0 else "falling"
        return (
            f"Rates are {direction} by about {percent(abs(float(np.expm1(change))), 1)} a month, and taken to go on so, ever more slowly."
        )
    if float(weights @ (walk > 0)) > _LIKELY:
        return "Rates change from month to month without a direction; recent months count more."
    return "Rates are stable; all months count equally."


def _season(expected: Outlook, likely: float, months: int) -> str:
    if likely > _LIKELY:
        swing = float(np.exp(expected.wave.max() - expected.wave.min())) - 1
        return f"Seasonal pattern applied: the strongest month is {percent(swing)} above the weakest."
    if months < _LEAST_SEASON:
        return f"{months} months of history are too few to detect a seasonal pattern."
    return "No seasonal pattern found."
