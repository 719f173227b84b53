"""Durable messages, kept until the registry confirms them with a receipt.

Bounded: what no longer fits is dropped, oldest hour first, and counted. `outbox_file` survives kill -9 and a full disk; messages that do
not fit on the disk wait in memory, up to a smaller number. A message counts as delivered only by its receipt, and is kept for some days
after that in case the registry's database is restored from an older backup.
"""

import binascii
import contextlib
import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

from musterroll_wire.messages import Birth, Record, decode, encode

from musterroll_agent.outbox_file import Change, OutboxFile

KEEP_SECONDS = 7 * 86400
MEMORY_MESSAGES = 200
RENUMBERED_AT_ONCE = 100

_FEW_ASIDE = "DELETE FROM aside WHERE rowid <= (SELECT max(rowid) FROM aside) - 50"
_DROP_ORDER = "receipted IS NULL, about <> 'hour', kind = 'birth', epoch, seq"

_OF_EPOCH = "SELECT seq, kind, about, body FROM waiting WHERE epoch = ? ORDER BY seq LIMIT ?"


class Unsendable(ValueError):
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
        """Open or create. `max_pages` limits the database file like a full disk. A damaged file is moved aside."""
        self.epoch = epoch
        self.next_seq = 1
        self._limit, self._limit_bytes = limit, limit_bytes
        self._counted = {"dropped": 0, "unreadable": 0}  # what is not yet counted on the disk
        self._file = OutboxFile(path, reserve, max_pages)
        self._count()

    @property
    def problem(self) -> str:
        """Why changes do not reach the disk and are only in memory; empty while they do."""
        return self._file.problem

    def highest_epoch(self) -> int:
        """Of the messages that can be read: a new epoch must be higher."""
        for row in self._file.rows("SELECT epoch, seq, kind, body FROM main.message ORDER BY epoch DESC, seq DESC LIMIT 100"):
            with contextlib.suppress(ValueError):
                return _message(*row).epoch
        return 0

    # -- adding

    def add_birth(self, birth: Birth) -> int:
        """Store a birth and return its seq."""
        return self._add("birth", "birth", birth)

    def add_record(self, record: Record) -> int:
        """Store a record and return its seq."""
        return self._add("record", record.about, record)

    def _add(self, kind: str, about: str, message: Birth | Record) -> int:
        """Give a message the next seq of this epoch and store it. Raises Unsendable."""
        numbered = message._replace(epoch=self.epoch, seq=self.next_seq, oldest=self.next_seq)
        body = _sealed(_checked(kind, numbered))
        row = (self.epoch, self.next_seq, kind, about, body)
        self._make_room(len(body))
        if not self._file.write(("INSERT INTO main.message VALUES (?, ?, ?, ?, ?, NULL)", *row)):
            self._add_in_memory(row)
        self.next_seq += 1
        self._messages += 1
        self._bytes += len(body)
        return self.next_seq - 1

    def _add_in_memory(self, row: tuple[object, ...]) -> None:
        self._file.rows("INSERT INTO spare VALUES (?, ?, ?, ?, ?, NULL)", *row)
        if (self._file.number("SELECT count(*) FROM spare") or 0) > MEMORY_MESSAGES:
            self._file.rows(f"DELETE FROM spare WHERE rowid = (SELECT rowid FROM spare ORDER BY {_DROP_ORDER} LIMIT 1)")  # noqa: S608
            self._counted["dropped"] += 1

    def begin(self, epoch: int) -> None:
        """Number what is added from now on in another epoch."""
        self.epoch, self.next_seq = epoch, 1

    def renumber(self, epoch: int) -> set[str]:
        """Number again in this epoch what waits for a receipt in `epoch`. Returns the kinds of these messages; none on a full disk."""
        kinds: set[str] = set()
        while epoch != self.epoch and (rows := self._file.rows(_OF_EPOCH, epoch, RENUMBERED_AT_ONCE)):
            changes: list[Change] = []
            seq = self.next_seq
            for old, kind, about, stored in rows:
                message = self._readable(epoch, old, kind, stored)
                if message is not None:
                    body = _sealed(encode(message._replace(epoch=self.epoch, seq=seq, oldest=seq)))
                    changes += [(f"DELETE FROM {table} WHERE epoch = ? AND seq = ?", epoch, old) for table in ("main.message", "spare")]  # noqa: S608
                    changes.append(("INSERT INTO main.message VALUES (?, ?, ?, ?, ?, NULL)", self.epoch, seq, kind, about, body))
                    seq += 1
            if not self._file.write(*changes):
                break
            self.next_seq = seq
            kinds.update(str(row[1]) for row in rows)
        return kinds

    # -- sending

    def waiting(self, after: tuple[int, int], limit: int) -> list[OutboxMessage]:
        """The next messages without a receipt after (epoch, seq), in order, each with the lowest seq of its epoch still waiting.

        A row that cannot be read is set aside first: it must not end the agent, nor hold up the others.
        """
        while True:
            rows = self._file.rows(
                "SELECT epoch, seq, kind, body, (SELECT min(seq) FROM waiting AS w WHERE w.epoch = v.epoch) FROM waiting AS v"
                " WHERE (epoch, seq) > (?, ?) ORDER BY epoch, seq LIMIT ?",
                *after,
                limit,
            )
            messages = [(self._readable(*row[:4]), row[4]) for row in rows]
            if all(message for message, _ in messages):
                return [_outgoing(message, oldest) for message, oldest in messages if message]

    def _readable(self, epoch: object, seq: object, kind: object, stored: object) -> Birth | Record | None:
        """The message of a row; a row that cannot be read is set aside."""
        try:
            return _message(epoch, seq, kind, stored)
        except ValueError:
            self._set_aside(epoch, seq)
            return None

    def _set_aside(self, epoch: object, seq: object) -> None:
        where = "WHERE epoch IS ? AND seq IS ?"
        aside: Change = (f"INSERT OR REPLACE INTO aside SELECT * FROM main.message {where}", epoch, seq)  # noqa: S608
        self._file.write(aside, (f"DELETE FROM main.message {where}", epoch, seq))  # noqa: S608
        self._file.rows("INSERT INTO unreadable VALUES (?, ?)", epoch, seq)  # where the disk cannot be written
        self._counted["unreadable"] += 1

    def count_waiting(self) -> int:
        return self._file.number("SELECT count(*) FROM waiting") or 0

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
            self._file.rows("DELETE FROM covered")
        self._file.rows("INSERT INTO covered VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = max(seq, excluded.seq)", epoch, seq)
        self._store_receipts(now)
        return restored

    def _store_receipts(self, now: int) -> None:
        """Write receipts that are only in memory to the disk; they make room."""
        for epoch, seq in self._file.rows("SELECT epoch, seq FROM covered"):
            where = "WHERE epoch = ? AND seq <= ? AND receipted IS NULL"
            if self._file.write((f"UPDATE main.message SET receipted = ? {where}", now, epoch, seq)):  # noqa: S608
                self._file.rows(f"DELETE FROM spare {where}", epoch, seq)  # noqa: S608
                self._file.rows("DELETE FROM covered WHERE epoch = ?", epoch)

    # -- housekeeping

    def clean_up(self, now: int) -> None:
        """About once an hour: move memory to the disk, delete what was receipted long ago, refill the reserve."""
        if self._file.return_to_disk():
            self._store_receipts(now)
        self._file.write(("DELETE FROM main.message WHERE receipted < ?", now - KEEP_SECONDS), (_FEW_ASIDE,))
        self._file.refill_reserve()
        self._count()

    def take_notices(self) -> list[dict[str, Any]]:
        """What happened to the messages since the last call, as the data of events."""
        damage, self._file.damage = self._file.damage, ""
        notices: list[dict[str, Any]] = [{"event": "outbox_damaged", "why": damage[:200]}] if damage else []
        for name in self._counted:
            count = self._take_count(name)
            if count:
                notices.append({"event": f"outbox_{name}", "messages": count})
        return notices

    def _take_count(self, name: str) -> int:
        stored = self.fact(name) or 0
        if stored and not self._file.write(("DELETE FROM fact WHERE name = ?", name)):
            return 0
        count, self._counted[name] = stored + self._counted[name], 0
        return count

    def forget_receipts(self) -> None:
        """Send everything again: the unit was enrolled again, perhaps with another registry."""
        self._file.write(("UPDATE main.message SET receipted = NULL",), ("DELETE FROM fact WHERE name = 'registry'",))

    def clear(self) -> None:
        """Delete everything: the machine is now enrolled as another unit."""
        self._file.write(("DELETE FROM main.message",), ("DELETE FROM aside",), ("DELETE FROM fact",))

    def fact(self, name: str) -> int | None:
        return self._file.number("SELECT value FROM fact WHERE name = ?", name)

    def close(self) -> None:
        self._file.close()

    def _make_room(self, size: int) -> None:
        while self._messages + 1 > self._limit or self._bytes + size > self._limit_bytes:
            rows = self._file.rows(
                f"SELECT epoch, seq, length(body), receipted IS NULL FROM main.message ORDER BY {_DROP_ORDER} LIMIT 1"  # noqa: S608
            )
            if not rows or not self._drop(*rows[0]):
                return

    def _drop(self, epoch: object, seq: object, size: Any, unreceipted: object) -> bool:
        count: Change = ("INSERT INTO fact VALUES ('dropped', ?) ON CONFLICT DO UPDATE SET value = value + excluded.value", unreceipted)
        dropped = self._file.write(("DELETE FROM main.message WHERE epoch IS ? AND seq IS ?", epoch, seq), count)
        self._messages -= dropped
        self._bytes -= (size or 0) * dropped
        return dropped

    def _count(self) -> None:
        self._messages = self._file.number("SELECT count(*) FROM main.message") or 0
        self._bytes = self._file.number("SELECT coalesce(sum(length(body)), 0) FROM main.message") or 0


def summary(path: Path) -> tuple[int, int]:
    """(messages waiting for a receipt, messages stored), read while an agent may be running. Raises sqlite3.Error."""
    reader = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=5)
    try:
        waiting, stored = reader.execute("SELECT count(*) FILTER (WHERE receipted IS NULL), count(*) FROM message").fetchone()
        return waiting, stored
    finally:
        reader.close()


def _outgoing(message: Birth | Record, oldest: int) -> OutboxMessage:
    kind = "birth" if isinstance(message, Birth) else "record"
    return OutboxMessage(message.epoch, message.seq, kind, encode(message._replace(oldest=oldest)), oldest)


def _checked(kind: str, message: Birth | Record) -> bytes:
    """The payload of a message that the registry will accept. Raises Unsendable."""
    try:
        body = encode(message)
        decode(kind, body)
    except ValueError as error:
        raise Unsendable(f"a {kind} that the registry would reject: {error}") from None
    return body


def _sealed(body: bytes) -> bytes:
    """With a checksum on a line of its own, since a flipped digit is JSON too."""
    return b"%s\n%08x" % (body, binascii.crc32(body))


def _message(epoch: Any, seq: Any, kind: Any, stored: Any) -> Birth | Record:
    """The message of one row. Raises ValueError where the row is damaged; rows of older agents have no checksum."""
    if kind not in ("birth", "record") or not isinstance(stored, bytes):
        raise ValueError("no kind of message, or no body")
    body, sealed, checksum = stored.partition(b"\n")
    message = decode(kind, body)
    if (sealed and checksum != b"%08x" % binascii.crc32(body)) or message[:2] != (epoch, seq) or not isinstance(message, Birth | Record):
        raise ValueError("another message than was stored")
    return message
