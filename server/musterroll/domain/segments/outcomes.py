"""What became of an account that was handed over with a segment."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class HandOverWay(StrEnum):
    EXPORT = "export"
    WEBHOOK = "webhook"
    ASSIGN = "assign"


class HandOverOutcome(StrEnum):
    RENEWED = "renewed"
    EXPANDED = "expanded"
    STILL_IN = "still in"
    LEFT = "no longer in"
    LOST = "lost"


MEANS = {
    HandOverOutcome.RENEWED: "a contract term began since",
    HandOverOutcome.EXPANDED: "more units deployed or under contract than then",
    HandOverOutcome.STILL_IN: "unchanged, and still in the segment",
    HandOverOutcome.LEFT: "unchanged, but no longer in the segment",
    HandOverOutcome.LOST: "had a contract in force and has none now, or had deployed units and has none now",
}


class AccountState(NamedTuple):
    """An account at a moment: units deployed and on contract lines, and when the newest contract term in force began (None: none)."""

    deployed: int = 0
    covered: int = 0
    term_began: date | None = None


def outcome(then: AccountState, now: AccountState, *, handed_on: date, member: bool) -> HandOverOutcome:
    """The first that applies, in the order lost, renewed, expanded.

    >>> was, signed = AccountState(4, 4, date(2026, 1, 1)), AccountState(5, 4, date(2026, 12, 1))
    >>> [str(outcome(was, state, handed_on=date(2026, 11, 1), member=True)) for state in (signed, was)]
    ['renewed', 'still in']
    """
    if (then.term_began is not None and now.term_began is None) or (then.deployed and not now.deployed):
        return HandOverOutcome.LOST
    if now.term_began is not None and now.term_began > handed_on:
        return HandOverOutcome.RENEWED
    if now.deployed > then.deployed or now.covered > then.covered:
        return HandOverOutcome.EXPANDED
    return HandOverOutcome.STILL_IN if member else HandOverOutcome.LEFT
