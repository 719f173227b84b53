"""The audit log as it is written: entries appended to one chain, each with a hash that covers the one before it."""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from musterroll.domain.audit import NOTHING_BEFORE, Image, canonical, seal
from musterroll.domain.values.errors import Conflict
from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.engine.database import innermost
from musterroll.storage.tables.audit import AuditChange, AuditEntry

_CHAIN_LOCK = 6_874_003  # a PostgreSQL advisory lock: one transaction at a time appends, so the chain has one order
_CHUNK = 20_000
_END = "musterroll.audit"  # where a session keeps the end of the chain
_ENTRIES: Any = AuditEntry.__table__  # type: ignore[attr-defined]
_COLUMNS = ("change_id", "table_name", "row_key", "before", "after", "hash")


class Entry(NamedTuple):
    """One row before and after, as images; None: it did not exist."""

    table: str
    key: str
    before: Image | None
    after: Image | None


class Addition(NamedTuple):
    """One new row, as the canonical text of its image."""

    table: str
    key: str
    after: str


def append(session: Session, change: AuditChange, entries: Iterable[Entry | Addition]) -> None:
    """Add entries to the end of the chain. Raises Conflict where another transaction holds the chain too long."""
    session.flush()
    rest = iter(entries)
    facts = facts_of(change)
    while chunk := list(islice(rest, _CHUNK)):
        rows, head = _sealed(change.id or 0, facts, chunk, take_hold(session))
        bulk.put(session, _ENTRIES, dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True)))
        session.info[_END] = innermost(session), head


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


_Sealed = tuple[int, str, str, str | None, str | None, str]


def _sealed(change_id: int, facts: str, entries: Sequence[Entry | Addition], head: str) -> tuple[list[_Sealed], str]:
    rows: list[_Sealed] = []
    for entry in entries:
        was: str | None = None
        became: str | None
        if isinstance(entry, Addition):
            table, key, became = entry
        else:
            table, key, was, became = entry.table, entry.key, _text(entry.before), _text(entry.after)
        head = seal(head, facts, f'["{table}","{key}",{was or "null"},{became or "null"}]')  # the canonical list of the four
        rows.append((change_id, table, key, was, became, head))
    return rows, head


def _text(image: Image | None) -> str | None:
    return None if image is None else canonical(image)
