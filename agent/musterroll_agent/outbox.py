"""Durable messages, kept until the registry confirms them with a receipt.

Bounded: what no longer fits is dropped, oldest hour first, and counted. `outbox_file` survives kill -9 and a full disk; messages that do
not fit on the disk wait in memory, up to a smaller number. A message counts as delivered only by its receipt, and is kept for some days
after that in case the registry's database is restored from an older backup.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from musterroll_wire.messages import LIMITS, Birth, Record, decode, encode

from musterroll_agent.outbox_file import Change, OutboxFile

KEEP_SECONDS = 7 * 86400
MEMORY_MESSAGES = 200
RENUMBERED_AT_ONCE = 100

_DROP_ORDER = "receipted IS NULL, about <> 'hour', kind = 'birth', epoch, seq"

_OF_EPOCH = "SELECT seq, kind, about, body FROM waiting WHERE epoch = ? ORDER BY seq LIMIT ?"


class TooLarge(ValueError):
    """The broker or the registry would reject the message; it is rejected here before it can block the others."""


class OutboxMessage(NamedTuple):
    """One message as it is sent."""

    epoch: int
    seq: int
    kind: str
    payload: bytes
    oldest: int


class Outbox:
    """The durable messages of one unit. Not thread-safe; one process writes, others may read with `summary`."""

    def __init__(self, path: Path, epoch: int, reserve: Path, limit: int = 2000, limit_bytes: int = 4 << 20, max_pages: int = 0) -> None:
        """Open or create. `max_pages` limits the database file like a full disk. A damaged file is moved aside. Raises OSError."""
        self.epoch = epoch
        self.next_seq = 1
        self._limit, self._limit_bytes = limit, limit_bytes
        self._dropped_in_memory = 0
        self._file = OutboxFile(path, reserve, max_pages)
        self._count()

    @property
    def on_disk(self) -> bool:
        """Whether the last change reached the disk and is not only in memory."""
        return self._file.last_write_ok

    # -- adding

    def add_birth(self, birth: Birth) -> int:
        """Store a birth and return its seq."""
        return self._add("birth", "birth", birth)

    def add_record(self, record: Record) -> int:
        """Store a record and return its seq."""
        return self._add("record", record.about, record)

    def _add(self, kind: str, about: str, message: Birth | Record) -> int:
        """Give a message the next seq of this epoch and store it. Raises TooLarge, and ValueError where a number in it is not finite."""
        numbered = message._replace(epoch=self.epoch, seq=self.next_seq, oldest=self.next_seq)
        body = encode(numbered)
        if len(body) > LIMITS[kind]:
            raise TooLarge(f"a {kind} of {len(body)} bytes; the limit is {LIMITS[kind]}")
        row = (self.epoch, self.next_seq, kind, about, body)
        self._make_room(len(body))
        if not self._file.write(("INSERT INTO main.message VALUES (?, ?, ?, ?, ?, NULL)", *row)):
            self._add_in_memory(row)
        self.next_seq += 1
        self._messages += 1
        self._bytes += len(body)
        return self.next_seq - 1

    def _add_in_memory(self, row: tuple[object, ...]) -> None:
        self._file.execute("INSERT INTO spare VALUES (?, ?, ?, ?, ?, NULL)", row)
        (count,) = self._file.execute("SELECT count(*) FROM spare").fetchone()
        if count > MEMORY_MESSAGES:
            self._file.execute(f"DELETE FROM spare WHERE rowid = (SELECT rowid FROM spare ORDER BY {_DROP_ORDER} LIMIT 1)")  # noqa: S608
            self._dropped_in_memory += 1

    def begin(self, epoch: int) -> None:
        """Number what is added from now on in another epoch."""
        self.epoch, self.next_seq = epoch, 1

    def renumber(self, epoch: int) -> set[str]:
        """Number again in this epoch what waits for a receipt in `epoch`. Returns the kinds of these messages; none on a full disk."""
        kinds: set[str] = set()
        while epoch != self.epoch and (rows := self._file.execute(_OF_EPOCH, (epoch, RENUMBERED_AT_ONCE)).fetchall()):
            changes: list[Change] = []
            for seq, (old, kind, about, body) in enumerate(rows, self.next_seq):
                message = decode(kind, body)
                assert isinstance(message, Birth | Record)
                body = encode(message._replace(epoch=self.epoch, seq=seq, oldest=seq))
                changes += [(f"DELETE FROM {table} WHERE epoch = ? AND seq = ?", epoch, old) for table in ("main.message", "spare")]  # noqa: S608
                changes.append(("INSERT INTO main.message VALUES (?, ?, ?, ?, ?, NULL)", self.epoch, seq, kind, about, body))
            if not self._file.write(*changes):
                break
            self.next_seq += len(rows)
            kinds.update(row[1] for row in rows)
        return kinds

    # -- sending

    def waiting(self, after: tuple[int, int], limit: int) -> list[OutboxMessage]:
        """The next messages without a receipt after (epoch, seq), in order, each with the lowest seq of its epoch still waiting."""
        rows = self._file.execute(
            "SELECT epoch, seq, kind, body, (SELECT min(seq) FROM waiting AS w WHERE w.epoch = v.epoch) FROM waiting AS v"
            " WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?",
            (*after, limit),
        )
        return [OutboxMessage(epoch, seq, kind, _with_oldest(kind, body, oldest), oldest) for epoch, seq, kind, body, oldest in rows]

    def count_waiting(self) -> int:
        return int(self._file.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def apply_receipt(self, epoch: int, seq: int, registry: int, now: int) -> bool:
        """The registry has everything of `epoch` up to `seq`. True where its own epoch changed, so that everything is sent again."""
        known = self.fact("registry")
        if epoch == self.epoch:
            seq = min(seq, self.next_seq - 1)  # it cannot have what was not yet sent
        restored = known not in (None, registry)
        if known != registry:
            resend: list[Change] = [("UPDATE main.message SET receipted = NULL",)] if restored else []
            self._file.write(*resend, ("INSERT OR REPLACE INTO fact VALUES ('registry', ?)", registry))
        if restored:
            self._file.execute("DELETE FROM covered")
        self._file.execute("INSERT INTO covered VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)", (epoch, seq))
        self._store_receipts(now)
        return restored

    def _store_receipts(self, now: int) -> None:
        """Write receipts that are only in memory to the disk; they make room."""
        for epoch, seq in self._file.execute("SELECT epoch, seq FROM covered").fetchall():
            where = "WHERE epoch = ? AND seq <= ? AND receipted IS NULL"
            if self._file.write((f"UPDATE main.message SET receipted = ? {where}", now, epoch, seq)):  # noqa: S608
                self._file.execute(f"DELETE FROM spare {where}", (epoch, seq))  # noqa: S608
                self._file.execute("DELETE FROM covered WHERE epoch = ?", (epoch,))

    # -- housekeeping

    def clean_up(self, now: int) -> None:
        """About once an hour: delete what was receipted long ago, move memory to the disk, refill the reserve."""
        self._file.leave_memory()
        self._store_receipts(now)
        self._file.write(("DELETE FROM main.message WHERE receipted < ?", now - KEEP_SECONDS))
        if self._file.execute("SELECT 1 FROM spare LIMIT 1").fetchone() and self._file.write(
            ("INSERT INTO main.message SELECT * FROM spare",)
        ):
            self._file.execute("DELETE FROM spare")
        self._file.refill_reserve()
        self._count()

    def take_dropped(self) -> int:
        """How many messages without a receipt were dropped since the last call."""
        dropped = (self.fact("dropped") or 0) + self._dropped_in_memory
        if dropped and self._file.write(("DELETE FROM fact WHERE name = 'dropped'",)):
            self._dropped_in_memory = 0
            return dropped
        return 0

    def forget_receipts(self) -> None:
        """Send everything again: the unit was enrolled again, perhaps with another registry."""
        self._file.write(("UPDATE main.message SET receipted = NULL",), ("DELETE FROM fact WHERE name = 'registry'",))

    def clear(self) -> None:
        """Delete everything: the machine is now enrolled as another unit."""
        self._file.write(("DELETE FROM main.message",), ("DELETE FROM fact",))

    def fact(self, name: str) -> int | None:
        row = self._file.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return row and int(row[0])

    def close(self) -> None:
        self._file.close()

    def _make_room(self, size: int) -> None:
        while self._messages + 1 > self._limit or self._bytes + size > self._limit_bytes:
            row = self._file.execute(
                f"SELECT epoch, seq, length(body), receipted IS NULL FROM main.message ORDER BY {_DROP_ORDER} LIMIT 1"  # noqa: S608
            ).fetchone()
            if row is None or not self._drop(*row):
                return

    def _drop(self, epoch: int, seq: int, size: int, unreceipted: int) -> bool:
        count: Change = ("INSERT INTO fact VALUES ('dropped', ?) ON CONFLICT DO UPDATE SET value = value + excluded.value", unreceipted)
        dropped = self._file.write(("DELETE FROM main.message WHERE epoch = ? AND seq = ?", epoch, seq), count)
        self._messages -= dropped
        self._bytes -= size * dropped
        return dropped

    def _count(self) -> None:
        row = self._file.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM main.message").fetchone()
        self._messages, self._bytes = row


def summary(path: Path) -> tuple[int, int]:
    """(messages waiting for a receipt, messages stored), read while an agent may be running. Raises sqlite3.Error."""
    reader = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        waiting, stored = reader.execute("SELECT count(*) FILTER (WHERE receipted IS NULL), count(*) FROM message").fetchone()
        return waiting, stored
    finally:
        reader.close()


def _with_oldest(kind: str, body: bytes, oldest: int) -> bytes:
    message = decode(kind, body)
    return encode(message._replace(oldest=oldest)) if isinstance(message, Birth | Record) else body
