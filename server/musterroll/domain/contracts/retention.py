"""Renewal rate and revenue retention of contract terms that ended."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from musterroll.domain.contracts.renewal_outcomes import Outcome, PastTerm

BACK = 36  # months of terms that ended


class Retention(NamedTuple):
    """Terms that ended, by what became of them, and the annual value of the priced ones in one currency.

    `gross` is what renewals kept of `worth`, never more than each was worth; `net` includes what they added.
    """

    outcomes: dict[Outcome, int]
    priced: int = 0
    worth: float = 0.0
    gross: float = 0.0
    net: float = 0.0

    @property
    def due(self) -> int:
        return sum(self.outcomes.values())

    @property
    def renewed(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if outcome.renews)

    @property
    def gross_share(self) -> float | None:
        return self.gross / self.worth if self.worth else None

    @property
    def net_share(self) -> float | None:
        return self.net / self.worth if self.worth else None


def retention(past: Iterable[PastTerm], currency: str) -> Retention:
    """Of these terms; money of those worth something in this currency."""
    terms = list(past)
    priced = [term for term in terms if term.worth.get(currency)]
    pairs = [(term.worth[currency], term.retained.get(currency, 0.0)) for term in priced]
    gross = sum(min(worth, kept) for worth, kept in pairs)
    counts = Counter(term.outcome for term in terms)
    outcomes = {outcome: counts[outcome] for outcome in Outcome}
    return Retention(outcomes, len(pairs), sum(worth for worth, _ in pairs), gross, sum(kept for _, kept in pairs))
