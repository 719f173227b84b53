"""Batches of messages, on both databases."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.messages.durable import Stream
from musterroll.storage.tables.liveness import UnitStatus, UnitUsage
from musterroll.storage.tables.messages import DurableMessage, MessageStream, QuarantinedMessage, SetAsideMessage
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.messages.quarantine import RejectedMessage
from musterroll.usecases.messages.receive import Arrival, Batch, Outcome, UplinkMessage, receive
from musterroll_wire.messages import Command, Death, Receipt
from sqlmodel import select

from tests.support.reporting import Reporter, enrol, voice


def process(database: Database, arrivals: list[Arrival], now: datetime, rejected: list[RejectedMessage] | None = None) -> Outcome:
    with database.transaction() as session:
        return receive(session, Batch(arrivals, rejected or []), now)


def report(database: Database, unit: Reporter, now: datetime, *messages: UplinkMessage) -> Outcome:
    return process(database, [unit.arrival(message) for message in messages], now)


def history(database: Database, unit: Reporter, axis: str = "liveness") -> list[tuple[str | None, str]]:
    with database.snapshot() as session:
        query = select(UnitStateChange).where(UnitStateChange.unit_id == unit.id, UnitStateChange.axis == axis).order_by(UnitStateChange.id)  # type: ignore[arg-type]
        return [(change.old, change.new) for change in session.exec(query)]


def upto(outcome: Outcome) -> dict[int, int]:
    return {receipt.epoch: receipt.seq for _, receipt in outcome.receipts}


def test_a_durable_message_is_stored_and_receipted(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    outcome = report(database, unit, now, unit.record(epoch=4, seq=1, value=7))
    assert outcome.receipts == [(unit.uid, Receipt(4, 1, registry=1, at=to_ms(now) // 1000))]
    with database.snapshot() as session:
        (stored,) = session.exec(select(DurableMessage)).all()
    assert (stored.unit_id, stored.epoch, stored.seq, stored.about) == (unit.id, 4, 1, "event")
    assert stored.body == '{"epoch":4,"seq":1,"oldest":1,"at":1793534400,"about":"event","data":{"value":7}}'


def test_a_replay_is_receipted_again_and_stored_once(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.record(seq=1), unit.record(seq=2))
    outcome = report(database, unit, now, unit.record(seq=2, oldest=2), unit.record(seq=2))
    assert (outcome.replayed, upto(outcome)) == (2, {1: 2})
    assert upto(report(database, unit, now, unit.record(seq=1))) == {1: 1}  # perhaps of a life that does not know of the second
    with database.snapshot() as session:
        assert len(session.exec(select(DurableMessage)).all()) == 2


def test_a_receipt_stops_at_a_gap_and_passes_it_once_it_is_filled(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    assert upto(report(database, unit, now, unit.record(seq=1), unit.record(seq=3), unit.record(seq=4))) == {1: 1}
    assert upto(report(database, unit, now, unit.record(seq=6))) == {1: 1}
    assert upto(report(database, unit, now, unit.record(seq=2))) == {1: 4}
    assert upto(report(database, unit, now, unit.record(seq=5))) == {1: 6}


def test_numbers_below_the_oldest_kept_are_not_waited_for(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    assert upto(report(database, unit, now, unit.record(seq=9, oldest=9))) == {1: 9}


def test_a_rejected_message_uses_its_number_so_that_it_is_not_sent_forever(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    rejected = RejectedMessage("musterroll/1/x/record", unit.uid, "wrong_type", "about is text", b"{}", (Stream(unit.id, 1), 2))
    outcome = process(database, [unit.arrival(unit.record(seq=1)), unit.arrival(unit.record(seq=3))], now, [rejected])
    assert (upto(outcome), outcome.rejected) == ({1: 3}, {"wrong_type": 1})
    with database.snapshot() as session:
        (row,) = session.exec(select(QuarantinedMessage)).all()
    assert (row.unit, row.code, row.detail) == (unit.uid, "wrong_type", "about is text")


def test_after_its_first_heartbeat_a_unit_is_operating(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.heartbeat(epoch=2, beat=5, vitals={"cpu": 40}, usage={"pages": 12}))
    status = voice(database, unit)
    assert (status.heard_at, status.first_heard_at, status.epoch, status.beat, status.cpu) == (to_ms(now), to_ms(now), 2, 5, 40)
    assert history(database, unit) == [("never_heard", "operating")]
    with database.snapshot() as session:
        (usage,) = session.exec(select(UnitUsage)).all()
    assert (usage.name, usage.value) == ("pages", 12)


def test_a_late_duplicate_of_a_heartbeat_changes_nothing(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.heartbeat(beat=2, vitals={"cpu": 50}, usage={"pages": 9}))
    later = now + timedelta(minutes=5)
    report(
        database, unit, later, unit.heartbeat(beat=2, vitals={"cpu": 50}), unit.heartbeat(beat=1, vitals={"cpu": 10}, usage={"pages": 5})
    )
    status = voice(database, unit)
    assert (status.heard_at, status.beat, status.cpu) == (to_ms(now), 2, 50)
    with database.snapshot() as session:
        assert session.exec(select(UnitUsage.value)).one() == 9


def test_a_heartbeat_of_an_unknown_start_asks_for_the_birth_until_it_comes(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    rebirth = [(unit.uid, Command("rebirth"))]
    assert report(database, unit, now, unit.heartbeat(epoch=3, beat=1)).commands == rebirth
    assert report(database, unit, now, unit.heartbeat(epoch=3, beat=2)).commands == rebirth
    assert report(database, unit, now, unit.birth(epoch=3), unit.heartbeat(epoch=3, beat=3)).commands == []


def test_a_unit_whose_birth_was_rejected_is_asked_for_another_once_an_hour(database: Database, now: datetime) -> None:
    unit, other = enrol(database, 2)
    rebirth = Command("rebirth")
    rejected = RejectedMessage(f"musterroll/1/{unit.uid}/birth", unit.uid, "wrong_type", "firmware is long", b"{}", (Stream(unit.id, 3), 1))
    process(database, [], now, [rejected])
    for beat in range(1, 60):
        assert report(database, unit, now + timedelta(minutes=beat), unit.heartbeat(epoch=3, beat=beat)).commands == []
    assert report(database, unit, now + timedelta(minutes=60), unit.heartbeat(epoch=3, beat=60)).commands == [
        (unit.uid, Command("rebirth"))
    ]
    assert report(database, other, now, other.heartbeat(epoch=3, beat=1)).commands == [(other.uid, rebirth)]


def test_a_birth_describes_the_unit_and_sets_its_windows(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(epoch=2, interval=600, firmware="2.1", agent="0.1", card={"months": 24}, evidence={"mac": "aa"}))
    status = voice(database, unit)
    assert (status.heard_at, status.epoch, status.interval, status.late_after, status.stale_after) == (to_ms(now), 2, 600, 660, 1860)
    with database.snapshot() as session:
        row = session.get_one(Unit, unit.id)
    assert (row.firmware, row.agent, row.card, row.evidence, row.born_at) == ("2.1", "0.1", {"months": 24}, {"mac": "aa"}, now)
    assert history(database, unit) == [("never_heard", "operating")]


def test_an_older_birth_is_history_and_no_more_than_a_sign_of_life(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(epoch=5, firmware="new"), unit.heartbeat(epoch=5, beat=1))
    before = voice(database, unit)
    later = now + timedelta(hours=1)
    outcome = report(database, unit, later, unit.birth(epoch=4, firmware="old", interval=5))
    assert (upto(outcome), outcome.commands) == ({4: 1}, [])
    assert voice(database, unit).model_dump() == {**before.model_dump(), "heard_at": to_ms(later)}
    with database.snapshot() as session:
        assert session.get_one(Unit, unit.id).firmware == "new"


def test_a_replayed_birth_does_not_count_as_a_report(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth())
    report(database, unit, now + timedelta(hours=1), unit.birth())
    assert voice(database, unit).heard_at == to_ms(now)


def test_a_record_does_not_count_as_a_report(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.record())
    assert voice(database, unit).heard_at is None


def test_a_birth_with_another_serial_is_recorded_once_and_overwrites_nothing(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(epoch=1, serial="OTHER77"))
    report(database, unit, now, unit.birth(epoch=2, serial="OTHER77"))
    report(database, unit, now, unit.birth(epoch=3, serial="Default string"))
    assert history(database, unit, "identity") == [(unit.serial, "OTHER77"), (unit.serial, "Default string")]
    with database.snapshot() as session:
        assert session.get_one(Unit, unit.id).serial == unit.serial


def test_the_serial_in_another_spelling_is_the_same_serial(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(serial=f" {unit.serial.lower()[:2]}-{unit.serial[2:]} "))
    assert history(database, unit, "identity") == []


def test_a_death_of_the_running_epoch_is_a_hint_that_the_next_heartbeat_revokes(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(), unit.heartbeat(beat=1), Death(1))
    assert voice(database, unit).death_at == to_ms(now)
    report(database, unit, now, unit.heartbeat(beat=2))
    assert voice(database, unit).death_at is None
    assert history(database, unit) == [("never_heard", "operating"), ("operating", "late"), ("late", "operating")]


def test_a_death_of_an_older_epoch_is_ignored(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(epoch=2), Death(1))
    assert voice(database, unit).death_at is None


def test_a_replayed_heartbeat_does_not_revoke_a_death(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(), unit.heartbeat(beat=1))
    report(database, unit, now, Death(1), unit.heartbeat(beat=1))
    assert voice(database, unit).death_at == to_ms(now)


def stale(database: Database, unit: Reporter, now: datetime) -> None:
    with database.transaction() as session:
        session.get_one(UnitStatus, unit.id).stale_since = to_ms(now)


def asides(database: Database) -> list[tuple[int, int, str]]:
    with database.snapshot() as session:
        a = SetAsideMessage
        return sorted(session.exec(select(a.epoch, a.seq, a.about)))


def test_a_heartbeat_of_a_passed_epoch_is_life_and_names_the_epoch_to_go_on_above(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(epoch=5), unit.record(epoch=7), unit.heartbeat(epoch=5, beat=9, vitals={"cpu": 1}))
    stale(database, unit, now)
    later = now + timedelta(hours=1)
    outcome = report(database, unit, later, unit.heartbeat(epoch=2, beat=1, vitals={"cpu": 9}))
    assert outcome.commands == [(unit.uid, Command("epoch", {"epoch": 2, "above": 7}))]
    status = voice(database, unit)
    assert (status.heard_at, status.stale_since, status.epoch, status.beat, status.cpu) == (to_ms(later), None, 5, 9, 1)
    assert history(database, unit)[-1] == ("stale", "operating")
    assert asides(database) == [(2, 0, "heartbeat")]


def test_a_heartbeat_with_a_passed_number_of_the_same_epoch_is_life_too(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(), unit.heartbeat(beat=500))
    stale(database, unit, now)
    outcome = report(database, unit, now + timedelta(hours=1), unit.heartbeat(beat=1))
    assert (outcome.commands, voice(database, unit).stale_since, voice(database, unit).beat) == ([], None, 500)


def test_births_of_passed_and_new_epochs_in_one_batch_revive_each_unit_once(database: Database, now: datetime) -> None:
    units = enrol(database, 2)
    for unit in units:
        report(database, unit, now, unit.birth(epoch=5))
        stale(database, unit, now)
    process(database, [units[0].arrival(units[0].birth(epoch=2)), units[1].arrival(units[1].birth(epoch=6))], now + timedelta(hours=1))
    assert [history(database, unit)[1:] for unit in units] == [[("stale", "operating")]] * 2


def test_what_comes_late_of_an_earlier_epoch_is_stored_and_receipted(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(epoch=3), unit.birth(epoch=6), unit.heartbeat(epoch=6))
    outcome = report(database, unit, now, unit.record(epoch=3, seq=2), unit.birth(epoch=4), unit.record(epoch=4, seq=2))
    assert (upto(outcome), outcome.commands, asides(database)) == ({3: 2, 4: 2}, [], [])


def test_another_content_under_a_number_is_kept_apart_not_receipted_and_is_life(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(run="a"), unit.record(seq=2), unit.birth(epoch=4), unit.heartbeat(epoch=4))
    stale(database, unit, now)
    later = now + timedelta(hours=1)
    outcome = report(database, unit, later, unit.birth(run="b"), unit.record(seq=2), unit.record(seq=3))
    assert outcome.receipts == []
    assert outcome.commands == [(unit.uid, Command("epoch", {"epoch": 1, "above": 4}))]
    assert asides(database) == [(1, 1, "birth"), (1, 3, "event")]
    assert (voice(database, unit).heard_at, voice(database, unit).stale_since) == (to_ms(later), None)
    with database.snapshot() as session:
        m = DurableMessage
        kept = session.exec(select(m.epoch, m.seq, m.body).where(m.unit_id == unit.id).order_by(m.epoch, m.seq)).all()  # type: ignore[arg-type]
    assert [key[:2] for key in kept] == [(1, 1), (1, 2), (4, 1)]
    assert '"run":"a"' in kept[0].body


def test_a_forked_epoch_is_never_receipted_again_whatever_is_sent_in_it(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.record(seq=1, n=1), unit.record(seq=2, n=2))
    report(database, unit, now, unit.record(seq=1, n=7))
    for message in (unit.record(seq=3, n=3), unit.record(seq=2, n=2), unit.record(seq=1, n=7, oldest=1)):
        outcome = report(database, unit, now, message)
        assert (upto(outcome), [command.name for _, command in outcome.commands]) == ({}, ["epoch"])
    assert asides(database) == [(1, 1, "event"), (1, 3, "event")]
    assert upto(report(database, unit, now, unit.birth(epoch=2))) == {2: 1}


def test_two_contents_under_one_number_in_one_batch_fork_the_epoch(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    outcome = report(database, unit, now, unit.birth(run="a"), unit.birth(run="b"))
    assert (outcome.receipts, asides(database), [command.name for _, command in outcome.commands]) == ([], [(1, 1, "birth")] * 2, ["epoch"])


def test_what_was_rejected_before_is_absorbed(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    rejected = RejectedMessage("musterroll/1/x/record", unit.uid, "unstorable", "no", b"{}", (Stream(unit.id, 1), 1))
    process(database, [], now, [rejected])
    assert upto(report(database, unit, now, unit.record(seq=1))) == {1: 1}
    assert upto(process(database, [], now, [rejected])) == {1: 1}
    assert asides(database) == []


def test_a_stale_unit_is_revived_on_contact_with_its_cause(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth())
    with database.transaction() as session:
        session.get_one(UnitStatus, unit.id).stale_since = to_ms(now)
    report(database, unit, now + timedelta(hours=1), unit.heartbeat(beat=1))
    assert voice(database, unit).stale_since is None
    assert history(database, unit)[-1] == ("stale", "operating")


def test_the_largest_numbers_of_the_wire_can_be_stored(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    most = 2**53 - 1
    report(database, unit, now, unit.heartbeat(epoch=most, beat=most, uptime=most, operating=most, vitals={"temperature": -1000}))
    report(database, unit, now, unit.birth(epoch=most, seq=most, oldest=most, at=most))
    status = voice(database, unit)
    assert (status.epoch, status.uptime, status.temperature) == (most, 0, -1000)


def test_quarantine_keeps_the_beginning_of_a_payload_and_the_newest_ten_thousand(database: Database, now: datetime) -> None:
    flood = [RejectedMessage("t\x00/é", "", "foreign_topic", "not ours", bytes([n % 256]) * 5000) for n in range(10_100)]
    process(database, [], now, flood[:100])
    process(database, [], now, flood[100:])
    with database.snapshot() as session:
        rows = session.exec(select(QuarantinedMessage).order_by(QuarantinedMessage.id)).all()  # type: ignore[arg-type]
    assert (len(rows), len(rows[-1].payload), rows[-1].size, rows[-1].topic) == (10_000, 4096, 5000, "t�/é")
    assert rows[-1].payload[0] == 10_099 % 256


# A script of two units, replayed in any order, with repetitions, in any split into batches.
SCRIPTS = st.lists(
    st.tuples(st.integers(0, 1), st.integers(1, 3), st.sampled_from(["birth", "record", "heartbeat", "death"])), min_size=1, max_size=14
)


def messages_of(units: list[Reporter], script: list[tuple[int, int, str]]) -> list[Arrival]:
    """Messages numbered as an agent numbers them, in order. Deaths end epochs that another follows; a heartbeat ends all."""
    arrivals: list[Arrival] = []
    seqs: Counter[tuple[int, int]] = Counter()
    last = {who: max(epoch for other, epoch, _ in script if other == who) for who, _, _ in script}
    ends = [(who, epoch, "heartbeat") for who, epoch in last.items()]
    for n, (who, epoch, kind) in enumerate(sorted(script, key=lambda step: step[1]) + ends):
        unit = units[who]
        if kind in ("birth", "record"):
            seqs[who, epoch] += 1
            seq = seqs[who, epoch]
            born = unit.birth(epoch, seq, firmware=f"{epoch}.{seq}", interval=60 * epoch)
            arrivals.append(unit.arrival(born if kind == "birth" else unit.record(epoch, seq, n=n)))
        elif kind == "heartbeat":
            arrivals.append(unit.arrival(unit.heartbeat(epoch, n, vitals={"cpu": n}, usage={"pages": n})))
        elif epoch < last[who]:
            arrivals.append(unit.arrival(Death(epoch)))
    return arrivals


def entry(database: Database, unit: Reporter) -> object:
    """Everything that messages set, except instants that depend on which of them came first."""
    with database.snapshot() as session:
        m, d, u = DurableMessage, MessageStream, UnitUsage
        return (
            sorted(session.exec(select(m.epoch, m.seq, m.about).where(m.unit_id == unit.id))),
            sorted(session.exec(select(d.epoch, d.upto, d.highest).where(d.unit_id == unit.id))),
            session.exec(select(u.name, u.value).where(u.unit_id == unit.id)).all(),
            session.get_one(Unit, unit.id).firmware,
            session.get_one(UnitStatus, unit.id).model_dump(exclude={"unit_id", "clock_offset", "uptime"}),
        )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=SCRIPTS, data=st.data())
def test_any_order_repetition_and_splitting_gives_the_same_result(
    database: Database, now: datetime, script: list[tuple[int, int, str]], data: st.DataObject
) -> None:
    straight, shuffled = enrol(database, 2, uuid4().hex[:12]), enrol(database, 2, uuid4().hex[:12])
    for arrival in messages_of(straight, script):
        process(database, [arrival], now)
    arrivals = messages_of(shuffled, script)
    remaining = data.draw(st.permutations(arrivals + data.draw(st.lists(st.sampled_from(arrivals), max_size=8))))
    while remaining:
        size = data.draw(st.integers(1, len(remaining)))
        process(database, remaining[:size], now)
        remaining = remaining[size:]
    assert [entry(database, unit) for unit in shuffled] == [entry(database, unit) for unit in straight]


def test_a_fault_that_a_device_reports_is_an_event_once_a_day(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    disk = unit.record(seq=1, event="disk_unusable", why="read-only file system")
    report(database, unit, now, disk, unit.record(seq=2, event="clock_stepped", seconds=7))
    report(database, unit, now, disk, unit.record(seq=3, event="disk_unusable", why="read-only file system"))
    report(database, unit, now + timedelta(days=1), unit.record(seq=4, event="disk_unusable", why=7), unit.record(seq=5, event=[]))
    with database.snapshot() as session:
        events = session.exec(select(EventRow).where(EventRow.kind == EventKind.DEVICE_FAULT).order_by(EventRow.id)).all()  # type: ignore[arg-type]
    assert [(event.uid, event.detail.split(" (")[1].split(")")[0]) for event in events] == [
        (unit.uid, "read-only file system"),
        (unit.uid, "7"),
    ]
