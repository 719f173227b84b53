"""The start of a reliable incident log: a ticket system introduced after the fleet makes early months look quiet."""

from collections.abc import Sequence
from math import log

_LEAST_MONTHS = 6
_STRONG = 20.0  # twice the logarithm of the likelihood ratio
_THIRD = 1 / 3


def log_start(events: Sequence[float], exposure: Sequence[float]) -> int:
    """The month from which incidents were recorded: where the rate jumps to more than three times what it was before, beyond all
    chance (likelihood ratio of two Poisson rates against one, Worsley 1986, Biometrika 73); else the first month that has any.

    >>> log_start([0, 0, 1] + [20] * 12, [500.0] * 15)
    3
    >>> log_start([20, 21, 19, 22, 18, 20, 21], [500.0] * 7)
    0
    """
    first = next((n for n, count in enumerate(events) if count > 0), len(events))
    best, at = _STRONG, first
    for split in range(first + 1, len(events) - _LEAST_MONTHS + 1):
        before, after = (sum(events[:split]), sum(exposure[:split])), (sum(events[split:]), sum(exposure[split:]))
        if min(before[1], after[1]) <= 0 or before[0] / before[1] > _THIRD * after[0] / after[1]:
            continue
        gain = 2 * (_best(*before) + _best(*after) - _best(before[0] + after[0], before[1] + after[1]))
        if gain > best:
            best, at = gain, split
    return at


def _best(events: float, exposure: float) -> float:
    """Log likelihood of a Poisson count at its own best rate, constants left out."""
    return events * log(events / exposure) - events if events else 0.0
