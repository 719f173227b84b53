"""Whole reconciliations that several processes share: in parts, with workers that come, go, die and hang."""

import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import pytest
from musterroll import long_work, run_parts
from musterroll.domain.values.errors import DomainError
from musterroll.runtime.worker import Worker
from musterroll.storage import reconcile_queue
from musterroll.storage.engine import database as engine_database
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database, exported
from musterroll.usecases.operations import workers
from musterroll.usecases.reconciliation import parts, run
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.support import random_records
from tests.support.instances import until
from tests.support.postgres import PostgresServer
from tests.support.random_records import NOW
from tests.support.workers import PATIENT, WorkerProcess, held_up, wait_for, wait_for_pulse

pytestmark = pytest.mark.postgres
CELLS = "SELECT unit_id, account_id, site_id, product_id, cell, line_id FROM run_cell"
STORED = {
    "unit_reconciliation": "SELECT * FROM unit_reconciliation ORDER BY unit_id",
    "cell_count": "SELECT * FROM cell_count ORDER BY axis, of_id, cell",
    "finding": """SELECT kind, subject, subject_id, facts, variant, account_id, value, currency, counted, present, first_seen_at, changed_at
      FROM finding ORDER BY id""",
    "finding_amount": """SELECT f.kind, f.subject_id, a.currency, a.value FROM finding_amount a JOIN finding f ON f.id = a.finding_id
      ORDER BY f.id, a.currency""",
}
TABLES = {"cells": CELLS, "findings": "FROM run_finding", "further": "FROM run_further"}


@pytest.mark.parametrize("seed", range(2))
def test_the_parts_together_are_the_whole(postgres_database: Database, tmp_path: Path, seed: int) -> None:
    dice = Random(f"parts/{seed}")
    with postgres_database.transaction() as session:
        random_records.fill(session, dice, 10)
    with postgres_database.transaction() as session:
        run.reconcile(session, NOW, NOW, store=True)
    with postgres_database.frozen() as session:
        computed, works = parts.begin(session, NOW, NOW, dice.randint(2, 6))
        whole = run.compute(session, NOW, NOW).columns
        results = [parts.compute(session, work, _folder(tmp_path, number)) for number, work in enumerate(works)]
        assert len(results) > 1
        for name, query in TABLES.items():
            rows: Counter[Any] = Counter()
            for number, part in enumerate(results):
                file = tmp_path / f"{name}{number}.parquet"
                file.write_bytes(part[name])
                rows.update(map(tuple, computed.columns.rows(f"FROM read_parquet('{file}')")))
            assert rows == Counter(map(tuple, whole.rows(query))), name


def _folder(path: Path, number: int) -> Path:
    folder = path / str(number)
    folder.mkdir()
    return folder


@pytest.fixture
def fleet(postgres_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """Some fleets that were reconciled and edited since, large enough to share, with a worker that has shown itself."""
    monkeypatch.setattr(parts, "_LEAST", 1)
    monkeypatch.setattr(engine_database, "_POSTGRES_OPTIONS", PATIENT)
    database = Database(postgres_database.url)
    with database.transaction() as session:
        random_records.fill(session, Random(7), 10)
    with database.transaction() as session:
        run.reconcile(session, NOW, NOW, store=True)
        workers.record_pulse(session, "elsewhere", NOW)
    _edit(database, 1)
    with database.transaction() as session:
        run.prepare(session, NOW)
    yield database
    database.close()


@pytest.fixture
def worker(fleet: Database, tmp_path: Path) -> Iterator[Callable[..., WorkerProcess]]:
    started = list[WorkerProcess]()

    def start(**lease: int) -> WorkerProcess:
        started.append(WorkerProcess(fleet, tmp_path / f"worker{len(started)}", **lease))
        return started[-1]

    yield start
    for process in started:
        process.stop()


def test_workers_share_a_run_and_it_stores_what_one_process_would(fleet: Database, worker: Callable[..., WorkerProcess]) -> None:
    alone = _stored_alone(fleet)
    with fleet.transaction() as session:
        workers.record_pulse(session, "another", NOW)  # for a third part: those below show themselves on another day
    with ThreadPoolExecutor(1) as leader:
        with held_up(fleet):
            helpers = [worker(), worker()]
            leading = leader.submit(long_work.reconcile, fleet, NOW, NOW)
            wait_for(fleet, 3)
        leading.result()
    assert _stored(fleet) == alone
    for helper in helpers:
        helper.send(signal.SIGTERM)
        assert helper.ended() == 0
        assert "of a reconciliation was computed" in helper.log()
    with fleet.snapshot() as session:
        assert session.execute(text("SELECT count(*) FROM run_part")).scalar_one() == 0
        pulses = session.execute(text("SELECT name FROM process_heartbeat WHERE name LIKE 'worker:%'")).scalars()
        assert set(pulses) == {"worker:elsewhere", "worker:another"}, "workers that were stopped took their leave"


def test_what_is_written_during_a_shared_run_is_in_its_results(fleet: Database) -> None:
    with ThreadPoolExecutor(1) as leader:
        with held_up(fleet):
            leading = leader.submit(long_work.reconcile, fleet, NOW, NOW)
            wait_for(fleet, 1)
            with fleet.snapshot() as session:
                assert session.execute(text("SELECT count(*) FROM run_part")).scalar_one() > 1
            _edit(fleet, 2)
        leading.result()
    with fleet.transaction() as session:
        assert run.reconcile(session, NOW, NOW, store=True).stored == (0, 0, 0)


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGSTOP])
def test_the_part_of_a_worker_that_dies_or_hangs_is_computed_by_another(
    fleet: Database, worker: Callable[..., WorkerProcess], ending: signal.Signals
) -> None:
    alone = _stored_alone(fleet)
    lost = worker(lease=1_000 if ending is signal.SIGSTOP else 30_000)
    with fleet.frozen() as session:
        computed, name = _announced(fleet, session)
        with held_up(fleet):
            wait_for(fleet, 1)
            lost.send(ending)
        run_parts.finish(fleet, name)
        with fleet.snapshot() as results:
            assert _open(results, name) == 0
        assert _kept(fleet, computed, name) == alone
    if ending is signal.SIGSTOP:
        lost.send(signal.SIGCONT)
        lost.send(signal.SIGTERM)
        assert lost.ended() == 0
        assert "was left to other processes" in lost.log()


def test_a_worker_that_is_stopped_finishes_its_part(fleet: Database, worker: Callable[..., WorkerProcess]) -> None:
    helper = worker()
    with fleet.frozen() as session:
        _, name = _announced(fleet, session)
        with fleet.snapshot() as results:
            announced = _open(results, name)
        with held_up(fleet):
            wait_for(fleet, 1)
            helper.send(signal.SIGTERM)
        assert helper.ended() == 0
        with fleet.snapshot() as results:
            assert 0 < announced - _open(results, name) <= announced


def test_parts_of_a_run_whose_leader_died_are_given_up(fleet: Database) -> None:
    with fleet.frozen() as session:
        _, name = _announced(fleet, session)
        with fleet.snapshot() as results:
            announced = _open(results, name)
    worker = run_parts.PartWorker(fleet)
    for _ in range(announced):
        with pytest.raises(DBAPIError):
            worker.help()
    assert not worker.help()
    alone = _stored_alone(fleet)
    long_work.reconcile(fleet, NOW, NOW)
    assert _stored(fleet) == alone
    with fleet.snapshot() as session:
        assert session.execute(text("SELECT count(*) FROM run_part")).scalar_one() == 0


def test_workers_need_postgresql(sqlite_database: Database) -> None:
    with pytest.raises(DomainError, match="--worker needs PostgreSQL: with SQLite one process does all the work"):
        Worker(sqlite_database)


def test_a_worker_goes_on_after_the_database_was_away(tmp_path: Path) -> None:
    server = PostgresServer(fsync="off")
    database = Database(server.create())
    migrate.upgrade(database)
    helper = WorkerProcess(database, tmp_path)
    try:
        wait_for_pulse(database)
        server.kill()
        until(lambda: "could not be stored" in helper.log(), "the worker misses the database", 120)
        database.engine.dispose()
        server.start()
        with database.transaction() as session:
            session.execute(text("DELETE FROM process_heartbeat"))
        wait_for_pulse(database)
        helper.send(signal.SIGTERM)
        assert helper.ended() == 0
    finally:
        helper.stop()
        database.close()
        server.stop()


def test_small_fleets_and_those_without_workers_are_not_shared(fleet: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with fleet.frozen() as session:
        assert parts.processes(session, NOW, NOW) == 2
        with fleet.frozen() as another:
            assert parts.processes(another, NOW, NOW) == 1, "one shared run at a time"
    with fleet.transaction() as session:
        workers.leave(session, "elsewhere")
    with fleet.frozen() as session:
        assert parts.processes(session, NOW, NOW) == 1
    with fleet.transaction() as session:
        workers.record_pulse(session, "elsewhere", NOW)
    monkeypatch.undo()
    with fleet.frozen() as session:
        assert parts.processes(session, NOW, NOW) == 1


def _edit(database: Database, seed: int) -> None:
    with database.transaction() as session:
        reconcile_queue.mark(session, random_records.edit(session, Random(seed)))


def _announced(database: Database, session: Any) -> tuple[run.Computed, str]:
    computed, works = parts.begin(session, NOW, NOW, 2)
    run.read_stored(computed.columns)
    with database.transaction() as announcing:
        return computed, parts.announce(announcing, exported(session), works)


def _open(session: Any, name: str) -> int:
    return int(session.execute(text("SELECT count(*) FROM run_part WHERE run = :run AND cells IS NULL"), {"run": name}).scalar_one())


def _kept(database: Database, computed: run.Computed, name: str) -> dict[str, list[Any]]:
    with database.snapshot() as results:
        parts.gather(results, name, computed)
    with database.transaction() as session:
        assert run.keep(session, computed, NOW) is not None
    return _stored(database)


def _stored(database: Database) -> dict[str, list[Any]]:
    with database.snapshot() as session:
        return _rows(session)


def _stored_alone(database: Database) -> dict[str, list[Any]]:
    """What a run by one process would store."""
    with database.snapshot() as session:
        run.reconcile(session, NOW, NOW, store=True)
        return _rows(session)


def _rows(session: Any) -> dict[str, list[Any]]:
    return {table: list(map(tuple, session.execute(text(query)))) for table, query in STORED.items()}
