"""Sources run as the schedule runs them: the first document waits, later ones are imported within limits, failures show."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from musterroll import long_work
from musterroll.domain.imports import RunState
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.errors import Conflict, DomainError
from musterroll.storage.engine.database import Database
from musterroll.storage.imports import source_lock
from musterroll.usecases.imports import sources
from musterroll.usecases.imports.sources import SourceState
from musterroll.usecases.operations import health
from musterroll.usecases.operations.health import HostFacts

from tests.support.sources import SourceBench

HEADINGS = "Account ID,Account Name\n"


@pytest.fixture
def bench(database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(database, tmp_path, now)


def write(bench: SourceBench, accounts: dict[str, str], name: str = "accounts.csv") -> None:
    path = bench.lists / name
    path.write_text(HEADINGS + "".join(f"{ref},{title}\n" for ref, title in accounts.items()))
    stamp = path.stat().st_mtime_ns - 60_000_000_000 + len(bench.rows("SELECT id FROM source_run")) * 1_000_000_000
    os.utime(path, ns=(stamp, stamp))


def folder_source(bench: SourceBench, **more: object) -> int:
    return bench.put("folder", "accounts", {"path": str(bench.lists)}, **more)


def accounts(bench: SourceBench) -> list[tuple[str, str]]:
    return bench.rows("SELECT ref, name FROM account ORDER BY ref")  # type: ignore[return-value]


TEN = {f"A{n}": f"Account {n}" for n in range(10)}


def test_the_first_document_waits_for_a_person_and_later_ones_are_imported_on_schedule(bench: SourceBench) -> None:
    folder_source(bench)
    write(bench, TEN)
    run = bench.run()
    assert run is not None
    assert (run.state, run.counts["new"], accounts(bench)) == (RunState.WAITING, 10, [])
    assert run.shown[0] == ["new", 2, "A0", "Account ID A0, Account Name Account 0"]
    assert bench.due() == []
    approved = bench.approve()
    assert approved is not None
    assert (approved.state, approved.decided_by, len(accounts(bench))) == (RunState.IMPORTED, "ann", 10)
    assert bench.due() == []
    bench.later(days=1)
    assert bench.due() == [1]
    write(bench, {**TEN, "A3": "Another name"})
    following = bench.run()
    assert following is not None
    assert (following.state, following.counts["changed"]) == (RunState.IMPORTED, 1)
    assert ("A3", "Another name") in accounts(bench)
    long_work.undo_import(bench.database, following.import_run_id or 0, "ann", lambda: bench.now)
    assert ("A3", "Account 3") in accounts(bench)


@pytest.mark.parametrize(
    ("following", "why"),
    [
        ({**TEN, "A1": "x", "A2": "y"}, "20 % of the 10 rows of the last import have changed or are gone (2 changed, 0 gone"),
        (dict(list(TEN.items())[:7]), "30 % of the 10 rows of the last import have changed or are gone (0 changed, 3 gone"),
        ({**dict(list(TEN.items())[:8]), "": "x", "N/A": "y"}, "(0 changed, 2 gone, 2 more rejected)"),
    ],
)
def test_a_document_beyond_the_limit_waits_and_can_be_discarded(bench: SourceBench, following: dict[str, str], why: str) -> None:
    folder_source(bench, most_changed=10)
    write(bench, TEN)
    bench.take()
    bench.later(days=1)
    write(bench, following)
    run = bench.run()
    assert run is not None
    assert run.state is RunState.WAITING
    assert why in run.reason
    before = accounts(bench)
    assert before == sorted(TEN.items())
    bench.approve(approve=False)
    assert accounts(bench) == before
    bench.later(days=1)
    assert bench.due() == [1]


def test_within_the_limit_nobody_is_asked(bench: SourceBench) -> None:
    folder_source(bench, most_changed=20)
    write(bench, TEN)
    bench.take()
    write(bench, {**dict(list(TEN.items())[1:]), "A4": "x", "B1": "new", "B2": "new"})
    run = bench.run()
    assert run is not None
    assert (run.state, run.counts) == (RunState.IMPORTED, {"new": 2, "changed": 1, "same": 8, "refused": 0, "gone": 1})


def test_a_file_that_has_not_changed_and_one_that_changes_nothing(bench: SourceBench) -> None:
    folder_source(bench)
    write(bench, TEN)
    bench.take()
    assert bench.run() is None
    write(bench, TEN, "again.csv")
    assert bench.run() is None
    write(bench, dict(reversed(TEN.items())), "turned.csv")
    run = bench.run()
    assert run is not None
    assert run.state is RunState.UNCHANGED
    assert len(bench.rows("SELECT id FROM import_run")) == 1


def test_several_new_files_are_imported_one_after_the_other(bench: SourceBench) -> None:
    folder_source(bench, most_changed=100)
    write(bench, TEN)
    bench.take()
    bench.later(days=1)
    for n in range(3):
        write(bench, {f"N{n}": f"New {n}"}, f"file{n}.csv")
    runs = 0
    while bench.due():
        bench.run()
        runs += 1
    assert runs == 3
    assert len(accounts(bench)) == 13


def test_a_failing_source_shows_on_health_with_one_event_and_recovers(bench: SourceBench) -> None:
    folder_source(bench)
    write(bench, TEN)
    bench.take()
    bench.lists.rename(bench.lists.with_name("away"))
    for _ in range(3):
        bench.later(days=1)
        assert bench.fails() == "the folder cannot be read: No such file or directory"
    around = HostFacts(0.3, 50, 100, True, ())
    with bench.database.snapshot() as session:
        report = health.examine(session, around, bench.now)
    assert [(row.source.name, sources.state(row)) for row in report.sources] == [("erp", SourceState.FAILING)]
    assert report.facts.failing_sources == [("erp", "the folder cannot be read: No such file or directory")]
    failed = "SELECT count(*) FROM event WHERE kind = 'source_failing'"
    assert bench.rows(failed) == [(1,)]
    assert bench.rows("SELECT count(*) FROM source_run WHERE state = 'failed'") == [(1,)]
    bench.lists.with_name("away").rename(bench.lists)
    bench.later(days=1)
    assert bench.run() is None
    assert (bench.source().problem, bench.source().failing_since) == ("", None)


def test_a_document_that_cannot_be_read_is_a_failure_in_the_words_of_imports(bench: SourceBench) -> None:
    folder_source(bench)
    (bench.lists / "wrong.csv").write_text("Colour,Taste\nred,sweet\n")
    os.utime(bench.lists / "wrong.csv", (1, 1))
    assert "has no column Account ID" in bench.fails()


def test_two_schedulers_do_not_run_the_same_source(bench: SourceBench) -> None:
    source_id = folder_source(bench)
    write(bench, TEN)
    with source_lock.held(bench.database, source_id, bench.settings.data_dir / "sources") as ours:
        assert ours
        assert bench.run() is None
    assert bench.run() is not None


def test_a_paused_source_runs_only_when_asked_and_a_removed_one_never(bench: SourceBench) -> None:
    folder_source(bench)
    write(bench, TEN)
    bench.take()
    bench.later(days=2)
    with bench.database.transaction() as session:
        sources.pause(session, sources.named(session, "erp"), True, "ann", bench.now)
    assert bench.due() == []
    with bench.database.transaction() as session:
        sources.ask(session, sources.named(session, "erp"))
    assert bench.due() == [1]
    with bench.database.transaction() as session:
        sources.remove(session, sources.named(session, "erp"), "ann", bench.now)
    assert bench.due() == []
    assert len(accounts(bench)) == 10


def test_a_changed_source_waits_for_a_person_again(bench: SourceBench) -> None:
    folder_source(bench)
    write(bench, TEN)
    bench.take()
    folder_source(bench, every=3600)
    assert bench.source().approved
    bench.put("folder", "accounts", {"path": str(bench.lists), "pattern": "*.csv"})
    assert not bench.source().approved
    run = bench.run()
    assert run is not None
    assert run.state is RunState.WAITING


def test_what_a_person_approved_is_what_is_imported(bench: SourceBench) -> None:
    folder_source(bench)
    write(bench, TEN)
    bench.run()
    write(bench, {"X1": "Quite another list"})
    run = bench.approve()
    assert run is not None
    assert len(accounts(bench)) == 10
    with bench.database.transaction() as session, pytest.raises(Conflict):
        sources.decide(session, sources.named(session, "erp"), True, "ann", bench.now)


def test_an_approved_document_whose_file_is_lost_is_fetched_again_and_must_be_the_same(bench: SourceBench) -> None:
    folder_source(bench)
    write(bench, TEN)
    bench.run()
    for path in (bench.settings.data_dir / "sources" / "1").iterdir():
        path.unlink()
    write(bench, {**TEN, "A1": "changed since"})
    with pytest.raises(Conflict):
        bench.run()
    run = bench.approve()
    assert run is not None
    assert (run.state, accounts(bench)) == (RunState.WAITING, [])
    assert [row[0] for row in bench.rows("SELECT state FROM source_run ORDER BY id")] == ["discarded", "waiting"]
    approved = bench.approve()
    assert approved is not None
    assert approved.state is RunState.IMPORTED


@pytest.mark.parametrize(
    ("type_", "settings", "why"),
    [
        ("folder", {"path": "/etc"}, "MUSTERROLL_SOURCE_FOLDERS"),
        ("folder", {"path": "gs://bucket"}, "s3://bucket"),
        (
            "folder",
            {"path": "s3://bucket/lists", "endpoint": "https://minio.example.com"},
            "add minio.example.com to MUSTERROLL_SOURCE_HOSTS",
        ),
        ("folder", {"path": "s3://bucket/lists", "endpoint": "http://169.254.169.254"}, "without TLS"),
        ("folder", {}, "enter the setting path"),
        ("https", {"url": "ftp://example.com/x"}, "https://"),
        ("https", {"url": "http://example.com/x"}, "without TLS"),
        ("https", {"url": "https://u:p@example.com/x"}, "no password"),
        ("https", {"url": "https://example.com/x", "token": "abc"}, "name it as env:"),
        ("https", {"url": "https://example.com/x", "token": "env:MUSTERROLL_SECRET_KEY"}, "name it as env:"),
        ("https", {"url": "https://example.com/x", "token": "file:../etc/shadow"}, "name it as env:"),
        ("sql", {"url": "sqlite:////etc/x.db", "query": "SELECT 1"}, "postgresql://"),
        ("sql", {"url": "postgresql://u@db.example.com/x", "query": "SELECT 1"}, "MUSTERROLL_SOURCE_HOSTS"),
        ("nonsense", {}, "there is no source of type"),
        ("https", {"url": "https://example.com/x", "colour": "red"}, "has no setting"),
    ],
)
def test_settings_that_are_wrong_or_not_allowed_are_refused(
    sqlite_database: Database, tmp_path: Path, now: datetime, type_: str, settings: dict[str, str], why: str
) -> None:
    with pytest.raises(DomainError, match=why):
        SourceBench(sqlite_database, tmp_path, now).put(type_, "accounts", settings)


def test_the_event_of_a_waiting_document_names_source_and_reason(bench: SourceBench) -> None:
    folder_source(bench)
    write(bench, TEN)
    bench.run()
    assert bench.rows("SELECT kind, units, detail FROM event") == [
        (EventKind.SOURCE_WAITING.value, 10, "erp: 10 rows; the first document of this source waits for approval")
    ]


def test_an_unreadable_file_of_a_folder_is_named_and_the_others_are_imported(bench: SourceBench) -> None:
    source = folder_source(bench)
    write(bench, {"A1": "One"}, "a.csv")
    bench.take(source)
    (bench.lists / "b.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    os.utime(bench.lists / "b.xlsx", (1, 1))  # the oldest
    write(bench, {"A2": "Two"}, "d.csv")
    assert bench.fails(source).startswith("b.xlsx cannot be imported: ")
    assert bench.due() == [source], "the others are not held up"
    assert bench.take(source).file == "d.csv"
    assert accounts(bench) == [("A1", "One"), ("A2", "Two")]
    assert bench.fails(source).startswith("b.xlsx cannot be imported: ")
    assert bench.due() == []
    assert "b.xlsx" in bench.source(source).problem
    failed = bench.rows("SELECT file, reason FROM source_run WHERE state = 'failed' ORDER BY id")
    assert {row[0] for row in failed} == {"b.xlsx"}
    write(bench, {"A3": "Three"}, "b.csv")
    (bench.lists / "b.xlsx").unlink()
    assert bench.take(source).file == "b.csv"
    assert bench.source(source).problem == ""
