"""Which process runs a source: a lock that is freed when its process dies."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from musterroll.storage.engine.database import Database

_LOCKS = 6_874_003  # with the number of the source, a PostgreSQL advisory lock


@contextmanager
def held(database: Database, source_id: int, folder: Path) -> Iterator[bool]:
    """Whether this process may run a source now. `folder` is where a SQLite registry keeps its lock files."""
    if database.dialect == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            keys = {"locks": _LOCKS, "source": source_id}
            locked = bool(connection.execute(text("SELECT pg_try_advisory_lock(:locks, :source)"), keys).scalar())
            try:
                yield locked
            finally:
                if locked:
                    connection.execute(text("SELECT pg_advisory_unlock(:locks, :source)"), keys)
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / f"{source_id}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
