"""A predicted amount (hours, money): gamma by mean and variance, or beta if it has a maximum."""

from dataclasses import dataclass
from math import inf

from scipy import special

from musterroll.domain.capacity.levels import Banded, Interval, tails


@dataclass(frozen=True, slots=True)
class PredictedAmount(Banded):
    """A predicted amount, 0 or more (and `most` or less), by its mean and variance."""

    mean: float
    variance: float
    most: float = inf

    def quantile(self, p: float) -> float:
        if self.mean <= 0 or self.variance <= 0:
            return self.mean
        if self.most == inf:
            return float(special.gammaincinv(self.mean**2 / self.variance, p)) * self.variance / self.mean
        share, spread = self.mean / self.most, self.variance / self.most**2
        if share >= 1 or spread >= share * (1 - share):
            return self.mean
        strength = share * (1 - share) / spread - 1
        return float(special.betaincinv(share * strength, (1 - share) * strength, p)) * self.most

    def band(self, level: float) -> Interval:
        """The central interval of this level."""
        low, high = tails(level)
        return Interval(self.quantile(low), self.quantile(high))

    def times(self, factor: float) -> "PredictedAmount":
        """The amount times a factor (such as cost per hour)."""
        return PredictedAmount(self.mean * factor, self.variance * factor**2, self.most * factor)

    def plus(self, other: "PredictedAmount", covariance: float = 0.0) -> "PredictedAmount":
        """The sum with another amount, independent unless their covariance is given."""
        return PredictedAmount(self.mean + other.mean, self.variance + other.variance + 2 * covariance, self.most + other.most)
