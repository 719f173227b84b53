"""A process that keeps the stored results as columns stores what one that has just started would store, whatever happens in between."""

import contextlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from musterroll import long_work
from musterroll.storage import reconcile_queue
from musterroll.storage.engine import columns
from musterroll.storage.engine.columns import Columns
from musterroll.storage.engine.database import Database
from musterroll.storage.reconciliation import cell_counters
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlalchemy import text

from tests.support import random_records
from tests.support.random_records import NOW

RESULTS = ("unit_reconciliation", "cell_count", "finding", "finding_amount", "finding_sum")


@pytest.mark.parametrize("seed", range(2))
def test_runs_of_a_process_that_goes_on_are_those_of_one_that_starts(
    database: Database, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = Random(f"warm/{seed}")
    with database.transaction() as session:
        random_records.fill(session, dice, 5)
    long_work.reconcile(database, NOW, NOW)
    backup = _Backup(database)
    between = (_edit, _tick, _edit_and_tick, _all_marked, _run_elsewhere, _roll_back, backup.restore)
    for _ in range(7):
        for step in dice.sample(between, 2):
            step(database, dice, monkeypatch)
        long_work.reconcile(database, NOW, NOW)
        with monkeypatch.context() as patch:
            patch.setattr(columns, "_left", {})
            _stored_as_a_process_that_starts_would(database)


def test_what_this_process_has_stored_is_not_read_again(database: Database) -> None:
    with database.transaction() as session:
        random_records.fill(session, Random(2), 5)
    long_work.reconcile(database, NOW, NOW)
    _edit_and_tick(database, Random(3))
    with _whole_reads() as reads:
        long_work.reconcile(database, NOW, NOW)
    assert not reads
    _run_elsewhere(database, Random(4), pytest.MonkeyPatch())
    with _whole_reads() as reads:
        long_work.reconcile(database, NOW, NOW)
    assert len(reads) == 2, "the results of another process are read: quadrants and findings"


def _edit(database: Database, dice: Random, *_: Any) -> None:
    with database.transaction() as session:
        reconcile_queue.mark(session, random_records.edit(session, dice))


def _tick(database: Database, *_: Any) -> None:
    with database.transaction() as session:
        reconciliation_run.tick(session, NOW)


def _edit_and_tick(database: Database, dice: Random, *_: Any) -> None:
    _edit(database, dice)
    _tick(database)


def _all_marked(database: Database, *_: Any) -> None:
    with database.transaction() as session:
        reconcile_queue.mark_all(session)


def _run_elsewhere(database: Database, dice: Random, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process, which has nothing left from before, and leaves nothing here."""
    with monkeypatch.context() as patch:
        patch.setattr(columns, "_left", {})
        _edit_and_tick(database, dice)


def _roll_back(database: Database, dice: Random, *_: Any) -> None:
    """A run whose transaction fails after it was stored."""
    with contextlib.suppress(ZeroDivisionError), database.transaction() as session:
        reconciliation_run.reconcile_changed(session, random_records.edit(session, dice), NOW)
        raise ZeroDivisionError


class _Backup:
    """The stored results and their stamp, to be restored as a backup of the database is; what has changed since is marked again."""

    def __init__(self, database: Database) -> None:
        with database.snapshot() as session:
            self._rows = {table: [dict(row._mapping) for row in session.execute(text(f"SELECT * FROM {table}"))] for table in RESULTS}
            self._stamp = cell_counters.stamp(session)

    def restore(self, database: Database, *_: Any) -> None:
        with database.transaction() as session:
            for table in reversed(RESULTS):
                session.execute(text(f"DELETE FROM {table}"))
            for table, rows in self._rows.items():
                if rows:
                    into = f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES (:{', :'.join(rows[0])})"
                    session.execute(text(into), rows)
            stamped = text("UPDATE process_heartbeat SET detail = :stamp WHERE name = 'reconciliation_stored'")
            session.execute(stamped, {"stamp": self._stamp})
            reconcile_queue.mark_all(session)


def _stored_as_a_process_that_starts_would(database: Database) -> None:
    with database.transaction() as session:
        expected = random_records.by_the_rules(session)
        assert random_records.stored(session) == random_records.comparable(expected.findings)
        assert cell_counters.counts(session) == cell_counters.recount(session)
        stored = session.begin_nested()
        assert reconciliation_run.reconcile(session, NOW, NOW, store=True).stored == (0, 0, 0)
        stored.rollback()


@contextmanager
def _whole_reads() -> Iterator[list[str]]:
    """The tables of stored results that are read whole."""
    reads, read = list[str](), Columns.read

    def note(self: Columns, table: str, query: str, columns: Mapping[str, str], **given: Any) -> None:
        if table in ("run_stored", "run_known") and not given:
            reads.append(table)
        read(self, table, query, columns, **given)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Columns, "read", note)
        yield reads
