from datetime import UTC, datetime, timedelta

import pytest
from musterroll.domain.liveness import ListeningWindow, Liveness
from musterroll.domain.values.errors import Conflict
from musterroll.domain.values.instants import to_ms
from musterroll.readers.columns import Choices, choices
from musterroll.storage.engine.database import Database
from musterroll.storage.installed_base.counts import BaseCount
from musterroll.storage.liveness import last_seen, process_heartbeats
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.liveness.last_seen import HeartbeatRow
from musterroll.storage.tables.liveness import UnitStatus, UnitUsage
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.fleet import pages
from musterroll.usecases.imports.verdicts import RowVerdict
from musterroll.usecases.installed_base import as_of, licences
from musterroll.usecases.installed_base.licences import LicenceBreakdown
from musterroll.usecases.liveness import heartbeats, stale_sweep
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.units.unit_card import UnitCard
from sqlmodel import col, select

from tests.support import documents
from tests.support.documents import FLEET, outcomes, state, take, take_all

HEAD = "serial,manufacturer,first_seen,last_seen,firmware\n"


@pytest.fixture(autouse=True)
def _fleet(database: Database, now: datetime) -> None:
    take_all(database, now, "units")


def heard(database: Database, now: datetime, rows: str) -> list[RowVerdict]:
    return take(database, now, "telemetry", HEAD + rows)[0]


def card(database: Database, serial: str, now: datetime) -> UnitCard:
    with database.snapshot() as session:
        return next(unit for unit in look_up(session, serial, now).units if unit.maker.startswith("Acme"))


def beat(database: Database, serial: str, at: datetime) -> None:
    """The unit itself is heard."""
    with database.transaction() as session:
        unit = session.exec(select(Unit).where(col(Unit.serial_key) == serial, col(Unit.maker_key) == "acme")).one()
        last_seen.ensure_status_rows(session, [unit.uid])
        heartbeats.record_heartbeats(session, [HeartbeatRow(unit.id or 0, 1, to_ms(at), 0, 10, 99, {})], at)


def moves(database: Database, serial: str) -> list[tuple[str | None, str, datetime]]:
    with database.snapshot() as session:
        unit = session.exec(select(Unit).where(col(Unit.serial_key) == serial, col(Unit.maker_key) == "acme")).one()
        said = select(UnitStateChange).where(col(UnitStateChange.unit_id) == unit.id, col(UnitStateChange.axis) == "liveness")
        rows = session.exec(said.where(col(UnitStateChange.withdrawn_at).is_(None)).order_by(col(UnitStateChange.id)))
        return [(row.old, row.new, datetime.fromtimestamp(row.at / 1000, UTC)) for row in rows]


def test_a_word_on_another_platform_counts_as_heard(database: Database, now: datetime) -> None:
    heard(database, now, "SN1002,,2025-02-15T09:00:00Z,2026-11-01T11:59:50Z,1.4.2\n")
    unit = card(database, "SN1002", now)
    assert (unit.liveness, unit.firmware, unit.heard_at) == (Liveness.OPERATING, "1.4.2", to_ms(now) - 10_000)
    assert moves(database, "SN1002") == [("never_heard", "operating", datetime(2025, 2, 15, 9, tzinfo=UTC))]


def test_silence_counts_up_to_the_newest_word_of_the_platform(database: Database, now: datetime) -> None:
    heard(database, now, "SN1002,,,2026-10-01T03:00:00Z,\nSN1003,,,2026-10-30T00:00:00Z,\n")
    assert card(database, "SN1002", now).liveness is Liveness.STALE
    assert card(database, "SN1003", now).liveness is Liveness.OPERATING
    assert moves(database, "SN1002")[-1] == ("operating", "stale", datetime(2026, 10, 1, 3, 3, 6, tzinfo=UTC))


LISTED = "SN1002,,,2026-10-01T03:00:00Z,\nSN1003,,,2026-10-30T00:00:00Z,\n"
LIST = datetime(2026, 10, 30, tzinfo=UTC)  # its date: the newest report in it
DAY = timedelta(days=1)


def listen(database: Database, at: datetime) -> None:
    with database.transaction() as session:
        process_heartbeats.record_listening(session, ListeningWindow(to_ms(at - DAY), to_ms(at)))
        assert stale_sweep.sweep(session, at).newly_stale == []
        assert not stale_sweep.any_due(session, at)


def base(database: Database, now: datetime, on: datetime | None = None) -> BaseCount:
    with database.snapshot() as session:
        return as_of.base(session, now, on=on.date() if on else None).all


def test_what_was_only_told_of_stays_as_told_until_the_list_is_a_week_old(database: Database, now: datetime) -> None:
    heard(database, now, LISTED)
    late, later = LIST + 7 * DAY - timedelta(seconds=1), now + 21 * DAY
    listen(database, late)
    assert (card(database, "SN1002", late).liveness, card(database, "SN1003", late).liveness) == (Liveness.STALE, Liveness.OPERATING)
    assert card(database, "SN1003", later).liveness is Liveness.UNKNOWN  # before any sweep
    listen(database, later)
    unit = card(database, "SN1003", later)
    assert (unit.liveness, unit.liveness_since) == (Liveness.UNKNOWN, to_ms(LIST + 7 * DAY))
    assert (unit.reported_by_import_only, unit.listed_at, unit.list_file) == (True, to_ms(LIST), "telemetry.csv")
    assert card(database, "SN1002", later).liveness is Liveness.STALE  # that list found it silent, and nobody heard it since
    assert moves(database, "SN1003")[-1] == ("operating", "unknown", LIST + 7 * DAY)


def test_headlines_say_how_many_are_known_from_lists_only(database: Database, now: datetime) -> None:
    for kind in ("contracts", "contract-lines"):
        take(database, now, kind, FLEET[kind])
    heard(database, now, "SN1001,Acme,,2026-10-30T00:00:00Z,\nSN1002,,,2026-10-30T00:00:00Z,\n")
    beat(database, "SN1001", now)
    later = now + 21 * DAY
    with database.snapshot() as session:
        fleet = pages.installed_base(session, now)
        licence = licences.licences(session, now, LicenceBreakdown.SEGMENT, now).total
    assert (fleet.deployed, fleet.operating, fleet.listed, fleet.unknown) == (2, 2, 1, 0)
    assert base(database, now) == BaseCount(5, 2, 2, listed=1, unknown=0)
    assert (licence.active, licence.listed) == (2, 1)
    beat(database, "SN1001", later)
    listen(database, later)
    with database.snapshot() as session:
        fleet = pages.installed_base(session, later)
        cells = reconciliation_run.reconcile(session, later, later, store=False).cells
    assert (fleet.operating, fleet.listed, fleet.unknown, fleet.liveness[Liveness.UNKNOWN]) == (1, 0, 1, 1)
    assert sum(fleet.liveness.values()) == sum(cells.values()) == fleet.registered == 5
    assert base(database, later) == BaseCount(5, 2, 1, listed=0, unknown=1)
    assert base(database, later, on=LIST + 8 * DAY).unknown == 1
    assert base(database, later, on=LIST + 5 * DAY) == BaseCount(5, 2, 2, listed=1, unknown=0)


@pytest.mark.parametrize("again", ["listed", "reports"])
def test_a_newer_list_or_its_own_report_ends_what_was_unknown_and_history_keeps_it(database: Database, now: datetime, again: str) -> None:
    heard(database, now, "SN1002,,,2026-10-30T00:00:00Z,\n")
    later = now + 21 * DAY
    listen(database, later)
    if again == "reports":
        beat(database, "SN1002", later)
    else:
        heard(database, later, f"SN1002,,,{later:%Y-%m-%dT%H:%M:%SZ},\n")
    assert card(database, "SN1002", later).liveness is Liveness.OPERATING
    assert moves(database, "SN1002")[-2:] == [("operating", "unknown", LIST + 7 * DAY), ("unknown", "operating", later)]
    assert base(database, later, on=LIST + 8 * DAY).unknown == 1


def test_a_later_list_revives_what_was_stale(database: Database, now: datetime) -> None:
    heard(database, now, "SN1002,,,2026-10-01T03:00:00Z,\nSN1003,,,2026-10-30T00:00:00Z,\n")
    verdicts = heard(database, now, "SN1002,,,2026-10-31T00:00:00Z,\n")
    assert outcomes(verdicts) == ["changed"]
    assert card(database, "SN1002", now).liveness is Liveness.OPERATING
    assert moves(database, "SN1002")[-1][:2] == ("stale", "operating")


def test_an_older_word_moves_nothing_back_but_may_be_the_first(database: Database, now: datetime) -> None:
    heard(database, now, "SN1002,,2026-02-01T00:00:00Z,2026-10-31T00:00:00Z,2\n")
    (verdict,) = heard(database, now, "SN1002,,2026-01-01T00:00:00Z,2026-10-30T00:00:00Z,1\n")
    assert [one.field for one in verdict.differences] == ["first_heard_at"]
    assert "has reported since" in verdict.note
    assert card(database, "SN1002", now).firmware == "2"


def test_a_live_heartbeat_that_is_newer_stands_and_so_it_does_when_the_list_is_undone(database: Database, now: datetime) -> None:
    beat(database, "SN1002", now)
    (verdict,) = heard(database, now, "SN1002,,,2026-10-31T00:00:00Z,old\n")
    assert [one.field for one in verdict.differences] == ["first_heard_at"]
    done = take(database, now, "telemetry", HEAD + "SN1003,,,2026-10-31T00:00:00Z,1.0\n")[1]
    beat(database, "SN1003", now)
    with database.transaction() as session:
        documents.undo(session, done.run_id or 0, "kim", now)
    assert card(database, "SN1003", now).heard_at == to_ms(now)


def test_undoing_out_of_turn_is_refused(database: Database, now: datetime) -> None:
    first = take(database, now, "telemetry", HEAD + "SN1002,,,2026-10-30T00:00:00Z,\n")[1]
    heard(database, now, "SN1002,,,2026-10-31T00:00:00Z,\n")
    full = state(database)
    with pytest.raises(Conflict, match="undo the later change first"), database.transaction() as session:
        documents.undo(session, first.run_id or 0, "kim", now)
    assert state(database) == full


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("SN1OO2,,,2026-10-31T00:00:00Z,", "did you mean SN1002?"),
        ("XX9,,,2026-10-31T00:00:00Z,", "import the units first"),
        ("SN1001,,,2026-10-31T00:00:00Z,", "from Acme and Zenith; fill in the Manufacturer"),
        ("SN1002,Zenith,,2026-10-31T00:00:00Z,", "serial SN1002 is registered from Acme, not from Zenith"),
        ("SN1002,,,2026-10-31 00:00:00,", "has no time zone"),
    ],
)
def test_words_of_no_certain_unit_or_time_are_refused_and_make_none(database: Database, now: datetime, row: str, sentence: str) -> None:
    full = state(database)
    (verdict,) = heard(database, now, row + "\n")
    assert sentence in str(verdict.why)
    assert state(database) == full


def test_a_unit_that_was_never_heard_there_is_left_as_it_is(database: Database, now: datetime) -> None:
    full = state(database)
    verdicts = heard(database, now, "SN1002,,,Never,\nSN1001,Acme,,0001-01-01 00:00:00,\n")
    assert [(verdict.outcome, verdict.note) for verdict in verdicts] == [("same", "no Last Seen: nothing to record")] * 2
    assert state(database) == full


def test_one_unit_named_two_ways_is_refused_the_second_time(database: Database, now: datetime) -> None:
    verdicts = heard(database, now, "SN1002,,,2026-10-31T00:00:00Z,\nsn-1002,Acme,,2026-10-31T01:00:00Z,\n")
    assert outcomes(verdicts) == ["new", "refused"]


def test_a_first_word_after_the_last_is_taken_with_a_note(database: Database, now: datetime) -> None:
    (verdict,) = heard(database, now, "SN1002,,2026-10-31T00:00:00Z,2026-10-30T00:00:00Z,\n")
    assert "before First Seen" in verdict.note
    with database.snapshot() as session:
        (status,) = session.exec(select(UnitStatus))
    assert status.first_heard_at == status.heard_at == to_ms(datetime(2026, 10, 30, tzinfo=UTC))


def test_counters_and_hours_are_taken_and_undone(database: Database, now: datetime) -> None:
    empty, text = state(database), "serial,last_seen,Hours Run,Pages\nSN1002,2026-10-31T00:00:00Z,2.5,{}\n"
    chosen = choices(["Pages=usage:pages"], Choices())
    first = take(database, now, "telemetry", text.format(7), chosen)[1]
    one = state(database)
    second = take(database, now, "telemetry", text.format("8,5"), choices([], Choices()))[1]
    assert second.counts["refused"] == 1
    third = take(database, now, "telemetry", text.format(9).replace("31T", "31T1").replace("T10", "T1"), chosen)[1]
    with database.snapshot() as session:
        assert [(row.name, row.value) for row in session.exec(select(UnitUsage))] == [("pages", 9.0)]
        assert session.exec(select(UnitStatus)).one().operating == 9000
    for run, then in ((third, one), (first, empty)):
        with database.transaction() as session:
            documents.undo(session, run.run_id or 0, "kim", now)
        assert state(database) == then


def test_an_interval_of_its_own_sets_the_windows(database: Database, now: datetime) -> None:
    text = "serial,last_seen,interval seconds\nSN1002,2026-10-31T00:00:00Z,3600\nSN1003,2026-10-31T02:00:00Z,60\n"
    take(database, now, "telemetry", text)
    with database.snapshot() as session:
        found = {status.interval: status.stale_since for status in session.exec(select(UnitStatus))}
    assert found == {3600: None, 60: None}


def test_the_registrys_own_hearing_is_not_touched(database: Database, now: datetime) -> None:
    heard(database, now + timedelta(days=1), "SN1002,,,2026-10-31T00:00:00Z,\n")
    with database.snapshot() as session:
        assert liveness_states.hearing(session) == ListeningWindow(0, 0)
