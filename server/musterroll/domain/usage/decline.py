"""Whether use declines, by a Mann-Kendall test on complete weeks.

The test counts, over all pairs of weeks, how often the later one is lower. Under no trend every order of the weeks is equally likely, so
the probability of so many falls is exact. It asks for no distribution of the use, and one odd week cannot make a trend. Use declines where
that probability is at most `LEVEL` and the last four weeks are at least a fifth below the first four.
"""

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

WEEKS = 12  # complete weeks that are looked at
ENDS = 4  # weeks at each end, which are compared for the size of the fall
LEVEL = 0.005  # probability under no trend
FALL = 0.2  # share of the use of the first weeks


class Trend(NamedTuple):
    """Of 12 complete weeks: `fall` is the share lost between the first and the last four, `p` the probability under no trend."""

    weeks: tuple[float, ...]
    fall: float
    p: float

    @property
    def declining(self) -> bool:
        return self.p <= LEVEL and self.fall >= FALL


def trend(weeks: Sequence[float]) -> Trend | None:
    """The trend of use by week, oldest first; None where it did not begin before these weeks."""
    first, last = sum(weeks[:ENDS]), sum(weeks[-ENDS:])
    if len(weeks) != WEEKS or not weeks[0] or not first:
        return None
    falls = sum(later < earlier for n, earlier in enumerate(weeks) for later in weeks[n + 1 :])
    return Trend(tuple(weeks), 1 - last / first, chance(falls, len(weeks)))


def chance(falls: int, weeks: int) -> float:
    """The probability of at least so many falls over all pairs of weeks, where every order is equally likely.

    >>> [chance(falls, 3) for falls in (0, 2, 3)]
    [1.0, 0.5, 0.16666666666666666]
    """
    orders = _orders(weeks)
    return sum(orders[falls:]) / sum(orders)


@cache
def _orders(weeks: int) -> tuple[int, ...]:
    """How many orders of so many weeks have 0, 1, 2, ... falls."""
    counts = [1]
    for longest in range(1, weeks):
        counts = [sum(counts[max(0, falls - longest) : falls + 1]) for falls in range(len(counts) + longest)]
    return tuple(counts)
