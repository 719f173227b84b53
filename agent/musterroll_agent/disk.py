"""The outbox's SQLite file: WAL, every commit flushed to the disk, so that it survives kill -9.

A full disk costs a reserve file first; after that changes are refused, not raised, and the tables `spare` and `covered` hold in memory
what the disk does not take. A damaged file is set aside and a new one begun.
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
# Where the disk takes no more: messages not on it, and receipts for those that are.
_SPARE = f"""
CREATE TEMP TABLE IF NOT EXISTS spare {_COLUMNS};
CREATE TEMP TABLE IF NOT EXISTS covered (epoch INTEGER PRIMARY KEY, seq INTEGER);
CREATE TEMP VIEW IF NOT EXISTS waiting AS
  SELECT * FROM (SELECT * FROM main.message UNION ALL SELECT * FROM spare) AS m
  WHERE receipted IS NULL AND NOT EXISTS (SELECT 1 FROM covered AS c WHERE c.epoch = m.epoch AND c.seq >= m.seq);
"""  # noqa: S608 - columns of our own

Change = tuple[str, *tuple[object, ...]]  # a statement and its values


class Disk:
    """One database file and its reserve. `sound` while the last change reached the disk."""

    def __init__(self, path: Path, reserve: Path, max_pages: int = 0) -> None:
        """Open or create; `max_pages` bounds the file, as a full disk would. Raises OSError."""
        self.sound = True
        self._path, self._reserve, self._max_pages = path, reserve, max_pages
        self._db = self._begin()
        self.refill_reserve()

    def execute(self, statement: str, values: Iterable[object] = ()) -> sqlite3.Cursor:
        """Ask, or change what is only in memory."""
        return self._db.execute(statement, tuple(values))

    def close(self) -> None:
        self._db.close()

    def write(self, *changes: Change) -> bool:
        """Whether the changes, one transaction, are on the disk. A full disk costs the reserve first, and is an answer, not an error."""
        for _ in range(2):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                for statement, *values in changes:
                    self._db.execute(statement, values)
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                self.sound = False
                if not _is_full(error) or not self._reserve.exists():
                    return False
                self._reserve.unlink(missing_ok=True)
            else:
                self.sound = True
                return True
        return False

    def come_home(self) -> None:
        """Where the disk was too full to begin on: try again, and take along what memory has."""
        if self._db.execute("PRAGMA database_list").fetchone()[2]:
            return
        try:
            home = self._open(self._path)
        except sqlite3.Error:
            return
        home.executemany(
            "INSERT INTO spare VALUES (?, ?, ?, ?, ?, ?)", self._db.execute("SELECT * FROM message UNION ALL SELECT * FROM spare")
        )
        home.executemany("INSERT INTO covered VALUES (?, ?)", self._db.execute("SELECT * FROM covered"))
        self._db.close()
        self._db = home

    def refill_reserve(self) -> None:
        if self._reserve.exists():
            return
        try:
            with self._reserve.open("wb") as file:
                file.write(os.urandom(RESERVE_BYTES))  # written, and not compressible away, so that it really holds the space
        except OSError:
            self._reserve.unlink(missing_ok=True)

    def _begin(self) -> sqlite3.Connection:
        """The file; without a damaged one before it; with the room of the reserve; or, on a full disk, memory in its stead."""
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
                self._set_aside()
        self.sound = False
        return self._open(":memory:")

    def _open(self, path: Path | str) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, timeout=5)
        try:
            db.execute("PRAGMA temp_store = MEMORY")
            db.execute("PRAGMA cache_size = -256")  # KiB; the default of 2 MB is a tenth of our budget
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

    def _set_aside(self) -> None:
        """Damaged: kept for a person to look at."""
        os.replace(self._path, self._path.with_suffix(".damaged"))
        for tail in ("-wal", "-shm"):
            Path(f"{self._path}{tail}").unlink(missing_ok=True)


def _is_full(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
