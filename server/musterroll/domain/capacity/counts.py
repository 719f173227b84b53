"""A predicted count with its uncertainty: negative binomial, Poisson if only chance is uncertain, or a table."""

from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy import special

from musterroll.domain.capacity.levels import Banded, Interval, tails

_POISSON = 1e-9  # relative excess of variance below which a count is Poisson


@dataclass(frozen=True, slots=True)
class Predictive(Banded):
    """A predicted count by its mean and variance (never below the mean, unless `table`, its cumulative probabilities, says so)."""

    mean: float
    variance: float
    table: NDArray[np.float64] | None = field(default=None, compare=False, repr=False)

    def cdf(self, count: float) -> float:
        """P(N <= count)."""
        if count < 0:
            return 0.0
        if self.table is not None:
            return float(self.table[min(int(count), len(self.table) - 1)])
        if self.mean <= 0:
            return 1.0
        if self.variance <= self.mean * (1 + _POISSON):
            return float(special.gammaincc(int(count) + 1, self.mean))
        return float(special.betainc(self.mean**2 / (self.variance - self.mean), int(count) + 1, self.mean / self.variance))

    def quantile(self, p: float) -> int:
        """The smallest count with P(N <= count) >= p."""
        if self.table is not None:
            return min(int(np.searchsorted(self.table, p)), len(self.table) - 1)
        high: int = ceil(self.mean + 4 * self.variance**0.5)
        while self.cdf(high) < p:
            high = 2 * high + 1
        low = -1
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.cdf(middle) >= p else (middle, high)
        return high

    def band(self, level: float) -> Interval:
        """A central band that holds at least `level`: from quantile to quantile, less an end it can do without, for counts are whole and
        a band of few holds more than it says."""
        first, last = tails(level)
        low, high = self.quantile(first), self.quantile(last)
        while low < high:
            at_low, at_high = self.cdf(low) - self.cdf(low - 1), self.cdf(high) - self.cdf(high - 1)
            if self.cdf(high) - self.cdf(low - 1) - min(at_low, at_high) < level:
                break
            low, high = (low + 1, high) if at_low < at_high else (low, high - 1)
        return Interval(low, high)
