"""What people decide about findings, and what a run makes of it.

A run only says what is so: present or gone, and on which facts. A person's decision rests on the facts it was made on: it holds while
they stay, also when the finding was gone in between, and falls when they change. So the state is worked out, never set by a run.
"""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.values.dates import in_words
from musterroll.domain.values.errors import Conflict


class FindingState(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    IGNORED = "ignored"
    RESOLVED = "resolved"


class Decision(NamedTuple):
    """`until` is the day an ignored finding is open again."""

    state: FindingState
    by: str
    reason: str
    facts: tuple[str, ...]
    until: date | None = None


class FindingRecord(NamedTuple):
    """A finding as stored: what the last run saw, and what a person last decided."""

    facts: tuple[str, ...]
    present: bool = True
    decision: Decision | None = None


class FindingChange(StrEnum):
    """What a run changes in one stored finding."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    RETURNED = "returned"
    GONE = "gone"


def state_on(standing: FindingRecord, on: date) -> FindingState:
    """The state of a finding on a day."""
    decision = standing.decision
    if not standing.present:
        return FindingState.RESOLVED
    if decision is None or decision.facts != standing.facts:
        return FindingState.OPEN
    over = decision.until is not None and on >= decision.until
    return FindingState.OPEN if over else decision.state


def after_run(standing: FindingRecord | None, facts: tuple[str, ...] | None) -> tuple[FindingRecord, FindingChange]:
    """The finding after a run that saw it on `facts`, or saw it no more (None). One of the two must be there."""
    if standing is None:
        if facts is None:
            raise ValueError("a finding that is neither stored nor seen")
        return FindingRecord(facts), FindingChange.NEW
    if facts is None:
        return standing._replace(present=False), FindingChange.GONE if standing.present else FindingChange.SAME
    change = FindingChange.RETURNED if not standing.present else FindingChange.SAME if facts == standing.facts else FindingChange.CHANGED
    return standing._replace(facts=facts, present=True), change


def decide(standing: FindingRecord, to: FindingState, by: str, reason: str, on: date, until: date | None = None) -> FindingRecord:
    """The finding after a person's decision. Raises Conflict for one without a reason, without a future day to ignore it until,
    for one that changes nothing, and for a finding that is gone."""
    if not standing.present:
        raise Conflict("this finding no longer exists: the last run did not find it", "finding_gone")
    if to is not FindingState.OPEN and not reason.strip():
        raise Conflict("enter a reason", "no_reason")
    if (to is FindingState.IGNORED) != (until is not None):
        raise Conflict("`ignored` needs a date to ignore the finding until; other decisions take none", "no_day")
    if until is not None and until <= on:
        raise Conflict(f"{in_words(until)} is not in the future; choose a later date", "past_day")
    if to is not FindingState.IGNORED and state_on(standing, on) is to:
        raise Conflict("this finding already has this state", "same_state")
    return standing._replace(decision=None if to is FindingState.OPEN else Decision(to, by, reason.strip(), standing.facts, until))
