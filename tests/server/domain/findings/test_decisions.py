from datetime import date, timedelta
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.findings.decisions import FindingRecord, FindingState, decide, state_on
from musterroll.domain.values.errors import Conflict

from tests.support.fleets import DAY

FACTS, OTHER = ("deployed", "last heard on 1 July"), ("deployed", "last heard on 2 July")
OPEN = FindingRecord(FACTS)
TOMORROW = DAY + timedelta(days=1)


class FindingChange(StrEnum):
    """What a run changes about a stored finding."""

    NEW = "new"
    SAME = "same"
    CHANGED = "changed"
    RETURNED = "returned"
    GONE = "gone"


def after_run(record: FindingRecord | None, facts: tuple[str, ...] | None) -> tuple[FindingRecord, FindingChange]:
    """The finding after a run that saw it with `facts`, or no longer saw it (None), as `storage.findings.store` merges them in SQL."""
    if record is None:
        if facts is None:
            raise ValueError("a finding that is neither stored nor seen")
        return FindingRecord(facts), FindingChange.NEW
    if facts is None:
        return record._replace(present=False), FindingChange.GONE if record.present else FindingChange.SAME
    change = FindingChange.RETURNED if not record.present else FindingChange.SAME if facts == record.facts else FindingChange.CHANGED
    return record._replace(facts=facts, present=True), change


def closed(to: FindingState = FindingState.RESOLVED, until: date | None = None) -> FindingRecord:
    return decide(OPEN, to, "ann", "seen to", DAY, until)


def test_a_finding_seen_for_the_first_time_is_new_and_open() -> None:
    found, change = after_run(None, FACTS)
    assert (state_on(found, DAY), change) == (FindingState.OPEN, FindingChange.NEW)


def test_a_second_run_on_the_same_facts_changes_nothing() -> None:
    assert after_run(OPEN, FACTS) == (OPEN, FindingChange.SAME)


def test_a_run_resolves_what_is_gone_and_opens_what_returns() -> None:
    gone, change = after_run(OPEN, None)
    assert (state_on(gone, DAY), change) == (FindingState.RESOLVED, FindingChange.GONE)
    back, change = after_run(gone, FACTS)
    assert (state_on(back, DAY), change) == (FindingState.OPEN, FindingChange.RETURNED)


@pytest.mark.parametrize("to", [FindingState.ACCEPTED, FindingState.RESOLVED])
def test_what_a_person_closed_stays_closed_through_runs_and_absence(to: FindingState) -> None:
    standing = closed(to)
    for facts in (FACTS, None, FACTS):
        standing, _ = after_run(standing, facts)
    assert state_on(standing, DAY) is to


def test_changed_facts_open_what_a_person_closed() -> None:
    standing, change = after_run(closed(), OTHER)
    assert (state_on(standing, DAY), change) == (FindingState.OPEN, FindingChange.CHANGED)


def test_an_ignored_finding_is_open_again_on_its_day() -> None:
    standing = closed(FindingState.IGNORED, TOMORROW)
    assert [state_on(standing, day) for day in (DAY, TOMORROW)] == [FindingState.IGNORED, FindingState.OPEN]


def test_a_person_can_open_again_what_was_closed() -> None:
    assert decide(closed(), FindingState.OPEN, "bob", "", DAY) == OPEN


@pytest.mark.parametrize(
    ("standing", "to", "reason", "until", "says"),
    [
        (OPEN, FindingState.ACCEPTED, " ", None, "enter a reason"),
        (OPEN, FindingState.IGNORED, "later", None, "needs a date"),
        (OPEN, FindingState.RESOLVED, "done", TOMORROW, "other decisions take none"),
        (OPEN, FindingState.IGNORED, "later", DAY, "is not in the future"),
        (OPEN, FindingState.OPEN, "", None, "already has this state"),
        (closed(), FindingState.RESOLVED, "again", None, "already has this state"),
        (OPEN._replace(present=False), FindingState.ACCEPTED, "late", None, "no longer exists"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_with_why(
    standing: FindingRecord, to: FindingState, reason: str, until: date | None, says: str
) -> None:
    with pytest.raises(Conflict, match=says):
        decide(standing, to, "ann", reason, DAY, until)


runs = st.lists(st.none() | st.sampled_from([FACTS, OTHER]), max_size=8)


@given(runs)
def test_only_what_the_last_run_saw_counts(seen: list[tuple[str, ...] | None]) -> None:
    standing = closed()
    for facts in seen:
        standing, _ = after_run(standing, facts)
    last = seen[-1] if seen else FACTS
    assert state_on(standing, DAY) is (FindingState.OPEN if last == OTHER else FindingState.RESOLVED)


@given(runs, st.sampled_from([FACTS, OTHER, None]))
def test_running_twice_is_running_once(seen: list[tuple[str, ...] | None], facts: tuple[str, ...] | None) -> None:
    standing = OPEN
    for one in [*seen, facts]:
        standing, _ = after_run(standing, one)
    assert after_run(standing, facts) == (standing, FindingChange.SAME)
