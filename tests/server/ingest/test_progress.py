"""What hangs is told from what waits: systemd and the containers restart only the first."""

import threading
from collections.abc import Callable

import pytest
from musterroll.ingest.worker import Worker
from musterroll.storage.engine.database import Database

from tests.server.ingest.test_ingest import ingesting, url
from tests.support.instances import until
from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.mosquitto
Broker = Callable[..., Mosquitto]


def test_an_ingest_that_hangs_is_told_from_one_that_waits(
    sqlite_database: Database, mosquitto: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit, go_on = Worker._commit, threading.Event()

    def hangs(worker: Worker, batch: object) -> object:
        go_on.wait(20)
        return commit(worker, batch)  # type: ignore[arg-type]

    broker = mosquitto()
    with ingesting(sqlite_database, url(broker)) as ingest:
        monkeypatch.setattr("musterroll.ingest.progress._TIMEOUT", 1.0)
        broker.kill()
        until(lambda: not ingest.healthy(), "the broker is missed")
        assert ingest.progressing()
        monkeypatch.setattr(Worker, "_commit", hangs)
        broker.start()
        until(lambda: not ingest.progressing(), "the worker hangs")
        go_on.set()
        until(lambda: ingest.progressing() and ingest.healthy(), "it goes on")
