"""The stale sweep, paused alerts and canaries, on both databases."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.liveness import LIST_AGE, ListeningSpan, ListeningWindow, Liveness, LivenessFacts, assess_liveness, extend_listening
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.liveness import stale_sweep as stale_units
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.operations import ProcessHeartbeat, RegistryState
from musterroll.storage.tables.units import UnitStateChange
from musterroll.usecases.liveness import heartbeats
from musterroll.usecases.liveness.pause_alerts import pause_alerts, resume_alerts
from musterroll.usecases.liveness.stale_sweep import SweepResult, any_due, sweep
from sqlalchemy import update
from sqlmodel import Session, select

from tests.support.reporting import Reporter, enrol, voice

WINDOW = 186  # seconds until stale, at a heartbeat a minute


def listening(database: Database, since: datetime, until: datetime) -> None:
    with database.transaction() as session:
        registry = session.get_one(RegistryState, 1)
        registry.since, registry.until = to_ms(since), to_ms(until)


def listening_until(database: Database, until: datetime) -> None:
    with database.transaction() as session:
        session.get_one(RegistryState, 1).until = to_ms(until)


def canary(database: Database, at: datetime) -> None:
    """One that came back at once."""
    with database.transaction() as session:
        heartbeats.record_canary(session, "registry", to_ms(at), at)


def heard(database: Database, unit: Reporter, at: datetime, **facts: int) -> None:
    with database.transaction() as session:
        status = session.get_one(UnitStatus, unit.id)
        status.heard_at = status.first_heard_at = to_ms(at)
        status.beat = 0
        status.sqlmodel_update(facts)


def swept(database: Database, now: datetime) -> SweepResult:
    with database.transaction() as session:
        return sweep(session, now)


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_a_unit_silent_for_its_window_is_stale_as_of_its_deadline_with_the_cause(database: Database, now: datetime) -> None:
    silent, spoken = enrol(database, 2)
    listening(database, now - seconds(9000), now)
    heard(database, silent, now - seconds(WINDOW + 60))
    heard(database, spoken, now - seconds(WINDOW - 1))
    assert swept(database, now).newly_stale == [silent.id]
    assert voice(database, silent).stale_since == to_ms(now - seconds(60))
    assert voice(database, spoken).stale_since is None
    with database.snapshot() as session:
        (change,) = session.exec(select(UnitStateChange)).all()
    assert (change.unit_id, change.at, change.old, change.new) == (silent.id, to_ms(now - seconds(60)), "late", "stale")
    assert change.cause == "no heartbeat for 186 s while the registry was receiving; last report 2026-11-01 11:55:54 UTC"


def test_a_second_sweep_finds_nothing_new(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    listening(database, now - seconds(9000), now)
    heard(database, unit, now - seconds(WINDOW))
    assert swept(database, now).newly_stale == [unit.id]
    assert swept(database, now).newly_stale == []


def test_a_unit_never_heard_is_not_stale(database: Database, now: datetime) -> None:
    enrol(database)
    listening(database, now - seconds(9000), now)
    assert swept(database, now).newly_stale == []


def test_a_daily_sensor_goes_stale_though_the_registry_restarts_every_night(database: Database, now: datetime) -> None:
    """Down-time accuses nobody, and restarts excuse nobody: silence is the time listened since the last word, over all gaps."""
    (dead,) = enrol(database)
    start, down, window = now - timedelta(days=3), seconds(30), timedelta(hours=51)
    heard(database, dead, start, stale_after=51 * 3600)
    listening(database, start - timedelta(days=1), start)
    for night in range(3):
        listening_until(database, start + timedelta(days=night, hours=15))
        canary(database, start + timedelta(days=night, hours=15) + down)
    became_stale = start + window + 2 * down
    listening_until(database, became_stale)
    assert swept(database, became_stale - seconds(1)).newly_stale == []
    assert swept(database, now).newly_stale == [dead.id]
    assert voice(database, dead).stale_since == to_ms(became_stale)


def test_a_window_of_a_year_does_not_end_the_sweep_of_all_others(database: Database, now: datetime) -> None:
    yearly, silent = enrol(database, 2)
    listening(database, now - seconds(9000), now)
    heard(database, yearly, now - seconds(WINDOW), stale_after=2 * 366 * 86_400)
    heard(database, silent, now - seconds(WINDOW))
    assert swept(database, now).newly_stale == [silent.id]


def test_after_the_registry_was_down_nobody_is_stale_before_a_whole_window_of_listening(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    heard(database, unit, now - seconds(7200))
    listening(database, now - seconds(WINDOW - 1), now)
    assert swept(database, now).newly_stale == []
    listening(database, now - seconds(WINDOW), now)
    assert swept(database, now).newly_stale == [unit.id]


def test_silence_does_not_count_after_the_last_canary(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    heard(database, unit, now - seconds(7200))
    listening(database, now - seconds(8000), now - seconds(7200 - WINDOW + 1))
    assert swept(database, now).newly_stale == []


def test_more_units_than_one_statement_takes_are_all_swept(database: Database, now: datetime) -> None:
    units = enrol(database, 5)
    listening(database, now - seconds(9000), now)
    for unit in units:
        heard(database, unit, now - seconds(WINDOW))
    with database.transaction() as session:
        assert any_due(session, now)
        assert sorted(sweep(session, now, chunk=2).newly_stale) == [unit.id for unit in units]
        assert not any_due(session, now)


def test_a_unit_with_paused_alerts_is_left_alone_until_they_are_resumed(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    listening(database, now - seconds(9000), now)
    heard(database, unit, now - seconds(WINDOW))
    with database.transaction() as session:
        pause_alerts(session, unit.uid, "ada", now)
        pause_alerts(session, unit.uid, "ada", now)
    assert swept(database, now).newly_stale == []
    with database.transaction() as session:
        resume_alerts(session, unit.uid, "ada", now)
    assert swept(database, now).newly_stale == [unit.id]
    with database.snapshot() as session:
        changes = session.exec(select(UnitStateChange).order_by(UnitStateChange.id)).all()  # type: ignore[arg-type]
    assert [(c.old, c.new, c.actor) for c in changes] == [
        ("stale", "held", "ada"),
        ("held", "stale", "ada"),
        ("late", "stale", "registry"),
    ]


def test_canaries_in_time_extend_listening_and_one_after_a_gap_begins_another_span(database: Database, now: datetime) -> None:
    start = to_ms(now)
    proofs = [
        (start, ListeningWindow(start, start)),
        (start + 5000, ListeningWindow(start, start + 5000)),
        (start + 10_001, ListeningWindow(*[start + 10_001] * 2, (ListeningSpan(start, start + 5000, 5000),))),
    ]
    for sent, expected in proofs:
        with database.transaction() as session:
            heartbeats.record_canary(session, "registry", sent, from_ms(sent))
            assert liveness_states.hearing(session) == expected
    with database.snapshot() as session:
        assert session.exec(select(ProcessHeartbeat.name, ProcessHeartbeat.at)).one() == ("ingest:registry", start + 10_001)


def test_a_repeated_canary_changes_nothing(database: Database, now: datetime) -> None:
    start = to_ms(now)
    for sent in (start, start + 1000, start):
        with database.transaction() as session:
            heartbeats.record_canary(session, "registry", sent, now)
    with database.snapshot() as session:
        assert liveness_states.hearing(session) == ListeningWindow(start, start + 1000)


def test_of_two_ingests_only_what_the_slower_received_is_proven_until_it_is_gone(database: Database, now: datetime) -> None:
    start = to_ms(now)
    with database.transaction() as session:
        heartbeats.record_canary(session, "a", start, now)
        heartbeats.record_canary(session, "b", start, now)
        heartbeats.record_canary(session, "a", start + 3000, now)
        assert liveness_states.hearing(session).until == start
        later = now + seconds(61)
        heartbeats.record_canary(session, "a", to_ms(later), later)
        assert liveness_states.hearing(session) == ListeningWindow(to_ms(later), to_ms(later))


def test_a_clock_that_was_ahead_for_a_moment_stops_no_detection_and_is_told_once(database: Database, now: datetime) -> None:
    silent, spoken = enrol(database, 2)
    listening(database, now - seconds(9000), now)
    for unit in (silent, spoken):
        heard(database, unit, now - seconds(WINDOW - 30))
    ahead = now + timedelta(days=3650)
    for second in range(12):
        canary(database, ahead + seconds(second))
    heard(database, spoken, ahead)
    assert swept(database, ahead + seconds(12)).newly_stale == []
    for second in range(13, 45):
        canary(database, now + seconds(second))
        swept(database, now + seconds(second))
    assert voice(database, silent).stale_since == to_ms(now + seconds(30 + 13))  # the time in which the clock was wrong does not count
    assert to_ms(now + seconds(13)) <= (voice(database, spoken).heard_at or 0) <= to_ms(now + seconds(14))
    listening_until(database, now + seconds(15 + WINDOW))
    assert swept(database, now + seconds(15 + WINDOW)).newly_stale == [spoken.id]
    assert [event.since for event in clock_jumps(database)] == [to_ms(ahead + seconds(11))]


def test_a_clock_that_was_back_for_a_moment_stops_no_detection_and_is_told_once(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    listening(database, now - timedelta(days=9), now)
    heard(database, unit, now - seconds(WINDOW - 30))
    for at in (now - timedelta(days=1), now):
        for second in range(12):
            canary(database, at + seconds(second))
            assert swept(database, at + seconds(second)).newly_stale == []
    listening_until(database, now + seconds(WINDOW))
    assert swept(database, now + seconds(WINDOW)).newly_stale == [unit.id]
    assert [event.since for event in clock_jumps(database)] == [to_ms(now)]


def test_a_process_whose_last_proof_lies_in_the_future_is_not_taken_for_running(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        process_heartbeats.beat(session, "ingest:gone", to_ms(now + timedelta(days=1)))
        assert process_heartbeats.newest(session, "ingest:", to_ms(now)) is None


def clock_jumps(database: Database) -> list[EventRow]:
    with database.snapshot() as session:
        return list(session.exec(select(EventRow).where(EventRow.kind == EventKind.CLOCK_JUMPED)))


INSTANTS = st.integers(0, 40)
FACTS = st.builds(
    LivenessFacts,
    heard_at=st.none() | INSTANTS.map(lambda s: s * 500),
    late_after=st.integers(1, 6),
    stale_after=st.integers(4, 12),
    death_at=st.none() | INSTANTS.map(lambda s: s * 500),
    stale_since=st.none() | INSTANTS.map(lambda s: s * 500),
    held_at=st.none() | INSTANTS.map(lambda s: s * 500),
    reported_by_import_only=st.booleans(),
    quiet_since=st.none() | INSTANTS.map(lambda s: s * 500),
    unknown_since=st.none() | INSTANTS.map(lambda s: s * 500),
    listed_at=st.none() | st.builds(lambda old, s: s * 500 - old * LIST_AGE * 1000, st.booleans(), INSTANTS),
)


@st.composite
def windows(draw: st.DrawFn) -> ListeningWindow:
    """The registry was listening in some of twenty seconds, and in earlier spans with gaps of their own."""
    *bounds, since, until = sorted(draw(st.lists(INSTANTS, min_size=2, max_size=8)))
    lengths = [(bounds[n] * 500, bounds[n + 1] * 500) for n in range(0, len(bounds) - 1, 2)]
    spans = (ListeningSpan(a, b, draw(st.integers(0, b - a))) for a, b in lengths)
    return ListeningWindow(since * 500, until * 500, tuple(spans))


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(facts=st.lists(FACTS, min_size=1, max_size=12), hearing=windows(), now=INSTANTS)
def test_the_rule_in_python_and_in_sql_agree_and_the_sweep_calls_stale_exactly_those(
    database: Database, facts: list[LivenessFacts], hearing: ListeningWindow, now: int
) -> None:
    at = now * 500
    units = fleet(database, 12)
    judged = [assess_liveness(one, hearing, at) for one in facts]
    expected = {units[n]: one.since for n, one in enumerate(judged) if one.liveness is Liveness.STALE and facts[n].stale_since is None}
    with Session(database.engine) as session:  # rolled back at the end: each example finds nothing of the one before
        session.execute(update(UnitStatus), [_row(units[n], one) for n, one in enumerate(facts)])
        rows = session.exec(select(UnitStatus.unit_id, liveness_states.liveness(hearing, at)))
        states = dict(rows.all())
        assert [states[units[n]] for n in range(len(facts))] == [one.liveness for one in judged]
        assert {one.unit_id: one.stale_since for one in stale_units.mark_stale(session, hearing, at, 100)} == expected
    for one in expected.values():
        assert one is not None
        assert one <= at


@settings(max_examples=100, deadline=None)
@given(gaps=st.lists(st.tuples(st.integers(1, 8), st.integers(6, 60)), min_size=1, max_size=100), heard=st.integers(0, 4000))
def test_silence_is_never_more_than_what_was_listened_and_exact_while_few_gaps_are_known(gaps: list[tuple[int, int]], heard: int) -> None:
    window, second, spans = ListeningWindow(0, 0), 0, []
    for length, gap in gaps:
        spans.append((second, second + length))
        for proof in (second, second + length // 2, second + length):
            window = extend_listening(window, proof * 1000, proof * 1000)
        second += length + gap
    listened = sum(max(0, until - max(since, heard)) for since, until in spans) * 1000
    silence = window.listened_until(second * 1000) - window.listened_before(heard * 1000)
    assert silence == listened if len(gaps) <= 48 else silence <= listened


def _row(unit_id: int, facts: LivenessFacts) -> dict[str, Any]:
    fields = facts._asdict()
    return {"unit_id": unit_id, "beat": -1 if fields.pop("reported_by_import_only") else 0, **fields}


def fleet(database: Database, count: int) -> list[int]:
    with database.snapshot() as session:
        unit_ids = session.exec(select(UnitStatus.unit_id).order_by(UnitStatus.unit_id)).all()  # type: ignore[arg-type]
    return list(unit_ids) or [unit.id for unit in enrol(database, count)]
