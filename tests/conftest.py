"""Fixtures everyone shares: migrated databases on both engines, a private Mosquitto, and a fixed now."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database

from tests.support import compiled_once
from tests.support.empty_databases import EmptyDatabases
from tests.support.mosquitto import Mosquitto
from tests.support.postgres import PostgresServer

settings.register_profile("shared", deadline=None)  # a busy machine is no failure
settings.load_profile("shared")

compiled_once.share()

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL a test process, shared: nobody may kill it."""
    server = PostgresServer(fsync="off", full_page_writes="off")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def empty_databases(postgres_server: PostgresServer) -> EmptyDatabases:
    return EmptyDatabases(postgres_server)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "roll.db"
    template = Database(f"sqlite:///{path}")
    migrate.upgrade(template)
    template.close()
    return path


@pytest.fixture
def sqlite_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    shutil.copy(sqlite_template, tmp_path / "roll.db")
    database = Database(f"sqlite:///{tmp_path / 'roll.db'}")
    yield database
    database.close()


@pytest.fixture
def postgres_database(empty_databases: EmptyDatabases) -> Iterator[Database]:
    database = Database(empty_databases.take())
    yield database
    database.close()
    empty_databases.give_back(database.url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Database:
    """A migrated, empty database: the test runs once on SQLite and once on PostgreSQL."""
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def mosquitto() -> Iterator[Callable[..., Mosquitto]]:
    """Makes private Mosquittos: `mosquitto()`, `mosquitto("max_inflight_messages 0")`; stopped after the test."""
    made: list[Mosquitto] = []

    def make(config: str = "allow_anonymous true\n", folder: Path | None = None) -> Mosquitto:
        made.append(Mosquitto(config, folder))
        return made[-1]

    yield make
    for broker in made:
        broker.stop()
