"""Durable messages until the registry says it has them.

Bounded: what no longer fits is dropped, oldest hour first, and counted. How the file stands kill -9 and a full disk is in `disk`; what
that will not take waits in memory, fewer of them. A message leaves only by a receipt, and is kept some days longer in case the
registry's database is restored from before it.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from musterroll_wire.messages import LIMITS, Birth, Record, decode, encode

from musterroll_agent.disk import Change, Disk

KEEP_SECONDS = 7 * 86400
MEMORY_MESSAGES = 200

_ORDER_OF_DROPPING = "receipted IS NULL, about <> 'hour', kind = 'birth', epoch, seq"


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
        self._limit, self._limit_bytes = limit, limit_bytes
        self._dropped_in_memory = 0
        self._disk = Disk(path, reserve, max_pages)
        self._count()

    @property
    def on_disk(self) -> bool:
        """Whether the last change is on the disk, and not only in memory."""
        return self._disk.sound

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
        if not self._disk.write(("INSERT INTO main.message VALUES (?, ?, ?, ?, ?, NULL)", *row)):
            self._put_in_memory(row)
        self.next_seq += 1
        self._messages += 1
        self._bytes += len(body)
        return self.next_seq - 1

    def _put_in_memory(self, row: tuple[object, ...]) -> None:
        self._disk.execute("INSERT INTO spare VALUES (?, ?, ?, ?, ?, NULL)", row)
        (count,) = self._disk.execute("SELECT count(*) FROM spare").fetchone()
        if count > MEMORY_MESSAGES:
            self._disk.execute(f"DELETE FROM spare WHERE rowid = (SELECT rowid FROM spare ORDER BY {_ORDER_OF_DROPPING} LIMIT 1)")  # noqa: S608
            self._dropped_in_memory += 1

    # -- out

    def waiting(self, after: tuple[int, int], limit: int) -> list[Waiting]:
        """The next messages without a receipt beyond (epoch, seq), in order, each saying the lowest seq of its epoch still waiting."""
        rows = self._disk.execute(
            "SELECT epoch, seq, kind, body, (SELECT min(seq) FROM waiting AS w WHERE w.epoch = v.epoch) FROM waiting AS v"
            " WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?",
            (*after, limit),
        )
        return [Waiting(epoch, seq, kind, _with_oldest(kind, body, oldest), oldest) for epoch, seq, kind, body, oldest in rows]

    def count_waiting(self) -> int:
        return int(self._disk.execute("SELECT count(*) FROM waiting").fetchone()[0])

    def receipt(self, epoch: int, seq: int, registry: int, now: int) -> bool:
        """The registry has everything of `epoch` up to `seq`. True where this is another registry than before, and all goes out again."""
        known = self.fact("registry")
        if epoch == self.epoch:
            seq = min(seq, self.next_seq - 1)  # nobody has what was not yet said
        restored = known not in (None, registry)
        if known != registry:
            again: list[Change] = [("UPDATE main.message SET receipted = NULL",)] if restored else []
            self._disk.write(*again, ("INSERT OR REPLACE INTO fact VALUES ('registry', ?)", registry))
        if restored:
            self._disk.execute("DELETE FROM covered")
        self._disk.execute("INSERT INTO covered VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)", (epoch, seq))
        self._settle(now)
        return restored

    def _settle(self, now: int) -> None:
        """Bring to the disk what is only in memory: receipts first, they make room."""
        for epoch, seq in self._disk.execute("SELECT epoch, seq FROM covered").fetchall():
            where = "WHERE epoch = ? AND seq <= ? AND receipted IS NULL"
            if self._disk.write((f"UPDATE main.message SET receipted = ? {where}", now, epoch, seq)):  # noqa: S608
                self._disk.execute(f"DELETE FROM spare {where}", (epoch, seq))  # noqa: S608
                self._disk.execute("DELETE FROM covered WHERE epoch = ?", (epoch,))

    # -- housekeeping

    def tidy(self, now: int) -> None:
        """Once an hour or so: forget what was receipted long ago, bring memory to disk, take the reserve back."""
        self._disk.come_home()
        self._settle(now)
        self._disk.write(("DELETE FROM main.message WHERE receipted < ?", now - KEEP_SECONDS))
        if self._disk.execute("SELECT 1 FROM spare LIMIT 1").fetchone() and self._disk.write(
            ("INSERT INTO main.message SELECT * FROM spare",)
        ):
            self._disk.execute("DELETE FROM spare")
        self._disk.refill_reserve()
        self._count()

    def take_dropped(self) -> int:
        """How many messages without a receipt had to be dropped since this was last asked."""
        dropped = (self.fact("dropped") or 0) + self._dropped_in_memory
        if dropped and self._disk.write(("DELETE FROM fact WHERE name = 'dropped'",)):
            self._dropped_in_memory = 0
            return dropped
        return 0

    def forget_receipts(self) -> None:
        """Send everything kept again: the unit was enrolled anew, perhaps with another registry."""
        self._disk.write(("UPDATE main.message SET receipted = NULL",), ("DELETE FROM fact WHERE name = 'registry'",))

    def clear(self) -> None:
        """Drop everything: the machine is enrolled as another unit."""
        self._disk.write(("DELETE FROM main.message",), ("DELETE FROM fact",))

    def fact(self, name: str) -> int | None:
        row = self._disk.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return row and int(row[0])

    def close(self) -> None:
        self._disk.close()

    def _make_room(self, size: int) -> None:
        while self._messages + 1 > self._limit or self._bytes + size > self._limit_bytes:
            row = self._disk.execute(
                f"SELECT epoch, seq, length(body), receipted IS NULL FROM main.message ORDER BY {_ORDER_OF_DROPPING} LIMIT 1"  # noqa: S608
            ).fetchone()
            if row is None or not self._drop(*row):
                return

    def _drop(self, epoch: int, seq: int, size: int, unreceipted: int) -> bool:
        counting: Change = ("INSERT INTO fact VALUES ('dropped', ?) ON CONFLICT DO UPDATE SET value = value + excluded.value", unreceipted)
        dropped = self._disk.write(("DELETE FROM main.message WHERE epoch = ? AND seq = ?", epoch, seq), counting)
        self._messages -= dropped
        self._bytes -= size * dropped
        return dropped

    def _count(self) -> None:
        row = self._disk.execute("SELECT count(*), coalesce(sum(length(body)), 0) FROM main.message").fetchone()
        self._messages, self._bytes = row


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
