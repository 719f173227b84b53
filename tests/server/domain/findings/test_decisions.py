from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.findings.decisions import Change, Standing, State, decide, rerun, state
from musterroll.domain.values.errors import Conflict

from tests.support.fleets import DAY

FACTS, OTHER = ("deployed", "last heard on 1 July"), ("deployed", "last heard on 2 July")
OPEN = Standing(FACTS)
TOMORROW = DAY + timedelta(days=1)


def closed(to: State = State.RESOLVED, until: date | None = None) -> Standing:
    return decide(OPEN, to, "ann", "seen to", DAY, until)


def test_a_finding_seen_for_the_first_time_is_new_and_open() -> None:
    found, change = rerun(None, FACTS)
    assert (state(found, DAY), change) == (State.OPEN, Change.NEW)


def test_a_second_run_on_the_same_facts_changes_nothing() -> None:
    assert rerun(OPEN, FACTS) == (OPEN, Change.SAME)


def test_a_run_resolves_what_is_gone_and_opens_what_returns() -> None:
    gone, change = rerun(OPEN, None)
    assert (state(gone, DAY), change) == (State.RESOLVED, Change.GONE)
    back, change = rerun(gone, FACTS)
    assert (state(back, DAY), change) == (State.OPEN, Change.RETURNED)


@pytest.mark.parametrize("to", [State.ACCEPTED, State.RESOLVED])
def test_what_a_person_closed_stays_closed_through_runs_and_absence(to: State) -> None:
    standing = closed(to)
    for facts in (FACTS, None, FACTS):
        standing, _ = rerun(standing, facts)
    assert state(standing, DAY) is to


def test_changed_facts_open_what_a_person_closed() -> None:
    standing, change = rerun(closed(), OTHER)
    assert (state(standing, DAY), change) == (State.OPEN, Change.CHANGED)


def test_an_ignored_finding_is_open_again_on_its_day() -> None:
    standing = closed(State.IGNORED, TOMORROW)
    assert [state(standing, day) for day in (DAY, TOMORROW)] == [State.IGNORED, State.OPEN]


def test_a_person_can_open_again_what_was_closed() -> None:
    assert decide(closed(), State.OPEN, "bob", "", DAY) == OPEN


@pytest.mark.parametrize(
    ("standing", "to", "reason", "until", "says"),
    [
        (OPEN, State.ACCEPTED, " ", None, "enter a reason"),
        (OPEN, State.IGNORED, "later", None, "needs a date"),
        (OPEN, State.RESOLVED, "done", TOMORROW, "other decisions take none"),
        (OPEN, State.IGNORED, "later", DAY, "is not in the future"),
        (OPEN, State.OPEN, "", None, "already has this state"),
        (closed(), State.RESOLVED, "again", None, "already has this state"),
        (OPEN._replace(present=False), State.ACCEPTED, "late", None, "no longer exists"),
    ],
)
def test_a_decision_that_makes_no_sense_is_refused_with_why(
    standing: Standing, to: State, reason: str, until: date | None, says: str
) -> None:
    with pytest.raises(Conflict, match=says):
        decide(standing, to, "ann", reason, DAY, until)


runs = st.lists(st.none() | st.sampled_from([FACTS, OTHER]), max_size=8)


@given(runs)
def test_only_what_the_last_run_saw_counts(seen: list[tuple[str, ...] | None]) -> None:
    standing = closed()
    for facts in seen:
        standing, _ = rerun(standing, facts)
    last = seen[-1] if seen else FACTS
    assert state(standing, DAY) is (State.OPEN if last == OTHER else State.RESOLVED)


@given(runs, st.sampled_from([FACTS, OTHER, None]))
def test_running_twice_is_running_once(seen: list[tuple[str, ...] | None], facts: tuple[str, ...] | None) -> None:
    standing = OPEN
    for one in [*seen, facts]:
        standing, _ = rerun(standing, one)
    assert rerun(standing, facts) == (standing, Change.SAME)
