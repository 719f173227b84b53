"""Products that go together, learned from what accounts own.

Of all accounts with deployed units, `first` own A, `second` own B and `both` own the two. If owning A had nothing to do with owning B, the
number of accounts with both would follow the hypergeometric distribution; the probability of at least so many is Fisher's exact test.
A pair is proposed where that probability, times the number of pairs tested (Bonferroni), is at most `LEVEL`.
"""

from collections.abc import Sequence
from typing import NamedTuple

FEWEST = 10  # accounts that own both
LEVEL = 0.01
LIFT = 1.2
CONFIDENCE = 0.3  # of the accounts with A, those with B as well
MOST = 200  # pairs, those of the highest lift


class Owned(NamedTuple):
    """Two products by row id, and accounts: of `accounts` in all, those that own A, B and both."""

    a: int
    b: int
    accounts: int
    first: int
    second: int
    both: int


class LearnedPair(NamedTuple):
    """`p` is the probability of so many accounts with both by chance, for all pairs tested together."""

    owned: Owned
    p: float

    @property
    def support(self) -> float:
        return self.owned.both / self.owned.accounts

    @property
    def confidence(self) -> float:
        return self.owned.both / self.owned.first

    @property
    def lift(self) -> float:
        """How many times more often A and B are owned together than by chance."""
        return self.owned.both * self.owned.accounts / (self.owned.first * self.owned.second)


def learn(counts: Sequence[Owned], products: int) -> list[LearnedPair]:
    """The pairs to propose, the highest lift first.

    `counts`: each pair once; both directions are judged. `products`: how many have at least `FEWEST` accounts, so could be in a pair.

    >>> [(pair.owned[:2], round(pair.lift, 2)) for pair in learn([Owned(1, 2, 100, 20, 50, 18), Owned(1, 3, 100, 20, 50, 10)], 3)]
    [((1, 2), 1.8), ((2, 1), 1.8)]
    """
    tested = [pair for pair in counts if pair.both >= FEWEST]
    if not tested:
        return []
    from scipy.stats import hypergeom  # slow to load

    chances = (float(hypergeom.sf(pair.both - 1, pair.accounts, pair.first, pair.second)) for pair in tested)
    ways = (
        LearnedPair(owned, min(1.0, p * products * (products - 1) / 2))
        for pair, p in zip(tested, chances, strict=True)
        for owned in (pair, Owned(pair.b, pair.a, pair.accounts, pair.second, pair.first, pair.both))
    )
    return sorted(filter(_proposed, ways), key=lambda pair: (-pair.lift, -pair.confidence, pair.owned))[:MOST]


def _proposed(pair: LearnedPair) -> bool:
    """Whether a pair is more than chance, and some accounts with A have no B yet."""
    strong = pair.p <= LEVEL and pair.lift >= LIFT and pair.confidence >= CONFIDENCE
    return strong and pair.owned.both < pair.owned.first
