"""The outbox's SQLite file: WAL, every commit flushed to the disk, so that it survives kill -9.

On a full disk a reserve file is deleted first; after that `write` returns False instead of raising, and the in-memory tables `spare` and
`covered` hold what does not fit. A damaged file is moved aside and a new one created.
"""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

RESERVE_BYTES = 512 * 1024

_COLUMNS = "(epoch INTEGER, seq INTEGER, kind TEXT, about TEXT, body BLOB, receipted INTEGER, PRIMARY KEY (epoch, seq))"
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS message {_COLUMNS};
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
"""
# For a full disk, in memory: messages that are not on it, and receipts for those that are.
_SPARE = f"""
CREATE TEMP TABLE IF NOT EXISTS spare {_COLUMNS};
CREATE TEMP TABLE IF NOT EXISTS covered (epoch INTEGER PRIMARY KEY, seq INTEGER);
CREATE TEMP VIEW IF NOT EXISTS waiting AS
  SELECT * FROM (SELECT * FROM main.message UNION ALL SELECT * FROM spare) AS m
  WHERE receipted IS NULL AND NOT EXISTS (SELECT 1 FROM covered AS c WHERE c.epoch = m.epoch AND c.seq >= m.seq);
"""  # noqa: S608 - columns of our own

Change = tuple[str, *tuple[object, ...]]  # a statement and its parameters


class OutboxFile:
    """One database file and its reserve. `last_write_ok` tells whether the last change reached the disk."""

    def __init__(self, path: Path, reserve: Path, max_pages: int = 0) -> None:
        """Open or create; `max_pages` limits the file like a full disk. Raises OSError."""
        self.last_write_ok = True
        self._path, self._reserve, self._max_pages = path, reserve, max_pages
        self._db = self._open_or_recover()
        self.refill_reserve()

    def execute(self, statement: str, values: Iterable[object] = ()) -> sqlite3.Cursor:
        """Query, or change the in-memory tables."""
        return self._db.execute(statement, tuple(values))

    def close(self) -> None:
        self._db.close()

    def write(self, *changes: Change) -> bool:
        """Make the changes in one transaction. Whether they are on the disk; on a full one the reserve is given up first."""
        for _ in range(2):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for statement, *values in changes:
                    self._db.execute(statement, values)
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self.last_write_ok = False
                if not _is_full(error) or not self._reserve.exists():
                    return False
                self._reserve.unlink(missing_ok=True)
            else:
                self.last_write_ok = True
                return True
        return False

    def leave_memory(self) -> None:
        """Where the disk was too full to open the file: try again, and move to it what is in memory."""
        if self._db.execute("PRAGMA database_list").fetchone()[2]:
            return
        try:
            db = self._open(self._path)
        except sqlite3.Error:
            return
        db.executemany(
            "INSERT INTO spare VALUES (?, ?, ?, ?, ?, ?)", self._db.execute("SELECT * FROM message UNION ALL SELECT * FROM spare")
        )
        db.executemany("INSERT INTO covered VALUES (?, ?)", self._db.execute("SELECT * FROM covered"))
        self._db.close()
        self._db = db

    def refill_reserve(self) -> None:
        if self._reserve.exists():
            return
        try:
            with self._reserve.open("wb") as file:
                file.write(os.urandom(RESERVE_BYTES))  # random, so that compression cannot shrink it and the space is really held
        except OSError:
            self._reserve.unlink(missing_ok=True)

    def _open_or_recover(self) -> sqlite3.Connection:
        """The file: opened, or recreated if damaged, or opened with the reserve's space; on a full disk a database in memory instead."""
        for _ in range(3):
            try:
                return self._open(self._path)
            except sqlite3.OperationalError as error:
                if not _is_full(error):
                    raise OSError(0, str(error)) from None
                if not self._reserve.exists():
                    break
                self._reserve.unlink()
            except sqlite3.DatabaseError:
                self._move_aside()
        self.last_write_ok = False
        return self._open(":memory:")

    def _open(self, path: Path | str) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, timeout=5)
        try:
            db.execute("PRAGMA temp_store = MEMORY")
            db.execute("PRAGMA cache_size = -256")  # KiB; the default of 2 MB is a tenth of the memory budget
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA wal_autocheckpoint = 32")
            if self._max_pages:
                db.execute(f"PRAGMA max_page_count = {int(self._max_pages)}")
            if db.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
                raise sqlite3.DatabaseError("damaged")
            db.executescript(_SCHEMA + _SPARE)
            if isinstance(path, Path):
                path.chmod(0o600)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _move_aside(self) -> None:
        """A damaged file is kept for a person to look at."""
        os.replace(self._path, self._path.with_suffix(".damaged"))
        for tail in ("-wal", "-shm"):
            Path(f"{self._path}{tail}").unlink(missing_ok=True)


def _is_full(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
