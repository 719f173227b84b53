"""Large imports and undos in steps: with others writing between them, interrupted anywhere, gone on with, and taken back."""

import hashlib
import io
import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from musterroll import long_work
from musterroll.domain.values.errors import Conflict
from musterroll.readers.columns import Choices
from musterroll.readers.document import Document
from musterroll.readers.table import BadFile
from musterroll.storage.audit.verify import verify
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import history
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import ImportResult, ImportSteps
from musterroll.usecases.imports.verdicts import RowVerdict
from musterroll.usecases.reconciliation import run as reconciliation
from musterroll.usecases.undo import undo as undo_changes
from musterroll.usecases.undo.undo import UndoSteps
from sqlalchemy import text

from tests.support import documents
from tests.support.beside import Beside

HEAD = "Serial Number,Manufacturer,Model,Ship Date,Install Date,Status,Account ID,Site ID,Warranty Months\n"
ROWS = HEAD + "".join(f"SN{n % 38},Acme,Pump {n % 38 % 3},2025-01-05,2025-02-{n % 27 + 1:02},,A{n % 4},S{n % 4},24\n" for n in range(40))


class Killed(BaseException):
    """The process ended here."""


@pytest.fixture
def real_steps() -> None:
    """The steps of a test are those of the program."""


@pytest.fixture(autouse=True)
def small_steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "real_steps" in request.fixturenames:
        return
    for name, rows in (("_FIRST", 5), ("_FEWEST", 3), ("_MOST", 7)):
        monkeypatch.setattr(long_work, name, rows)
    monkeypatch.setattr(long_work, "_PAUSE", 0)
    monkeypatch.setattr(undo_changes, "_BATCH", 6)


def take(
    database: Database, now: datetime, content: str = ROWS, report: Callable[[RowVerdict], None] = lambda verdict: None
) -> ImportResult:
    document, source = Document(io.BytesIO(content.encode()), KINDS["units"]), Source("units.csv", "kim", now)
    return long_work.import_document(database, document, report, source, sha(content), lambda: now)


def sha(content: str) -> str:
    return hashlib.sha256(content.encode()).hexdigest()


def killed_at(database: Database, now: datetime, line: int, content: str = ROWS) -> None:
    def report(verdict: RowVerdict) -> None:
        if verdict.line >= line:
            raise Killed

    with pytest.raises(Killed):
        take(database, now, content, report)


def rows_in(database: Database) -> dict[str, list[str]]:
    """What the registry says: all columns but ids that are drawn at random."""
    told = {}
    with database.snapshot() as session:
        for table in ("unit", "warranty_period", "account", "site", "product", "unit_state_change", "import_row"):
            rows = session.execute(text(f"SELECT * FROM {table}")).mappings()
            told[table] = sorted(str({name: row[name] for name in row if name != "uid"}) for row in rows)
    return told


def records_in(database: Database) -> dict[str, list[str]]:
    told = rows_in(database)
    return {table: told[table] for table in ("unit", "warranty_period", "account", "site", "product")}


def proven(database: Database) -> bool:
    with database.snapshot() as session:
        return verify(session).first_bad is None


def test_a_killed_import_goes_on_where_it_was(database: Database, now: datetime) -> None:
    """Killed after each number of steps in turn; what it gives is what an import that nothing interrupts gives."""
    before, wholes = records_in(database), list[dict[str, list[str]]]()
    for line in (99, 8, 21, 41):
        if line < 99:
            killed_at(database, now, line)
            with database.snapshot() as session:
                run = history.runs(session)[0]
            assert run.line is not None
            assert run.line < line
            assert sum(run.counts.values()) == run.line - 1
        result = take(database, now)
        assert sum(result.counts.values()) == 40
        with database.snapshot() as session:
            run = history.runs(session)[0]
        assert (run.id, run.line, run.counts["new"], run.counts["refused"]) == (result.run_id, None, 38, 2)
        wholes.append(without_ids(rows_in(database)))
        assert proven(database)
        long_work.undo_import(database, run.id, "kim", lambda: now)
        assert records_in(database) == before
    assert all(whole == wholes[0] for whole in wholes)


def without_ids(told: dict[str, list[str]]) -> dict[str, list[str]]:
    """Rows of records without their numbers, which are never given twice."""
    return {
        table: sorted(re.sub(r"'(\w*_)?id': (None|\d+), ", "", row) for row in told[table]) for table in ("unit", "warranty_period", "site")
    }


@pytest.mark.parametrize("killed", [0, 1, 4])
def test_a_killed_import_is_undone_as_one_and_a_killed_undo_goes_on(database: Database, now: datetime, killed: int) -> None:
    take(database, now, HEAD + "SN1,Acme,Pump 1,,,,A1,S1,12\n")
    before = records_in(database)
    killed_at(database, now, 30)
    with database.snapshot() as session:
        run = history.runs(session)[0]
    for _ in range(killed):
        with database.transaction() as session:
            assert UndoSteps(run.change_id, "kim").step(session, now)
    with database.snapshot() as session:
        assert history.run(session, run.id).undoing is (killed > 0)
    long_work.undo_import(database, run.id, "kim", lambda: now)
    assert records_in(database) == before
    with database.snapshot() as session:
        undone = history.run(session, run.id)
    assert (undone.undoing, undone.undone_by is None) == (False, False)
    assert proven(database)
    with pytest.raises(Conflict, match="already undone"):
        long_work.undo_import(database, run.id, "kim", lambda: now)


def test_a_large_undo_that_would_meet_a_conflict_begins_nothing(database: Database, now: datetime) -> None:
    run = take(database, now).run_id or 0
    _, contracts = documents.take(
        database, now, "contracts", "Contract Number,Account ID,Start Date,End Date\nC1,A1,2026-01-01,2026-12-31\n"
    )
    full = rows_in(database)
    with pytest.raises(Conflict, match="depends on records the change added"):
        long_work.undo_import(database, run, "kim", lambda: now)
    assert rows_in(database) == full
    with database.snapshot() as session:
        assert history.run(session, run).undone_by is None
    for number in (contracts.run_id or 0, run):
        long_work.undo_import(database, number, "kim", lambda: now)
    assert not any(records_in(database).values())


def test_an_import_that_fails_in_the_middle_takes_back_what_is_in(database: Database, now: datetime) -> None:
    before = records_in(database)

    def fail(verdict: RowVerdict) -> None:
        if verdict.line == 30:
            raise BadFile("the file ends in the middle of a row")

    with pytest.raises(BadFile, match="in the middle"):
        take(database, now, report=fail)
    assert records_in(database) == before
    with database.snapshot() as session:
        (run,) = history.runs(session)
    assert (run.undone_by is not None, run.undoing) == (True, False)
    assert sum(take(database, now).counts.values()) == 40


def test_a_file_is_not_imported_by_two_at_once(database: Database, now: datetime) -> None:
    killed_at(database, now, 20)
    document = Document(io.BytesIO(ROWS.encode()), KINDS["units"])
    steps = ImportSteps(document, lambda verdict: None, Source("units.csv", "kim", now), sha(ROWS), 5)
    with database.snapshot() as session:
        steps.prepare(session)
    take(database, now)  # another process completes it meanwhile
    complete = rows_in(database)
    with pytest.raises(Conflict, match="being imported right now"), database.transaction() as session:
        steps.step(session, 0)
    assert rows_in(database) == complete


def test_another_reading_of_an_interrupted_file_is_another_import(database: Database, now: datetime) -> None:
    killed_at(database, now, 20)
    document = Document(io.BytesIO(ROWS.encode()), KINDS["units"], Choices({"Warranty Months": ""}))
    result = long_work.import_document(database, document, lambda _: None, Source("units.csv", "kim", now), sha(ROWS), lambda: now)
    with database.snapshot() as session:
        newest, interrupted = history.runs(session)
    assert (newest.id, newest.line, interrupted.line is None) == (result.run_id, None, False)


def test_what_others_change_between_the_steps_stays_and_the_audit_log_is_proven(database: Database, now: datetime) -> None:
    killed_at(database, now, 35)
    documents.take(database, now, "accounts", "Account ID,Account Name\nA3,Larkspur\n")
    documents.take(database, now, "units", HEAD + "SN37,Acme,Pump 1,,,Retired,,,\nXX1,Zenith,Valve,,,,A9,,\n")
    take(database, now)
    with database.snapshot() as session:
        assert session.execute(text("SELECT name FROM account WHERE ref = 'A3'")).scalar() == "Larkspur"
        assert session.execute(text("SELECT count(*) FROM unit")).scalar() == 39
    assert proven(database)


def test_a_row_that_repeats_one_from_before_the_interruption_is_unchanged(database: Database, now: datetime) -> None:
    refused, accepted, differing = "YY1,Acme,Pump 1,,,,A1,S2,\n", "YY1,Acme,Pump 1,,,,A2,S2,\n", "SN7,Acme,Pump 1,,,Retired,,,\n"
    others = "".join(f"PQ{n + 1},Acme,Pump 1,,,,,,\n" for n in range(40))
    content = ROWS + refused + others + f"{ROWS.splitlines()[1]}\n{accepted}{differing}"
    killed_at(database, now, 60, content)
    counts = take(database, now, content).counts
    assert {outcome.value: count for outcome, count in counts.items()} == {"new": 79, "changed": 0, "same": 1, "refused": 4}
    with database.snapshot() as session:
        rejected = [row.detail for row in history.rows(session, history.runs(session)[0].id) if row.verdict == "refused"]
    assert "lines 9 and 85 are about the same record" in rejected[-1]


def test_others_write_between_the_steps(sqlite_database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer beside a large import gets in while it is under way, again and again."""
    monkeypatch.setattr(long_work, "_PAUSE", 0.12)
    seen, ended = set[object](), threading.Event()

    def write() -> None:
        while not ended.wait(0.001):
            with sqlite_database.transaction() as session:
                seen.add(session.execute(text("SELECT progress FROM import_run")).scalar())

    writer = threading.Thread(target=write)
    writer.start()
    try:
        take(sqlite_database, now)
    finally:
        ended.set()
        writer.join()
    assert len(seen) >= 4


@pytest.mark.usefixtures("real_steps")
def test_ingest_and_every_job_go_on_beside_a_large_import(database: Database, tmp_path: Path, now: datetime) -> None:
    """60,000 rows: batches of ingest are committed between the steps, and no job fails."""
    content = HEAD + "".join(f"LG{n:05},Acme,Pump {n % 3},2025-01-05,2025-02-15,,A{n % 40},S{n % 400},24\n" for n in range(60_000))
    beside = Beside(database, tmp_path)
    beside.start()
    try:
        assert sum(take(database, now, content).counts.values()) == 60_000
    finally:
        beside.stop()
    assert beside.failures == []
    assert len({progress for progress in beside.seen if progress is not None}) >= 3
    assert {"sweep", "reconcile", "heartbeat", "events", "verify", "snapshot"} <= beside.runs.keys()
    assert proven(database)


def test_the_fleet_is_reconciled_at_the_end_of_an_import_not_at_each_step(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        reconciliation.tick(session, now)
    killed_at(database, now, 20)
    with database.snapshot() as session:
        assert reconciliation.waits(session, now + timedelta(minutes=1))
        assert not reconciliation.waits(session, now + timedelta(minutes=3))  # nobody goes on with it
    take(database, now)
    with database.snapshot() as session:
        assert not reconciliation.waits(session, now)
