"""Durable messages until the registry says it has them.

An SQLite file (WAL, every commit flushed to the disk) that survives kill -9 and a full disk: a reserve file is given up when the disk is
full, and after that messages wait in memory, fewer of them. Bounded: what no longer fits is dropped oldest hour first, and counted.
A message leaves only by a receipt, and is kept some days longer in case the registry's database is restored from before it.
"""

import os
import sqlite3
from pathlib import Path
from typing import NamedTuple

from musterroll_wire.messages import LIMITS, Birth, Record, decode, encode

KEEP_SECONDS = 7 * 86400
RESERVE_BYTES = 512 * 1024
MEMORY_MESSAGES = 200

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
_ORDER_OF_DROPPING = "receipted IS NULL, about <> 'hour', kind = 'birth', epoch, seq"

Change = tuple[str, *tuple[object, ...]]  # a statement and its values


class TooLarge(ValueError):
    """The message would be refused by the broker or the registry, and is refused before it can block the others."""


class Waiting(NamedTuple):
    """One message as it goes out."""

    epoch: int
    seq: int
    kind: str
    payload: bytes
    oldest: int


class Outbox:
    """The durable messages of one unit. One thread; one process writes, others may read with `summary`."""

    def __init__(self, path: Path, epoch: int, reserve: Path, limit: int = 2000, limit_bytes: int = 4 << 20, max_pages: int = 0) -> None:
        """Open or create. `max_pages` bounds the database file, as a full disk would. A damaged file is set aside. Raises OSError."""
        self.epoch = epoch
        self.next_seq = 1
        self.on_disk = True
        self._path, self._reserve, self._max_pages = path, reserve, max_pages
        self._limit, self._limit_bytes = limit, limit_bytes
        self._dropped_in_memory = 0
        self._db = self._begin()
        self._count()
        self._refill_reserve()

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
        self.on_disk = False
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

    # -- in

    def birth(self, birth: Birth) -> int:
        """Keep a birth; its seq."""
        return self._put("birth", "birth", birth)

    def record(self, record: Record) -> int:
        """Keep a record; its seq."""
        return self._put("record", record.about, record)

    def _put(self, kind: str, about: str, message: Birth | Record) -> int:
        """Number a message in this epoch and keep it. Raises TooLarge, and ValueError where a number in it is not finite."""
        numbered = message._replace(epoch=self.epoch, seq=self.next_seq, oldest=self.next_seq)
        body = encode(numbered)
        if len(body) > LIMITS[kind]:
            raise TooLarge(f"a {kind} of {len(body)} bytes; the limit is {LIMITS[kind]}")
        row = (self.epoch, self.next_seq, kind, about, body)
        self._make_room(len(body))
        if not self._write(("INSERT INTO main.message VALUES (?, ?, ?, ?, ?, NULL)", *row)):
            self._put_in_memory(row)
        self.next_seq += 1
        self._messages += 1
        self._bytes += len(body)
        return self.next_seq - 1

    def _put_in_memory(self, row: tuple[object, ...]) -> None:
        self._db.execute("INSERT INTO spare VALUES (?, ?, ?, ?, ?, NULL)", row)
        (count,) = self._db.execute("SELECT count(*) FROM spare").fetchone()
        if count > MEMORY_MESSAGES:
            self._db.execute(f"DELETE FROM spare WHERE rowid = (SELECT rowid FROM spare ORDER BY {_ORDER_OF_DROPPING} LIMIT 1)")  # noqa: S608
            self._dropped_in_memory += 1

    # -- out

    def waiting(self, after: tuple[int, int], limit: int) -> list[Waiting]:
        """The next messages without a receipt beyond (epoch, seq), in order, each saying the lowest seq of its epoch still waiting."""
        rows = self._db.execute(
            "SELECT epoch, seq, kind, body, (SELECT min(seq) FROM waiting AS w WHERE w.epoch = v.epoch) FROM waiting AS v"
            " WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?",
            (*after, limit),
        )
        return [Waiting(epoch, seq, kind, _with_oldest(kind, body, oldest), oldest) for epoch, seq, kind, body, oldest in rows]

    def count_waiting(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def receipt(self, epoch: int, seq: int, registry: int, now: int) -> bool:
        """The registry has everything of `epoch` up to `seq`. True where this is another registry than before, and all goes out again."""
        known = self.fact("registry")
        if epoch == self.epoch:
            seq = min(seq, self.next_seq - 1)  # nobody has what was not yet said
        restored = known not in (None, registry)
        if known != registry:
            again: list[Change] = [("UPDATE main.message SET receipted = NULL",)] if restored else []
            self._write(*again, ("INSERT OR REPLACE INTO fact VALUES ('registry', ?)", registry))
        if restored:
            self._db.execute("DELETE FROM covered")
        self._db.execute("INSERT INTO covered VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)", (epoch, seq))
        self._settle(now)
        return restored

    def _settle(self, now: int) -> None:
        """Bring to the disk what is only in memory: receipts first, they make room."""
        for epoch, seq in self._db.execute("SELECT epoch, seq FROM covered").fetchall():
            where = "WHERE epoch = ? AND seq <= ? AND receipted IS NULL"
            if self._write((f"UPDATE main.message SET receipted = ? {where}", now, epoch, seq)):  # noqa: S608
                self._db.execute(f"DELETE FROM spare {where}", (epoch, seq))  # noqa: S608
                self._db.execute("DELETE FROM covered WHERE epoch = ?", (epoch,))

    # -- housekeeping

    def tidy(self, now: int) -> None:
        """Once an hour or so: forget what was receipted long ago, bring memory to disk, take the reserve back."""
        self._come_home()
        self._settle(now)
        self._write(("DELETE FROM main.message WHERE receipted < ?", now - KEEP_SECONDS))
        if self._db.execute("SELECT 1 FROM spare LIMIT 1").fetchone() and self._write(("INSERT INTO main.message SELECT * FROM spare",)):
            self._db.execute("DELETE FROM spare")
        self._refill_reserve()
        self._count()

    def _come_home(self) -> None:
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

    def take_dropped(self) -> int:
        """How many messages without a receipt had to be dropped since this was last asked."""
        dropped = (self.fact("dropped") or 0) + self._dropped_in_memory
        if dropped and self._write(("DELETE FROM fact WHERE name = 'dropped'",)):
            self._dropped_in_memory = 0
            return dropped
        return 0

    def forget_receipts(self) -> None:
        """Send everything kept again: the unit was enrolled anew, perhaps with another registry."""
        self._write(("UPDATE main.message SET receipted = NULL",), ("DELETE FROM fact WHERE name = 'registry'",))

    def clear(self) -> None:
        """Drop everything: the machine is enrolled as another unit."""
        self._write(("DELETE FROM main.message",), ("DELETE FROM fact",))

    def fact(self, name: str) -> int | None:
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return row and int(row[0])

    def close(self) -> None:
        self._db.close()

    def _make_room(self, size: int) -> None:
        while self._messages + 1 > self._limit or self._bytes + size > self._limit_bytes:
            row = self._db.execute(
                f"SELECT epoch, seq, length(body), receipted IS NULL FROM main.message ORDER BY {_ORDER_OF_DROPPING} LIMIT 1"  # noqa: S608
            ).fetchone()
            if row is None or not self._drop(*row):
                return

    def _drop(self, epoch: int, seq: int, size: int, unreceipted: int) -> bool:
        counting: Change = ("INSERT INTO fact VALUES ('dropped', ?) ON CONFLICT DO UPDATE SET value = value + excluded.value", unreceipted)
        dropped = self._write(("DELETE FROM main.message WHERE epoch = ? AND seq = ?", epoch, seq), counting)
        self._messages -= dropped
        self._bytes -= size * dropped
        return dropped

    def _write(self, *changes: Change) -> bool:
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
                self.on_disk = False
                if not _is_full(error) or not self._reserve.exists():
                    return False
                self._reserve.unlink(missing_ok=True)
            else:
                self.on_disk = True
                return True
        return False

    def _count(self) -> None:
        row = self._db.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM main.message").fetchone()
        self._messages, self._bytes = row

    def _refill_reserve(self) -> None:
        if self._reserve.exists():
            return
        try:
            with self._reserve.open("wb") as file:
                file.write(os.urandom(RESERVE_BYTES))  # written, and not compressible away, so that it really holds the space
        except OSError:
            self._reserve.unlink(missing_ok=True)


def summary(path: Path) -> tuple[int, int]:
    """Messages waiting for a receipt, and messages kept, read beside a running agent. Raises sqlite3.Error."""
    reader = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        waiting, kept = reader.execute("SELECT count(*) FILTER (WHERE receipted IS NULL), count(*) FROM message").fetchone()
        return waiting, kept
    finally:
        reader.close()


def _with_oldest(kind: str, body: bytes, oldest: int) -> bytes:
    message = decode(kind, body)
    return encode(message._replace(oldest=oldest)) if isinstance(message, Birth | Record) else body


def _is_full(error: sqlite3.Error) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
