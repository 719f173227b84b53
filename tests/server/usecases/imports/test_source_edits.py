"""Editing sources, taking that back, and what is kept of their history."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from musterroll import long_work
from musterroll.domain.imports import RunState
from musterroll.domain.values.errors import Conflict, DomainError
from musterroll.storage.engine.database import Database
from musterroll.storage.imports import sources as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.imports import SourceRun
from musterroll.usecases.imports import source_edits, sources
from musterroll.usecases.imports.source_edits import Edit
from sqlmodel import col, select

from tests.support.sources import SourceBench

REPORT = {"url": "https://lists.example.com/units.csv", "token": "env:MUSTERROLL_SOURCE_A", "user": "ann"}


@pytest.fixture
def bench(database: Database, tmp_path: Path, now: datetime) -> SourceBench:
    return SourceBench(database, tmp_path, now)


def edit(bench: SourceBench, changes: Edit, source_id: int = 1) -> None:
    with bench.database.transaction() as session:
        source = sources.numbered(session, source_id)
        sources.change(session, source, source_edits.edited(source, changes), bench.settings, "ann", bench.now)


def undo_last(bench: SourceBench) -> None:
    with bench.database.snapshot() as session:
        last = session.exec(select(AuditChange.id).order_by(col(AuditChange.id).desc())).first()
    long_work.undo(bench.database, last or 0, "ann", lambda: bench.now)


def write_list(bench: SourceBench, folder: str, number: int) -> str:
    place = bench.lists / folder
    place.mkdir(exist_ok=True)
    path = place / "accounts.csv"
    path.write_text("Account ID,Account Name\n" + "".join(f"{folder}{n},Account\n" for n in range(number)))
    stamp = path.stat().st_mtime - 60
    os.utime(path, (stamp, stamp))
    return str(place)


def test_what_is_not_named_stays_and_so_does_a_secret_that_is_left_empty(bench: SourceBench) -> None:
    bench.put("https", "units", REPORT, reading={"given": ("maker=Dell",), "zone": "Europe/Berlin"})
    edit(bench, Edit(name="report", settings={"token": "", "user": ""}, every=3600, reading={"zone": ""}))
    source = bench.source()
    assert source.settings == {"url": REPORT["url"], "token": REPORT["token"]}
    assert (source.name, source.kind, source.every, source.reading) == ("report", "units", 3600, {"given": ["maker=Dell"]})
    edit(bench, Edit(settings={"token": None}, most_changed=0))
    assert (bench.source().settings, bench.source().most_changed) == ({"url": REPORT["url"]}, 0)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (Edit(name="other"), "another source has the name"),
        (Edit(name=" "), "needs a name"),
        (Edit(settings={"url": None}), "enter the setting url"),
        (Edit(settings={"token": "s3cret"}), "name it as env:"),
        (Edit(every=5), "every minute"),
        (Edit(reading={"dates": "dmy", "given": ["maker"]}), "FIELD=VALUE"),
    ],
)
def test_an_edit_that_cannot_be_is_refused_and_changes_nothing(bench: SourceBench, changes: Edit, why: str) -> None:
    bench.put("https", "units", REPORT)
    bench.put("https", "units", REPORT, "other")
    with pytest.raises(DomainError, match=why):
        edit(bench, changes)
    assert (bench.source().name, bench.source().settings) == ("erp", REPORT)


def test_only_a_change_of_what_is_fetched_or_how_it_is_read_waits_for_a_person_again(bench: SourceBench) -> None:
    place = write_list(bench, "A", 3)
    bench.put("folder", "accounts", {"path": place}, reading={"given": ("country=DE",)})
    bench.take()
    edit(bench, Edit(name="list", every=60, most_changed=50, reading={"given": ["country=DE"]}))
    assert bench.source().approved
    edit(bench, Edit(reading={"given": ["country=FR"]}))
    assert (bench.source().approved, bench.source().cursor) == (False, {})


def test_an_edit_that_is_undone_fetches_the_old_list_from_its_beginning(bench: SourceBench) -> None:
    bench.put("folder", "accounts", {"path": write_list(bench, "A", 3)})
    bench.take()
    edit(bench, Edit(settings={"path": write_list(bench, "B", 4)}))
    bench.run()
    undo_last(bench)
    assert bench.source().settings["path"].endswith("A")
    assert (bench.source().approved, bench.source().cursor, bench.due()) == (True, {}, [1])
    assert bench.rows("SELECT state FROM source_run ORDER BY id") == [("imported",), ("discarded",)]
    run = bench.run()
    assert run is not None
    assert (run.state, run.counts["same"]) == (RunState.UNCHANGED, 3)


def test_adding_a_source_is_undone_also_after_it_ran(bench: SourceBench) -> None:
    bench.put("folder", "accounts", {"path": write_list(bench, "A", 3)})
    with bench.database.snapshot() as session:
        added = session.exec(select(AuditChange.id).order_by(col(AuditChange.id).desc())).first() or 0
    bench.run()
    bench.approve()
    with pytest.raises(Conflict, match="approved"):
        long_work.undo(bench.database, added, "ann", lambda: bench.now)
    with bench.database.snapshot() as session:
        changes = session.exec(select(AuditChange.id).where(AuditChange.kind == "source", col(AuditChange.id) > added)).all()
    for change in reversed(changes):
        long_work.undo(bench.database, change or 0, "ann", lambda: bench.now)
    long_work.undo(bench.database, added, "ann", lambda: bench.now)
    assert bench.source().removed
    assert bench.due() == []
    assert bench.rows("SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM source_run)") == [(3, 1)]
    undo_last(bench)
    assert not bench.source().removed


def test_adding_a_source_that_never_ran_is_undone_without_a_trace(bench: SourceBench) -> None:
    bench.put("https", "units", REPORT)
    undo_last(bench)
    assert bench.rows("SELECT count(*) FROM source") == [(0,)]


def test_a_removed_source_does_not_come_back_beside_another_of_its_name(bench: SourceBench) -> None:
    bench.put("https", "units", REPORT)
    with bench.database.transaction() as session:
        removed = sources.remove(session, sources.named(session, "erp"), "ann", bench.now).id or 0
    bench.put("https", "units", REPORT)
    with pytest.raises(Conflict, match="another source has the name erp"):
        long_work.undo(bench.database, removed, "ann", lambda: bench.now)
    edit(bench, Edit(name="erp 2"), 2)
    long_work.undo(bench.database, removed, "ann", lambda: bench.now)
    assert not bench.source().removed


def test_the_newest_runs_are_kept_and_all_that_can_be_undone_or_decided(bench: SourceBench) -> None:
    for name in ("erp", "crm"):
        bench.put("folder", "accounts", {"path": write_list(bench, name, 3)}, name)
        bench.run(1 if name == "erp" else 2)
    imported = bench.approve(1)
    with bench.database.transaction() as session:
        session.add_all(SourceRun(source_id=1, at=n, state=RunState.UNCHANGED) for n in range(8))
    assert deleted(bench) == 5
    assert [state for (state,) in bench.rows("SELECT state FROM source_run ORDER BY id")] == ["imported", "waiting", *["unchanged"] * 3]
    assert deleted(bench) == 0
    assert imported is not None
    long_work.undo_import(bench.database, imported.import_run_id or 0, "ann", lambda: bench.now)
    assert deleted(bench) == 1


def deleted(bench: SourceBench) -> int:
    with bench.database.transaction() as session:
        return stored.delete_old_runs(session, 3)
