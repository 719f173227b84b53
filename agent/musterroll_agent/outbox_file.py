"""The outbox's SQLite file: WAL, every commit flushed to the disk, so that it survives kill -9.

On a full disk a reserve file is deleted first; after that, and on a disk that cannot be written or read, `write` returns False instead of
raising, and the in-memory tables `spare` and `covered` hold what does not fit. A damaged file is moved aside and a new one created.
"""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

RESERVE_BYTES = 512 * 1024
READ_ONLY_MESSAGES = 200  # read into memory from a disk that cannot be written

_COLUMNS = "(epoch INTEGER, seq INTEGER, kind TEXT, about TEXT, body BLOB, receipted INTEGER, PRIMARY KEY (epoch, seq))"
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS message {_COLUMNS};
CREATE TABLE IF NOT EXISTS aside {_COLUMNS};
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value INTEGER) WITHOUT ROWID;
"""
# In memory: messages that are not on the disk, receipts for those that are, and rows that cannot be read.
_SPARE = f"""
CREATE TEMP TABLE IF NOT EXISTS spare {_COLUMNS};
CREATE TEMP TABLE IF NOT EXISTS covered (epoch INTEGER PRIMARY KEY, seq INTEGER);
CREATE TEMP TABLE IF NOT EXISTS unreadable (epoch, seq);
CREATE TEMP VIEW IF NOT EXISTS waiting AS
  SELECT * FROM (SELECT * FROM main.message UNION ALL SELECT * FROM spare) AS m
  WHERE receipted IS NULL AND NOT EXISTS (SELECT 1 FROM covered AS c WHERE c.epoch = m.epoch AND c.seq >= m.seq)
  AND NOT EXISTS (SELECT 1 FROM unreadable AS u WHERE u.epoch IS m.epoch AND u.seq IS m.seq);
"""  # noqa: S608 - columns of our own
_IN_MEMORY = ("spare", "covered", "unreadable")

Change = tuple[str, *tuple[object, ...]]  # a statement and its parameters


class Damaged(sqlite3.DatabaseError):
    """The file is a database, but not a sound one."""


class OutboxFile:
    """One database file and its reserve.

    `problem` says why changes do not reach the disk, empty while they do; `damage` what was wrong with a file that was moved aside.
    """

    def __init__(self, path: Path, reserve: Path, max_pages: int = 0) -> None:
        """Open or create; `max_pages` limits the file like a full disk. Raises nothing: at worst the outbox is in memory."""
        self.problem = self.damage = ""
        self._path, self._reserve, self._max_pages = path, reserve, max_pages
        self._damaged = path.with_suffix(".damaged")
        self._db = self._open_or_recover()
        self.refill_reserve()

    def rows(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Query, or change the in-memory tables. A file that can no longer be read is left first."""
        try:
            return self._db.execute(statement, values).fetchall()
        except sqlite3.DatabaseError as error:
            self._leave_file(error)
            return self._db.execute(statement, values).fetchall()

    def number(self, statement: str, *values: object) -> int | None:
        """The one number that a query gives."""
        rows = self.rows(statement, *values)
        number = rows[0][0] if rows else None
        return number if isinstance(number, int) else None

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
            except sqlite3.DatabaseError as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                if _is_damage(error):
                    self._leave_file(error)
                elif not (_is_full(error) and self._give_up_reserve()):
                    self.problem = self.problem or str(error)
                    return False
            else:
                return True
        return False

    def return_to_disk(self) -> bool:
        """Whether changes reach the disk again: tried where they did not, with what is in memory moved to it."""
        if not self.problem:
            return True
        try:
            db = self._open(self._path)
        except sqlite3.DatabaseError:
            return False
        memory, self._db = self._db, db
        if not self._path_in_use(memory):
            self._db.executemany(
                "INSERT OR IGNORE INTO spare VALUES (?, ?, ?, ?, ?, ?)", memory.execute("SELECT * FROM message").fetchall()
            )
        self._take_over(memory)
        self._db.execute("DELETE FROM spare WHERE (epoch, seq) IN (SELECT epoch, seq FROM main.message)")
        if self.write(("INSERT INTO main.message SELECT * FROM spare",)):
            self._db.execute("DELETE FROM spare")
            self.problem = ""
        return not self.problem

    def refill_reserve(self) -> None:
        if self._reserve.exists():
            return
        try:
            with self._reserve.open("wb") as file:
                file.write(os.urandom(RESERVE_BYTES))  # random, so that compression cannot shrink it and the space is really held
        except OSError:
            self._give_up_reserve()

    def _give_up_reserve(self) -> bool:
        """Whether there was a reserve, whose space is now free."""
        try:
            self._reserve.unlink()
        except OSError:
            return False
        return True

    def _leave_file(self, error: sqlite3.DatabaseError) -> None:
        """Open another database, in memory at worst; what was only in memory moves to it."""
        left = self._db
        damaged = _is_damage(error) and self._move_aside(error)
        self._db = self._open_or_recover() if damaged else self._open_in_memory(str(error))
        self._take_over(left)

    def _take_over(self, left: sqlite3.Connection) -> None:
        for table in _IN_MEMORY:
            rows = left.execute(f"SELECT * FROM temp.{table}").fetchall()  # noqa: S608 - names of our own
            if rows:
                self._db.executemany(f"INSERT OR IGNORE INTO temp.{table} VALUES ({', '.join('?' * len(rows[0]))})", rows)  # noqa: S608
        left.close()

    def _open_or_recover(self) -> sqlite3.Connection:
        """The file: opened, or recreated if damaged, or opened with the reserve's space; otherwise a database in memory instead."""
        problem = ""
        for _ in range(3):
            try:
                db = self._open(self._path)
            except sqlite3.DatabaseError as error:
                problem = str(error)
                if not (self._move_aside(error) if _is_damage(error) else _is_full(error) and self._give_up_reserve()):
                    break
            else:
                if self.damage:
                    self._salvage(db)
                return db
        return self._open_in_memory(problem)

    def _open_in_memory(self, problem: str) -> sqlite3.Connection:
        """With the newest messages without a receipt that can be read from the file."""
        self.problem = problem
        db = self._open(":memory:")
        newest = f"SELECT * FROM message WHERE receipted IS NULL ORDER BY epoch DESC, seq DESC LIMIT {READ_ONLY_MESSAGES}"  # noqa: S608
        _insert(db, _readable(self._path, newest), _readable(self._path, "SELECT * FROM fact"))
        return db

    def _salvage(self, db: sqlite3.Connection) -> None:
        """Into the new file what can be read of the damaged one, from either end."""
        messages = [row for end in ("ASC", "DESC") for row in _readable(self._damaged, f"SELECT * FROM message ORDER BY rowid {end}")]  # noqa: S608
        with contextlib.suppress(sqlite3.DatabaseError):
            _insert(db, messages, _readable(self._damaged, "SELECT * FROM fact"))

    def _open(self, path: Path | str) -> sqlite3.Connection:
        db = sqlite3.connect(path, isolation_level=None, timeout=5)
        try:
            db.text_factory = _text
            db.execute("PRAGMA temp_store = MEMORY")
            db.execute("PRAGMA cache_size = -256")  # KiB; the default of 2 MB is a tenth of the memory budget
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA wal_autocheckpoint = 32")
            if self._max_pages:
                db.execute(f"PRAGMA max_page_count = {int(self._max_pages)}")
            check = db.execute("PRAGMA quick_check(1)").fetchone()[0]
            if check != "ok":
                raise Damaged(check)
            _create_tables(db)
            if isinstance(path, Path):
                with contextlib.suppress(OSError):
                    path.chmod(0o600)
        except sqlite3.Error:
            db.close()
            raise
        return db

    def _move_aside(self, error: sqlite3.DatabaseError) -> bool:
        """A damaged file is kept for a person to look at. Whether it could be moved."""
        try:
            os.replace(self._path, self._damaged)
            for tail in ("-wal", "-shm"):
                with contextlib.suppress(FileNotFoundError):
                    os.replace(f"{self._path}{tail}", f"{self._damaged}{tail}")
        except OSError:
            return False
        self.damage = str(error)
        return True

    @staticmethod
    def _path_in_use(db: sqlite3.Connection) -> bool:
        """Whether the database is the file, not memory."""
        return bool(db.execute("PRAGMA database_list").fetchone()[2])


def _create_tables(db: sqlite3.Connection) -> None:
    try:
        db.executescript(_SCHEMA + _SPARE)
    except sqlite3.OperationalError as error:
        if _code(error) == sqlite3.SQLITE_ERROR:  # other tables of these names
            raise Damaged(str(error)) from None
        raise


def _readable(path: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows that can be read from a file before it gives an error."""
    rows: list[tuple[Any, ...]] = []
    for mode in ("mode=ro", "mode=ro&immutable=1"):  # the second where the log beside the file cannot be opened
        with (
            contextlib.suppress(sqlite3.DatabaseError),
            contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True)) as reader,
        ):
            reader.text_factory = _text
            for row in reader.execute(query):
                rows.append(row)  # noqa: PERF402 - those before the error count
        if rows:
            break
    return rows


def _insert(db: sqlite3.Connection, messages: list[tuple[Any, ...]], facts: list[tuple[Any, ...]]) -> None:
    db.executemany("INSERT OR IGNORE INTO main.message VALUES (?, ?, ?, ?, ?, ?)", messages)
    db.executemany("INSERT OR IGNORE INTO fact VALUES (?, ?)", facts)


def _text(stored: bytes) -> str:
    """A damaged text must not end a query."""
    return stored.decode(errors="replace")


def _is_full(error: sqlite3.DatabaseError) -> bool:
    return _code(error) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return isinstance(error, Damaged) or _code(error) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _code(error: sqlite3.DatabaseError) -> int:
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
