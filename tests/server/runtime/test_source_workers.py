"""A slow source holds up neither other sources nor the scheduled jobs, and comes to an end."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from musterroll.domain.imports import RunState
from musterroll.runtime.source_workers import SourceWorkers
from musterroll.storage.engine.database import Database

from tests.support.api_server import Answer, ApiServer, api_server
from tests.support.sources import SourceBench

LIST = b"Account ID,Account Name\nA1,Acme\n"


class SlowServer:
    """Answers when it is let go; until then it sends nothing, or goes on sending without an end."""

    def __init__(self, *, drip: bool) -> None:
        self.asked, self._go, self._drip = threading.Semaphore(0), threading.Event(), drip

    def answer(self, _asked: object) -> Answer:
        self.asked.release()
        if self._drip:
            return Answer(self._pieces())
        self._go.wait(60)
        return Answer(LIST)

    def _pieces(self) -> Iterator[bytes]:
        yield LIST
        while not self._go.wait(0.02):
            yield b"A1,Acme\n"

    def let_go(self) -> None:
        self._go.set()


@pytest.fixture(params=[False, True], ids=["silent", "dripping"])
def slow(request: pytest.FixtureRequest) -> Iterator[tuple[SlowServer, ApiServer]]:
    server = SlowServer(drip=request.param)
    with api_server(server.answer) as served:
        yield server, served
        server.let_go()


def bench_with(database: Database, folder: Path, url: str, **settings: float) -> SourceBench:
    bench = SourceBench(database, folder, datetime.now(UTC), **settings)
    (bench.lists / "accounts.csv").write_bytes(LIST)
    os.utime(bench.lists / "accounts.csv", (1, 1))
    bench.put("https", "accounts", {"url": f"{url}/accounts.csv"}, "slow")
    bench.put("folder", "accounts", {"path": str(bench.lists)}, "quick")
    return bench


def test_the_others_run_while_one_waits_for_its_server(database: Database, tmp_path: Path, slow: tuple[SlowServer, ApiServer]) -> None:
    server, served = slow
    bench = bench_with(database, tmp_path, served.url)
    workers = SourceWorkers(database, bench.settings)
    waiting, quick = workers.start_due(bench.now)
    quick.join()
    assert server.asked.acquire(timeout=20)
    assert bench.rows("SELECT source_id, state FROM source_run") == [(2, RunState.WAITING.value)]
    assert workers.start_due(bench.now) == []  # the slow one is being run
    server.let_go()
    waiting.join()
    assert {source_id for (source_id,) in bench.rows("SELECT source_id FROM source_run")} == {1, 2}


def test_a_source_that_takes_too_long_fails_and_makes_room(database: Database, tmp_path: Path, slow: tuple[SlowServer, ApiServer]) -> None:
    _, served = slow
    bench = bench_with(database, tmp_path, served.url, source_minutes=0.01)
    workers = SourceWorkers(database, bench.settings, at_once=1)
    (slow_run,) = workers.start_due(bench.now)
    slow_run.join()
    assert "did not give its document within 0.01 minutes" in bench.source(1).problem
    (quick,) = workers.start_due(bench.now)
    quick.join()
    assert bench.rows("SELECT source_id, state FROM source_run ORDER BY id") == [(1, "failed"), (2, "waiting")]
