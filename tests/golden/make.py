"""`python -m tests.golden.make`: keeps a database as today's code leaves it, for later versions to upgrade."""

import json
import os
import random
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database

from tests.golden import dump, released_migrations
from tests.golden.facts import audit_log, facts
from tests.golden.fill import fill
from tests.support.postgres import PostgresServer

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Filled(NamedTuple):
    """What is kept of a database that was filled: its revision, the facts both engines agree on, its audit log, and all of it as SQL."""

    revision: str
    facts: dict[str, Any]
    audit: dict[str, Any]
    sql: str


def main() -> None:
    server = PostgresServer(fsync="off")
    try:
        with tempfile.TemporaryDirectory() as folder:
            urls = {"sqlite": f"sqlite:///{folder}/golden.db", "postgres": server.create()}
            databases = {engine: _fill(url, Path(folder)) for engine, url in urls.items()}
    finally:
        server.stop()
    if databases["sqlite"].facts != databases["postgres"].facts:
        sys.exit("tests.golden.make: SQLite and PostgreSQL do not hold the same; nothing was written")
    target = _write(databases)
    released_migrations.add_new()
    print(f"{target}: {sum(path.stat().st_size for path in target.iterdir()) // 1024} KiB")


def _fill(url: str, folder: Path) -> Filled:
    database = Database(url)
    _, revision = migrate.upgrade(database)
    with _repeatable_randomness():
        fill(database, folder, NOW)
    filled = facts(database, NOW), audit_log(database)
    database.close()
    return Filled(revision, *filled, dump.dump(url))


def _write(databases: dict[str, Filled]) -> Path:
    """Write them to a new folder with the next number."""
    sqlite = databases["sqlite"]
    target = HERE / f"{len(list(HERE.glob('[0-9]*'))) + 1:04}-{sqlite.revision}"
    target.mkdir()
    for engine, database in databases.items():
        dump.write(target / f"{engine}.sql.gz", database.sql)
    expected = {**sqlite.facts, "audit": {engine: database.audit for engine, database in databases.items()}}
    (target / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    return target


@contextmanager
def _repeatable_randomness() -> Iterator[None]:
    """The same ids and secrets in every run. What drivers draw differs by engine, so the rest has a source of its own."""
    rest = random.Random(2).randbytes
    with (
        mock.patch.object(secrets, "_sysrand", random.Random(1)),
        mock.patch.object(random, "_urandom", rest),
        mock.patch.object(os, "urandom", rest),
    ):
        yield


if __name__ == "__main__":
    main()
