"""Processes killed at random under load: what was receipted is never lost, nothing is applied twice, our own silence is nobody's fault."""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.tables.messages import DurableMessage
from musterroll.storage.tables.units import UnitStateChange
from musterroll.usecases.liveness.stale_sweep import sweep
from sqlmodel import select

from tests.support.deployment import REGISTRY_PASSWORD, IngestProcess, Part, mosquitto_config, storm
from tests.support.devices import Device
from tests.support.instances import until
from tests.support.mosquitto import Mosquitto
from tests.support.postgres import PostgresServer
from tests.support.reporting import enrol, voice

pytestmark = [pytest.mark.fault, pytest.mark.mosquitto]
KILLS = 20
DEVICES = 8


class Stage:
    """A registry in production: database, broker, ingest, and devices under way."""

    def __init__(self, database: Database, folder: Path, count: int, interval: int = 60) -> None:
        self.database = database
        self.units = enrol(database, count)
        (folder / "broker").mkdir()
        self.broker = Mosquitto(mosquitto_config(folder / "broker", [unit.uid for unit in self.units]), folder / "broker")
        address = f"mqtt://registry:{REGISTRY_PASSWORD}@127.0.0.1:{self.broker.port}"
        self.ingest = IngestProcess(database.url, address, folder)
        self.devices = [Device(unit.uid, self.broker.port, birth=unit.birth(interval=interval)) for unit in self.units]
        for device in self.devices:
            device.start()

    def settle(self) -> None:
        """No more is said; wait until all that was said is receipted."""
        for device in self.devices:
            device.stop_saying()
        until(lambda: all(device.settled() for device in self.devices), f"everything said is receipted; {self.ingest.log}", 60)

    def end(self) -> None:
        for device in self.devices:
            device.stop()
        self.ingest.stop()
        self.broker.stop()


@contextmanager
def playing(database: Database, folder: Path, count: int = DEVICES, interval: int = 60) -> Iterator[Stage]:
    stage = Stage(database, folder, count, interval)
    try:
        until(lambda: all(device.receipted for device in stage.devices), "the registry receipts", 60)
        yield stage
    finally:
        stage.end()


def lost_or_doubled(stage: Stage) -> dict[str, str]:
    """What of each unit's numbers is not on the roll exactly once."""
    with stage.database.snapshot() as session:
        kept = session.exec(select(DurableMessage.unit_id, DurableMessage.seq)).all()
        first = Counter(session.exec(select(UnitStateChange.unit_id).where(UnitStateChange.old == "never_heard")).all())
    found: dict[str, str] = {}
    for unit, device in zip(stage.units, stage.devices, strict=True):
        seqs = sorted(seq for unit_id, seq in kept if unit_id == unit.id)
        if seqs != list(range(1, device.said + 1)) or device.receipted != device.said or first[unit.id] != 1:
            found[unit.uid] = f"said {device.said}, receipted {device.receipted}, kept {len(seqs)}, first heard {first[unit.id]} times"
    return found


def private_sqlite(folder: Path) -> Database:
    database = Database(f"sqlite:///{folder / 'roll.db'}")
    migrate.upgrade(database)
    return database


@pytest.fixture
def private_postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    yield server
    server.stop()


def weather(stage: Stage, parts: list[Part], kills: int, seed: int) -> None:
    """A storm under load, and the calm after it."""
    before = sum(device.receipted for device in stage.devices)
    storm(parts, kills, (0.1, 1.2), random.Random(seed))
    assert sum(device.receipted for device in stage.devices) > before
    stage.settle()
    assert lost_or_doubled(stage) == {}
    said = sum(device.said for device in stage.devices)
    assert sum(device.sent for device in stage.devices) > said, "nothing was sent twice: the storm was too weak to show anything"


def test_ingest_and_broker_killed_twenty_times_each_lose_nothing_that_was_receipted(tmp_path: Path) -> None:
    database = private_sqlite(tmp_path)
    with playing(database, tmp_path) as stage:
        weather(stage, [stage.ingest, stage.broker], KILLS, seed=1)
    database.close()


@pytest.mark.postgres
def test_postgres_killed_under_load_beside_them_loses_nothing_that_was_receipted(private_postgres: PostgresServer, tmp_path: Path) -> None:
    database = Database(private_postgres.create())
    migrate.upgrade(database)
    with playing(database, tmp_path) as stage:
        weather(stage, [stage.ingest, stage.broker, private_postgres], 5, seed=2)
    database.close()


def swept(database: Database) -> list[int]:
    with database.transaction() as session:
        return sweep(session, datetime.now(UTC)).newly_stale


def ten_minutes_pass(database: Database) -> None:
    """For the roll, while nobody writes to it: everything that was heard was heard ten minutes earlier."""
    with database.transaction() as session:
        connection = session.connection()
        connection.exec_driver_sql("UPDATE unit_status SET heard_at = heard_at - 600000, first_heard_at = first_heard_at - 600000")
        connection.exec_driver_sql("UPDATE registry_state SET since = since - 600000, until = until - 600000")
        connection.exec_driver_sql("UPDATE process_heartbeat SET at = at - 600000")


def test_after_ten_minutes_without_the_registry_only_who_is_silent_for_a_window_afterwards_is_stale(
    database: Database, tmp_path: Path
) -> None:
    with playing(database, tmp_path, count=3, interval=1) as stage:
        until(lambda: all(voice(database, unit).stale_after == 8 for unit in stage.units), "the units' windows are eight seconds")
        alive, dead = stage.units[:2], stage.units[2]
        stage.ingest.kill()
        stage.devices[2].stop()
        ten_minutes_pass(database)
        assert swept(database) == []
        stage.ingest.start()
        # Perhaps by the last canary of before, which the ingest did not live to commit: its ten minutes have not passed.
        until(lambda: hearing_since(database) > (time.time() - 300) * 1000, "the registry listens again", 60)
        stale = watch(database, lambda: time.time() - hearing_since(database) / 1000 < 7)
        assert stale == []
        until(lambda: swept(database) == [dead.id], "who stayed silent is called stale")
        assert to_ms(datetime.now(UTC)) - hearing_since(database) >= 8000
        assert [voice(database, unit).stale_since for unit in alive] == [None, None]


def hearing_since(database: Database) -> int:
    with database.snapshot() as session:
        return liveness_states.hearing(session).since


def watch(database: Database, going: Callable[[], bool]) -> list[int]:
    stale: list[int] = []
    while going():
        stale += swept(database)
        time.sleep(0.1)
    return stale
