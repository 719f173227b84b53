"""A predicted count with its uncertainty: negative binomial, Poisson if only chance is uncertain, or a table."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, log2

import numpy as np
from numpy.typing import NDArray
from scipy import special

from musterroll.domain.capacity.levels import Banded, Interval, tails

_CHEAP = 1 << 22  # complex numbers an exact sum may take; beyond, the sum has the same mean and variance
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


def total(counts: Sequence[Predictive]) -> Predictive:
    """The sum of independent counts: exact, by the product of their generating functions on the unit circle, if that is cheap; else the
    negative binomial with the same mean and variance. (Counts that share a rate or a family are not independent: see
    `demand.moments`.)"""
    mean, variance = sum(c.mean for c in counts), sum(c.variance for c in counts)
    if len(counts) == 1:
        return counts[0]
    size = 1 << ceil(log2(mean + 12 * variance**0.5 + 32))
    if size * len(counts) > _CHEAP:
        return Predictive(mean, variance)
    circle = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    product = np.ones(len(circle), dtype=complex)
    for count in counts:
        product *= _generating(count, circle, size)
    mass = np.clip(np.fft.irfft(product, size), 0, None)
    return Predictive(mean, variance, np.cumsum(mass) / mass.sum())


def _generating(count: Predictive, z: NDArray[np.complex128], size: int) -> NDArray[np.complex128]:
    """The probability generating function of a count at each z."""
    if count.table is not None:
        return np.asarray(np.fft.rfft(np.diff(count.table, prepend=0.0), size), dtype=np.complex128)
    if count.mean <= 0:
        return np.ones(len(z), dtype=np.complex128)
    excess = count.variance / count.mean - 1
    if excess <= _POISSON:
        return np.exp(-count.mean * (1 - z))
    return np.exp(-count.mean / excess * np.log1p(excess * (1 - z)))
