"""Decisions on findings.

A run only records whether a finding is present, and on which facts. A decision holds as long as those facts stay the same, even if the
finding was gone in between, and lapses when they change. So the state is derived, never set by a run.
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
    """`until`: the day an ignored finding opens again."""

    state: FindingState
    by: str
    reason: str
    facts: tuple[str, ...]
    until: date | None = None


class FindingRecord(NamedTuple):
    """A stored finding: what the last run saw, and the last decision."""

    facts: tuple[str, ...]
    present: bool = True
    decision: Decision | None = None


def state_on(record: FindingRecord, on: date) -> FindingState:
    """The state of a finding on a day."""
    decision = record.decision
    if not record.present:
        return FindingState.RESOLVED
    if decision is None or decision.facts != record.facts:
        return FindingState.OPEN
    over = decision.until is not None and on >= decision.until
    return FindingState.OPEN if over else decision.state


def decide(record: FindingRecord, to: FindingState, by: str, reason: str, on: date, until: date | None = None) -> FindingRecord:
    """The finding after a decision. Raises Conflict if the reason or the future day to ignore it until is missing, if nothing would
    change, and if the finding is gone."""
    if not record.present:
        raise Conflict("this finding no longer exists: the last run did not find it", "finding_gone")
    if to is not FindingState.OPEN and not reason.strip():
        raise Conflict("enter a reason", "no_reason")
    if (to is FindingState.IGNORED) != (until is not None):
        raise Conflict("`ignored` needs a date to ignore the finding until; other decisions take none", "no_day")
    if until is not None and until <= on:
        raise Conflict(f"{in_words(until)} is not in the future; choose a later date", "past_day")
    if to is not FindingState.IGNORED and state_on(record, on) is to:
        raise Conflict("this finding already has this state", "same_state")
    return record._replace(decision=None if to is FindingState.OPEN else Decision(to, by, reason.strip(), record.facts, until))
