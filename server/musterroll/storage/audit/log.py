"""The audit log as it is written: entries appended to one chain, each with a hash that covers the one before it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from musterroll.domain.audit import NOTHING_BEFORE, Image, canonical, seals
from musterroll.domain.values.errors import Conflict
from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.engine.database import innermost
from musterroll.storage.tables.audit import AuditChange, AuditEntry

_CHAIN_LOCK = 6_874_003  # a PostgreSQL advisory lock: one transaction at a time appends, so the chain has one order
_CHUNK = 20_000
_END = "musterroll.audit"  # where a session keeps the end of the chain
_ENTRIES: Any = AuditEntry.__table__  # type: ignore[attr-defined]
_COLUMNS = ("table_name", "row_key", "before", "after")


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


def append(session: Session, change: AuditChange, entries: Iterable[Entry | Additions]) -> None:
    """Add entries to the end of the chain. Raises Conflict where another transaction holds the chain too long."""
    session.flush()
    facts = facts_of(change)
    for chunk in _chunks(entries):
        columns = _columns(chunk)
        hashes = seals(take_hold(session), facts, map(_row, *columns.values()))
        bulk.put(session, _ENTRIES, {**columns, "hash": hashes}, {"change_id": change.id})
        session.info[_END] = innermost(session), hashes[-1]


def facts_of(change: AuditChange) -> str:
    """What the hash of each entry covers of its change."""
    return canonical([change.id, change.at, change.actor, change.kind, change.subject, change.reason, change.undoes_id])


def take_hold(session: Session) -> str:
    """Hold the end of the chain until the transaction ends. Returns the hash of the last entry. Raises Conflict as `append`.

    Asked once in a transaction or savepoint: what was appended before may have been rolled back with a savepoint.
    """
    inside, head = session.info.get(_END, (None, ""))
    if inside is None or inside is not innermost(session):
        head = _last_hash(session)
        session.info[_END] = innermost(session), head
    return str(head)


def _last_hash(session: Session) -> str:
    if postgres(session):
        try:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
        except OperationalError:
            raise Conflict("another change is still being written (an import?); try again when it is done", "busy") from None
    last = session.execute(select(col(AuditEntry.hash)).order_by(col(AuditEntry.id).desc()).limit(1)).scalar()
    return last or NOTHING_BEFORE


def _chunks(entries: Iterable[Entry | Additions]) -> Iterator[list[Entry | Additions]]:
    chunk, size = list[Entry | Additions](), 0
    for entry in entries:
        chunk.append(entry)
        size += len(entry.keys) if isinstance(entry, Additions) else 1
        if size >= _CHUNK:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _columns(entries: Iterable[Entry | Additions]) -> dict[str, list[str | None]]:
    columns: dict[str, list[str | None]] = {name: [] for name in _COLUMNS}
    for entry in entries:
        if isinstance(entry, Additions):
            count = len(entry.keys)
            values: tuple[Iterable[str | None], ...] = [entry.table] * count, entry.keys, [None] * count, entry.after
        else:
            values = (entry.table,), (entry.key,), (_text(entry.before),), (_text(entry.after),)
        for column, more in zip(columns.values(), values, strict=True):
            column.extend(more)
    return columns


def _row(table: str | None, key: str | None, before: str | None, after: str | None) -> str:
    return f'["{table}","{key}",{before or "null"},{after or "null"}]'  # the canonical list of the four


def _text(image: Image | None) -> str | None:
    return None if image is None else canonical(image)
