"""Whether units of two products fail at different ages, or by chance."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import special

from musterroll.domain.capacity.survival import UnitLife, failures_by_age

_CLEAR = 0.05


class Comparison(NamedTuple):
    """Failures of the first product and of the second, those expected if both failed alike at every age, and the chance of a difference at
    least as large if they do (`p`); `adjusted`: the same adjusted for the number of `pairs` of products that could be compared."""

    failures: tuple[int, int]
    expected: tuple[float, float]
    p: float
    pairs: int

    @property
    def adjusted(self) -> float:
        return min(1.0, self.p * self.pairs)

    @property
    def words(self) -> str:
        first, second = (f"{n:,} failures where {expected:,.1f} would be expected" for n, expected in zip(*self[:2], strict=True))
        figures = f"{first}, against {second} (log-rank test, p = {self.p:.2g})"
        if self.adjusted < _CLEAR:
            pairs = f", also after adjusting for {self.pairs:,} possible pairs of products" if self.pairs > 1 else ""
            return f"They differ at the same age: {figures}{pairs}."
        if self.p < _CLEAR:
            expectation = f"{self.pairs * _CLEAR:,.1f} of {self.pairs:,} possible pairs of products would differ as much by chance"
            return f"They may differ at the same age: {figures}; but {expectation}."
        return f"No difference at the same age is shown: {figures}."


def compare(first: Sequence[UnitLife], second: Sequence[UnitLife], products: int = 2) -> Comparison | None:
    """The log-rank test (Mantel 1966, Cancer Chemother. Rep. 50), a unit being at risk from the age at which it came under observation;
    Bonferroni's adjustment for all pairs of so many products. None without a failure while both were at risk."""
    ages, failed, at_risk = failures_by_age([first, second])
    whole, failures = at_risk.sum(axis=0), failed.sum(axis=0)
    share = at_risk[0] / whole
    variance = float(np.sum(failures * share * (1 - share) * np.where(whole > 1, (whole - failures) / np.maximum(whole - 1, 1), 0)))
    if not len(ages) or variance <= 0:
        return None
    seen, expected = float(failed[0].sum()), float(np.sum(failures * share))
    total = float(failures.sum())
    p = float(special.chdtrc(1, (seen - expected) ** 2 / variance))
    return Comparison((round(seen), round(total - seen)), (expected, total - expected), p, products * (products - 1) // 2)
