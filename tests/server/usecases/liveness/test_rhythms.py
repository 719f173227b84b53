"""The rhythm of units, from their heartbeats to quiet and stale, on both databases."""

from datetime import datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.liveness import ListeningSpan, ListeningWindow, Liveness, ReportingClass
from musterroll.domain.liveness.rhythm import DAY, HOUR, HeardDay, unusual_at
from musterroll.domain.liveness.rhythm import learn as learned_from
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import quiet_sweep
from musterroll.storage.liveness import rhythms as stored_rhythms
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import UnitRhythm, UnitStatus
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.liveness import rhythms, stale_sweep
from musterroll.usecases.liveness.pause_alerts import pause_alerts
from musterroll.usecases.messages.receive import Batch, receive
from musterroll.usecases.units.look_up import unit_card
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.usecases.warranty import products
from sqlalchemy import update
from sqlmodel import Session, select

from tests.support.reporting import Reporter, enrol, voice

STEADY, OFF = HeardDay((1 << 24) - 1, 61), HeardDay(0, 0)
WORK = HeardDay(sum(1 << hour for hour in range(8, 18)), 240)


def listening(database: Database, since: datetime, until: datetime) -> None:
    with database.transaction() as session:
        registry = session.get_one(RegistryState, 1)
        registry.since, registry.until = to_ms(since), to_ms(until)


def beat(database: Database, unit: Reporter, number: int, at: datetime) -> None:
    with database.transaction() as session:
        receive(session, Batch([unit.arrival(unit.heartbeat(beat=number))]), at)


def learn(database: Database, now: datetime, limit: int = 100) -> bool:
    with database.transaction() as session:
        return rhythms.learn_rhythms(session, now, limit)


def known(database: Database, unit: Reporter, days: list[HeardDay], now: datetime, lifecycle: Lifecycle = Lifecycle.DEPLOYED) -> None:
    """The days of a unit up to yesterday, and what is learned from them. It was heard today."""
    yesterday = to_ms(now) // DAY - 1
    with database.transaction() as session:
        session.add(UnitRhythm(unit_id=unit.id, day=yesterday - 1, days=stored_rhythms.pack(days[:-1])))
        session.get_one(Unit, unit.id).lifecycle = lifecycle
        status = session.get_one(UnitStatus, unit.id)
        status.ring_hour, status.gap, status.pace = 24 * (yesterday + 1), days[-1].longest * 1000, 61_000
        status.ring, status.beat = 1 | sum((days[-1].hours >> hour & 1) << (24 - hour) for hour in range(24)), 0
    learn(database, now)


def heard(database: Database, unit: Reporter, at: datetime) -> None:
    with database.transaction() as session:
        status = session.get_one(UnitStatus, unit.id)
        status.heard_at = status.first_heard_at = to_ms(at)


def swept(database: Database, now: datetime) -> list[int]:
    with database.transaction() as session:
        assert stale_sweep.any_due(session, now) or not stale_sweep.sweep(session, now).newly_stale
        return stale_sweep.sweep(session, now).newly_stale


def card(database: Database, unit: Reporter, now: datetime) -> UnitCard:
    with database.snapshot() as session:
        return unit_card(session, unit.uid, now)


def events(database: Database) -> list[EventKind]:
    with database.snapshot() as session:
        return list(session.exec(select(EventRow.kind).order_by(EventRow.id)))  # type: ignore[arg-type]


def test_heartbeats_leave_hours_the_longest_silence_and_the_median_and_gaps_of_listening_leave_nothing(
    database: Database, now: datetime
) -> None:
    (unit,) = enrol(database)
    midnight = datetime(2026, 11, 1, tzinfo=now.tzinfo)
    listening(database, midnight - timedelta(days=1), now)
    times = [midnight + timedelta(seconds=second) for second in (10, 70, 131, 190, 430, 490, 3 * 3600, 3 * 3600 + 60)]
    for number, at in enumerate(times, 1):
        beat(database, unit, number, at)
    status = voice(database, unit)
    assert (status.ring, status.ring_hour, status.gap) == (0b1001, to_ms(midnight) // HOUR + 3, 240_000)
    assert 55_000 < status.pace < 65_000
    listening(database, times[-1] + timedelta(minutes=50), now)
    beat(database, unit, 9, times[-1] + timedelta(minutes=51))
    assert voice(database, unit).gap == 240_000
    beat(database, unit, 10, times[-1] + timedelta(days=9))
    assert voice(database, unit).ring == 1


def test_a_unit_is_learned_once_a_day_and_its_days_of_silence_follow_when_it_returns(database: Database, now: datetime) -> None:
    steady, silent = enrol(database, 2)
    listening(database, now - timedelta(days=40), now + timedelta(days=40))
    beat(database, silent, 1, now)
    for day in range(4):
        for hour in range(24):
            beat(database, steady, 1 + 24 * day + hour, now.replace(hour=0) + timedelta(days=day, hours=hour))
        at = now.replace(hour=0) + timedelta(days=day + 1, minutes=5)
        while learn(database, at, limit=1):
            pass
        assert not learn(database, at)
    beat(database, silent, 2, now + timedelta(days=3, hours=13))
    learn(database, now + timedelta(days=5))
    with database.snapshot() as session:
        of_steady, of_silent = (stored_rhythms.of_unit(session, unit.id) for unit in (steady, silent))
    assert of_steady is not None
    assert of_silent is not None
    assert [day.hours for day in stored_rhythms.unpack(of_steady[1])] == [(1 << 24) - 1] * 4
    assert [day.hours.bit_count() for day in stored_rhythms.unpack(of_silent[1])][:3] == [1, 0, 0]


def test_an_unusual_silence_is_quiet_with_its_evidence_and_one_event_then_stale_then_operating(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    listening(database, now - timedelta(days=40), now + timedelta(hours=1))
    known(database, unit, [STEADY] * 28, now)
    heard(database, unit, now - timedelta(seconds=131))
    assert swept(database, now) == []
    assert card(database, unit, now).liveness is Liveness.LATE
    later = now + timedelta(seconds=1)
    assert swept(database, later) == []
    assert (card(database, unit, later).liveness, events(database)) == (Liveness.QUIET, [EventKind.QUIET])
    assert (card(database, unit, later).usual, card(database, unit, later).pace) == (61, 61)
    assert swept(database, now + timedelta(seconds=55)) == [unit.id]
    beat(database, unit, 1, now + timedelta(seconds=60))
    assert (voice(database, unit).quiet_since, card(database, unit, now + timedelta(seconds=61)).liveness) == (None, Liveness.OPERATING)
    with database.snapshot() as session:
        changes = session.exec(select(UnitStateChange).where(UnitStateChange.axis == "liveness").order_by(UnitStateChange.id)).all()  # type: ignore[arg-type]
    assert [(change.old, change.new) for change in changes] == [("late", "quiet"), ("quiet", "stale"), ("stale", "operating")]
    assert changes[0].cause == (
        "unusual for this unit: usually reports every 61 s, at most 61 s apart in the last 28 days; silent for 2 min"
    )


def test_a_quiet_unit_that_is_heard_is_operating_again(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    listening(database, now - timedelta(days=40), now + timedelta(hours=1))
    known(database, unit, [STEADY] * 28, now)
    heard(database, unit, now - timedelta(seconds=150))
    swept(database, now)
    beat(database, unit, 1, now)
    with database.snapshot() as session:
        cause = session.exec(select(UnitStateChange.cause).where(UnitStateChange.old == "quiet")).one()
    assert cause == "heartbeat received after an unusual silence since 2026-11-01 12:00:00 UTC"


def test_paused_alerts_other_lifecycles_and_little_history_have_the_class_rule_alone(database: Database, now: datetime) -> None:
    paused, stock, new = enrol(database, 3)
    listening(database, now - timedelta(days=40), now + timedelta(hours=1))
    known(database, paused, [STEADY] * 28, now)
    known(database, stock, [STEADY] * 28, now + timedelta(days=1), Lifecycle.STOCK)
    known(database, new, [STEADY] * 3, now + timedelta(days=2))
    for unit in (paused, stock, new):
        heard(database, unit, now - timedelta(seconds=150))
    with database.transaction() as session:
        pause_alerts(session, paused.uid, "ada", now)
    assert swept(database, now) == []
    assert [voice(database, unit).quiet_since for unit in (paused, stock, new)] == [None] * 3


def test_an_office_is_left_alone_at_the_weekend_and_silent_by_its_rhythm_on_monday(database: Database, now: datetime) -> None:
    """1 November 2026 was a Sunday. Its class calls it stale after three minutes; it is silent for longer every night."""
    (unit,) = enrol(database)
    listening(database, now - timedelta(days=40), now + timedelta(days=2))
    known(database, unit, [OFF] + ([WORK] * 5 + [OFF] * 2) * 3 + [WORK] * 5 + [OFF], now)
    friday = now - timedelta(days=2) + timedelta(hours=5.5)
    heard(database, unit, friday)
    assert voice(database, unit).usual_after > 62 * 3600
    for hours in (1, 12, 24, 60):
        assert swept(database, friday + timedelta(hours=hours)) == []
        assert voice(database, unit).quiet_since is None
    monday = datetime(2026, 11, 2, 10, tzinfo=now.tzinfo)
    assert swept(database, monday + timedelta(seconds=489)) == []
    assert voice(database, unit).quiet_since is None
    assert swept(database, monday + timedelta(seconds=490)) == []
    assert card(database, unit, monday + timedelta(seconds=490)).liveness is Liveness.QUIET
    assert swept(database, monday + timedelta(seconds=490 + 186)) == [unit.id]


def test_a_shorter_window_of_the_class_does_not_undo_what_was_learned(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    listening(database, now - timedelta(days=40), now)
    known(database, unit, [HeardDay(1 << 6, 0)] * 28, now)
    learned = voice(database, unit).usual_after
    assert learned == 30 * 3600 + 186
    with database.transaction() as session:
        product = session.exec(select(Product)).one()
        products.change_product(
            session, product.id or 0, products.settings_of(session, product.id or 0)._replace(reporting=ReportingClass.SLEEPY), "ada", now
        )
        products.apply_pending(session, now)
    assert voice(database, unit).stale_after == learned
    with database.transaction() as session:
        receive(session, Batch([unit.arrival(unit.birth(epoch=2))]), now)
    assert voice(database, unit).stale_after == learned


DAYS = st.lists(st.builds(HeardDay, st.sampled_from([0, WORK.hours, STEADY.hours]), st.integers(0, 300)), min_size=7, max_size=28)


SILENT = st.lists(st.tuples(DAYS, st.integers(0, 4 * 86_400)), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(units=SILENT, deaf=st.integers(0, 86_400), hour=st.integers(0, 167))
def test_whatever_the_rule_calls_unusual_is_looked_at_by_the_sweep(
    database: Database, now: datetime, units: list[tuple[list[HeardDay], int]], deaf: int, hour: int
) -> None:
    """The SQL picks the units whose silence is looked at, and the rule decides: none that it would call unusual is left out."""
    ids, at = fleet(database, 6), to_ms(now) + hour * HOUR
    hearing = ListeningWindow(at - 86_400_000 + deaf * 500, at, (ListeningSpan(0, at - 86_400_000, at - 86_400_000),))
    rhythms_of = [learned_from(days, at // DAY - 1) for days, _ in units]
    heard_at = [at - silence * 1000 for _, silence in units]
    with Session(database.engine) as session:  # rolled back at the end
        rows = zip(ids, heard_at, rhythms_of, strict=False)
        session.execute(
            update(UnitStatus),
            [{"unit_id": unit, "heard_at": heard, "late_after": 1, "quiet_after": rhythm.least} for unit, heard, rhythm in rows],
        )
        looked = {unit.unit_id for unit in quiet_sweep.silent_units(session, hearing, at, 100)}
    rows = zip(ids, heard_at, rhythms_of, strict=False)
    unusual = {unit for unit, heard, rhythm in rows if unusual_at(rhythm, heard, hearing, at) <= at and heard <= at - 1000}
    assert unusual <= looked


def fleet(database: Database, count: int) -> list[int]:
    with database.snapshot() as session:
        unit_ids = session.exec(select(UnitStatus.unit_id).order_by(UnitStatus.unit_id)).all()  # type: ignore[arg-type]
    return list(unit_ids) or [unit.id for unit in enrol(database, count)]
