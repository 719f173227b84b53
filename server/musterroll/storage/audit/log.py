"""The audit log as it is written: entries appended to one chain, each with a hash that covers the one before it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from musterroll.domain.audit import NOTHING_BEFORE, Image, canonical, seals
from musterroll.domain.values.errors import Conflict
from musterroll.storage.audit.blocks import Block, row_key
from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.engine.database import innermost
from musterroll.storage.tables.audit import AuditChange, AuditEntry

_CHAIN_LOCK = 6_874_003  # a PostgreSQL advisory lock: one transaction at a time appends, so the chain has one order
_CHUNK = 20_000
_END = "musterroll.audit"  # where a session keeps the end of the chain
_ENTRIES: Any = AuditEntry.__table__  # type: ignore[attr-defined]
_COLUMNS = ("table_name", "row_key", "before", "after")
_OF_BLOCKS = ("first_row", "last_row")


class Entry(NamedTuple):
    """One row before and after, as images; None: it did not exist."""

    table: str
    key: str
    before: Image | None
    after: Image | None


class Additions(NamedTuple):
    """New rows of one table, as the canonical texts of their images."""

    table: str
    keys: Sequence[str]
    after: Sequence[str]


_Entries = Entry | Additions | Block


class _End(NamedTuple):
    """The last entry of the chain."""

    id: int
    hash: str


def append(session: Session, change: AuditChange, entries: Iterable[_Entries]) -> None:
    """Add entries to the end of the chain. Raises Conflict where another transaction holds the chain too long."""
    session.flush()
    facts = facts_of(change)
    for chunk in _chunks(entries):
        columns, end = _columns(chunk), take_hold(session)
        hashes = seals(end.hash, facts, map(_row, *columns.values()))
        ids = _numbers(end.id, chunk)
        bulk.put(session, _ENTRIES, {"id": ids, **columns, **_of_blocks(chunk), "hash": hashes}, {"change_id": change.id})
        session.info[_END] = innermost(session), _End(ids[-1], hashes[-1])


def facts_of(change: AuditChange) -> str:
    """What the hash of each entry covers of its change."""
    return canonical([change.id, change.at, change.actor, change.kind, change.subject, change.reason, change.undoes_id])


def take_hold(session: Session) -> _End:
    """Hold the end of the chain until the transaction ends. Returns the last entry. Raises Conflict as `append`.

    Asked once in a transaction or savepoint: what was appended before may have been rolled back with a savepoint.
    """
    inside, end = session.info.get(_END, (None, _End(0, "")))
    if inside is None or inside is not innermost(session):
        end = _last(session)
        session.info[_END] = innermost(session), end
    return _End(*end)


def _last(session: Session) -> _End:
    if postgres(session):
        try:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
        except OperationalError:
            raise Conflict("another change is still being written (an import?); try again when it is done", "busy") from None
    last = session.execute(select(col(AuditEntry.id), col(AuditEntry.hash)).order_by(col(AuditEntry.id).desc()).limit(1)).one_or_none()
    return _End(*last) if last else _End(0, NOTHING_BEFORE)


def _chunks(entries: Iterable[_Entries]) -> Iterator[list[_Entries]]:
    chunk, size = list[_Entries](), 0
    for entry in entries:
        chunk.append(entry)
        size += len(entry.keys) if isinstance(entry, Additions) else 1
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _numbers(last: int, entries: Iterable[_Entries]) -> list[int]:
    """The numbers of entries behind the last one. A block takes one for each of its rows, and has the last of them."""
    numbers: list[int] = []
    for entry in entries:
        if isinstance(entry, Additions):
            numbers.extend(range(last + 1, last + 1 + len(entry.keys)))
        else:
            numbers.append(last + (entry.rows if isinstance(entry, Block) else 1))
        last = numbers[-1]
    return numbers


def _of_blocks(entries: Iterable[_Entries]) -> dict[str, list[int | None]]:
    """The first and last row of blocks, where there are any."""
    columns: dict[str, list[int | None]] = {name: [] for name in _OF_BLOCKS}
    for entry in entries:
        count = len(entry.keys) if isinstance(entry, Additions) else 1
        ends = (entry.first, entry.last) if isinstance(entry, Block) else (None, None)
        for column, end in zip(columns.values(), ends, strict=True):
            column.extend([end] * count)
    return columns


def _columns(entries: Iterable[_Entries]) -> dict[str, list[str | None]]:
    columns: dict[str, list[str | None]] = {name: [] for name in _COLUMNS}
    for entry in entries:
        if isinstance(entry, Additions):
            count = len(entry.keys)
            values: tuple[Iterable[str | None], ...] = [entry.table] * count, entry.keys, [None] * count, entry.after
        elif isinstance(entry, Block):
            values = (entry.table,), (row_key(entry.first, entry.last),), (None,), (entry.after,)
        else:
            values = (entry.table,), (entry.key,), (_text(entry.before),), (_text(entry.after),)
        for column, more in zip(columns.values(), values, strict=True):
            column.extend(more)
    return columns


def _row(table: str | None, key: str | None, before: str | None, after: str | None) -> str:
    return f'["{table}","{key}",{before or "null"},{after or "null"}]'  # the canonical list of the four


def _text(image: Image | None) -> str | None:
    return None if image is None else canonical(image)
