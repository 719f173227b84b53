from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.units.serials import new_uids
from musterroll.domain.values.errors import Conflict
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine import bulk
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import run as import_run
from musterroll.usecases.imports.kinds import units as unit_documents
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict
from musterroll.usecases.units.history import transitions
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.units.unit_card import UnitCard
from sqlalchemy import text

from tests.support import documents, unit_rows
from tests.support.documents import outcomes, state

HEAD = "Serial Number,Manufacturer,Model,Ship Date,Install Date,Status,Account ID,Site ID,Warranty Months\n"
FULL = "SN1,Acme,Pump 3,2025-01-05,2025-02-15,Installed,A1,S1,36\n"


def take(database: Database, now: datetime, body: str, commit: bool = True, header: str = HEAD) -> list[RowVerdict]:
    return documents.take(database, now, "units", header + body, commit=commit)[0]


def card(database: Database, serial: str, now: datetime) -> UnitCard:
    with database.snapshot() as session:
        (found,) = look_up(session, serial, now).units
    return found


def test_a_new_unit_is_registered_with_all_the_row_says(database: Database, now: datetime) -> None:
    assert outcomes(take(database, now, FULL)) == ["new"]
    unit = card(database, "sn-1", now)
    assert (unit.maker, unit.model, unit.lifecycle, unit.account_ref, unit.site_ref) == ("Acme", "Pump 3", "deployed", "A1", "S1")
    assert (str(unit.shipped_on), str(unit.installed_on), unit.warranty_months) == ("2025-01-05", "2025-02-15", 36)
    with database.snapshot() as session:
        (change,) = transitions(session, unit.uid, None, 9)
    assert (change.old, change.new, change.cause, change.actor) == (None, "deployed", "import of units.csv, line 2", "kim")
    assert change.at == to_ms(datetime(2025, 2, 15, tzinfo=UTC))


def test_a_dry_run_says_the_same_and_writes_nothing(database: Database, now: datetime) -> None:
    body = FULL + "SN2,Acme,Pump 3,,,In Stock,A2,,\nbroken\n" + FULL
    before = state(database)
    dry = take(database, now, body, commit=False)
    assert state(database) == before
    assert [verdict._replace(written=()) for verdict in dry] == take(database, now, body)
    assert outcomes(dry) == ["new", "new", "refused", "same"]


def test_the_same_file_twice_changes_nothing(database: Database, now: datetime) -> None:
    body = FULL + "SN2,Acme,Pump 3,,,In Stock,A2,,\n"
    take(database, now, body)
    before = state(database)
    assert outcomes(take(database, now, body)) == ["same", "same"]
    assert state(database) == before


def test_a_changed_row_says_what_changed_and_an_empty_cell_says_nothing(database: Database, now: datetime) -> None:
    take(database, now, FULL)
    (verdict,) = take(database, now, "sn 1,ACME Inc.,PUMP-3,,,Returned,,,12\n")
    assert verdict.outcome is Outcome.CHANGED
    assert [tuple(one) for one in verdict.differences] == [("lifecycle", "deployed", "returned"), ("warranty_months", "36", "12")]
    unit = card(database, "SN1", now)
    assert (unit.serial, unit.maker, unit.account_ref, unit.lifecycle) == ("SN1", "Acme", "A1", "returned")


def test_a_status_that_jumps_between_two_lists_is_history_with_a_note(database: Database, now: datetime) -> None:
    take(database, now, FULL)
    (verdict,) = take(database, now, "SN1,Acme,Pump 3,,,In Stock,,,\n")
    assert verdict.outcome is Outcome.CHANGED
    assert "deployed to stock in one step" in verdict.note
    assert card(database, "SN1", now).lifecycle == "stock"


def test_a_unit_twice_in_one_file_is_refused_the_second_time_in_any_writing(database: Database, now: datetime) -> None:
    verdicts = take(database, now, "SN1,Acme,Pump,,,,,,\nsn-1,ACME Inc.,pump,,,,,,\nSN1,Zenith,Pump,,,,,,\n")
    assert outcomes(verdicts) == ["new", "refused", "refused"]
    assert "serial SN1 is on line 2 as Acme Pump" in (verdicts[2].why or "")
    assert verdicts[1].why == "lines 2 and 3 are about the same record and differ; keep the right one"


def test_a_row_that_repeats_another_one_in_every_value_is_unchanged(database: Database, now: datetime) -> None:
    body = "SN1,Acme,Pump,,,,A1,,12\nSN2,Acme,Pump,,,,,,\nSN1,Acme,Pump,,,,A1,,12\nSN1,Acme,Pump,,,,A2,,12\n"
    for commit in (False, True):
        verdicts = take(database, now, body, commit=commit)
        assert outcomes(verdicts) == ["new", "new", "same", "refused"]
        assert (verdicts[2].code, verdicts[3].code) == ("repeated", "duplicate")
        assert "lines 2 and 5" in (verdicts[3].why or "")
    assert card(database, "SN1", now).account_ref == "A1"


def test_a_rejected_row_is_no_reason_to_reject_another_one_about_the_same_record(database: Database, now: datetime) -> None:
    documents.take(database, now, "sites", "Site ID,Site Name,Account ID\nS1,Yard,A1\n")
    verdicts = take(database, now, "SN1,Acme,Pump,,,,A2,S1,\nSN1,Acme,Pump,,,,A1,S1,\n")
    assert outcomes(verdicts) == ["refused", "new"]


def test_batches_change_nothing_but_memory(database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    body = "".join(f"SN{n % 7},Acme,Pump {n % 2},,,,A{n % 3},S{n % 5},{n}\n" for n in range(25))
    whole = take(database, now, body, commit=False)
    monkeypatch.setattr(import_run, "_BATCH_ROWS", 4)
    assert take(database, now, body, commit=False) == whole
    assert take(database, now, body) == [verdict._replace(written=()) for verdict in whole]


def test_a_site_of_another_account_is_refused_also_within_one_file(database: Database, now: datetime) -> None:
    verdicts = take(database, now, "SN1,Acme,P,,,,A1,S1,\nSN2,Acme,P,,,,A2,S1,\nSN3,Acme,P,,,,,S1,\n")
    assert outcomes(verdicts) == ["new", "refused", "new"]
    assert "site S1 belongs to account A1" in str(verdicts[1].why)
    assert card(database, "SN3", now).account_ref == "A1"
    (moved,) = take(database, now, "SN1,Acme,P,,,,A2,,\n")
    assert "fill in the new Site ID" in str(moved.why)


@pytest.mark.parametrize(
    ("row", "stage"),
    [("SN1,Acme,P,2025-01-05,2025-02-15,,,,", "deployed"), ("SN1,Acme,P,2025-01-05,,,,,", "shipped"), ("SN1,Acme,P,,,,,,", "unrecorded")],
)
def test_without_a_status_the_dates_tell_where_a_new_unit_is_and_without_dates_nothing_does(
    database: Database, now: datetime, row: str, stage: str
) -> None:
    take(database, now, row + "\n")
    assert card(database, "SN1", now).lifecycle == stage
    assert outcomes(take(database, now, row + "\n")) == ["same"]


def test_a_unit_first_heard_and_then_documented_is_changed_not_doubled(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        uid = unit_rows.unit(session, "SN1", maker="Acme", model="Pump 3").uid
    (verdict,) = take(database, now, FULL)
    assert verdict.outcome is Outcome.CHANGED
    assert card(database, "SN1", now).uid == uid


@pytest.mark.parametrize("many", [1, 300])  # few are inserted, many copied
def test_an_id_that_is_taken_is_drawn_anew(postgres_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch, many: int) -> None:
    drawn = iter(["uuuuuuuuu1", "uuuuuuuuu1", "uuuuuuuuu2"])
    monkeypatch.setattr(unit_documents, "new_uids", lambda count: [next(drawn), *new_uids(count - 1)])
    take(postgres_database, now, "SN1,Acme,P,,,,A1,,\n")
    body = "".join(f"SN{number},Acme,New,,,,A2,S2,\n" for number in range(2, 2 + many))
    assert outcomes(take(postgres_database, now, body)) == ["new"] * many
    assert card(postgres_database, "SN2", now).uid == "uuuuuuuuu2"


def test_what_cannot_be_stored_leaves_nothing_of_the_file(database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    take(database, now, "SN1,Acme,P,,,,A1,,\n")
    before, taken = state(database), card(database, "SN1", now).uid
    monkeypatch.setattr(unit_documents, "new_uids", lambda count: [taken])
    with pytest.raises(Conflict, match="import the file again"):
        take(database, now, "SN2,Acme,New,,,,A2,S2,\n")
    assert state(database) == before


_CLEARED = (
    "unit_state_change",
    "warranty_period",
    "unit",
    "site",
    "account",
    "product",
    "reconcile_queue",
    "import_row",
    "import_run",
    "audit_entry",
    "change",
)

cells = (
    st.sampled_from(["", "A1", "A2"]),
    st.sampled_from(["", "S1", "S2"]),
    st.sampled_from(["", "Installed", "In Stock", "Retired", "lost"]),
)
row_texts = st.builds(
    "{},{},Pump {},{},,{},{},{},{}".format,
    st.sampled_from(["SN1", "sn-1", "SN2", "0SN2", "Default string", "1.2E+9", ""]),
    st.sampled_from(["Acme", "ACME Inc.", "Zenith"]),
    st.sampled_from([1, 2]),
    st.sampled_from(["", "2025-01-05", "05/06/2025"]),
    cells[2],
    cells[0],
    cells[1],
    st.sampled_from(["", "12", "x"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(row_texts, max_size=12))
def test_whatever_the_file_a_second_run_changes_nothing(database: Database, now: datetime, lines: list[str]) -> None:
    with database.transaction() as session:
        for table in _CLEARED:
            session.execute(text(f"DELETE FROM {table}"))
    body = "".join(line + "\n" for line in lines)
    dry, first = take(database, now, body, commit=False), take(database, now, body)
    kept = state(database)
    second = take(database, now, body)
    assert [verdict._replace(written=()) for verdict in dry] == first
    assert state(database) == kept
    assert outcomes(second) == [{"new": "same", "changed": "same"}.get(one, one) for one in outcomes(first)]
    assert [verdict.line for verdict in first] == list(range(2, len(lines) + 2))


def test_a_row_that_is_wrong_in_itself_raises_no_question_of_names(database: Database, now: datetime) -> None:
    body = "SN1,Acme,Pump 1,,,Installed,A1,S2,\nSN1,Zenith,Pump 1,,,Retired,A2,S2,\n"
    first = take(database, now, body)
    kept = state(database)
    assert outcomes(first) == ["new", "refused"]
    assert [verdict.why for verdict in take(database, now, body)] == [verdict.why for verdict in first]
    assert state(database) == kept


def test_the_room_an_import_takes_is_given_back_however_it_ends(sqlite_database: Database) -> None:
    asked = text("PRAGMA cache_size")
    with sqlite_database.transaction() as session:
        usual = session.execute(asked).scalar_one()
        with suppress(LookupError), bulk.room(session):
            assert session.execute(asked).scalar_one() < usual < 0  # in KiB, written as negative numbers
            raise LookupError
        assert session.execute(asked).scalar_one() == usual
