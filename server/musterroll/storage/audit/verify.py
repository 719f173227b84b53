"""Checking the chain of audit entries: each must carry the hash that follows from the one before it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.domain.audit import NOTHING_BEFORE, canonical, seal
from musterroll.storage.audit.log import facts_of
from musterroll.storage.tables.audit import AuditChange, AuditEntry

_CHUNK = 20_000


class ChainCheck(NamedTuple):
    entries: int  # checked and intact
    first_bad: int | None  # the first entry that was altered, or that follows a deleted one
    head: str  # the hash of the last intact entry; kept elsewhere, it also proves that the end was not cut off
    head_found: bool  # whether the hash asked for is one of the chain


def verify(session: Session, head: str | None = None) -> ChainCheck:
    """Check the whole chain. `head` is a hash kept from earlier that must be one of the chain."""
    return _check(session, _all(session), NOTHING_BEFORE, head)[0]


def verify_next(session: Session, last: int, head: str, limit: int = _CHUNK) -> tuple[ChainCheck, int]:
    """Check the next entries after the intact entry `last` whose hash is `head`; from the beginning after 0.

    Returns the check and the entry that is the last intact one now.
    """
    check, latest = _check(session, _chunk(session, last, limit), head or NOTHING_BEFORE, None)
    return check, latest or last


def _check(session: Session, rows: Iterable[Sequence[Any]], head: str, expected: str | None) -> tuple[ChainCheck, int | None]:
    """Also returns the last intact entry of these rows."""
    entries, last, met, facts = 0, None, expected in (None, head), dict[int, str]()
    for row in rows:
        if (entry_hash := _hash(session, row, head, facts)) != row[-1]:
            return ChainCheck(entries, row[0], head, met), last
        last, head, entries, met = row[0], entry_hash, entries + 1, met or entry_hash == expected
    return ChainCheck(entries, None, head, met), last


def _hash(session: Session, row: Sequence[Any], head: str, facts: dict[int, str]) -> str:
    """The hash that an entry after `head` must carry. `facts` are those of changes met before."""
    _, change_id, table, key, before, after, _ = row
    if change_id not in facts:
        facts[change_id] = facts_of(session.get_one(AuditChange, change_id))
    return seal(head, facts[change_id], canonical([table, key, before, after]))


def _all(session: Session) -> Iterator[Sequence[Any]]:
    last = 0
    while rows := _chunk(session, last, _CHUNK):
        yield from rows
        last = rows[-1][0]


def _chunk(session: Session, last: int, limit: int) -> Sequence[Sequence[Any]]:
    e = AuditEntry
    columns = (col(e.id), col(e.change_id), col(e.table_name), col(e.row_key), col(e.before), col(e.after), col(e.hash))
    return session.execute(select(*columns).where(col(e.id) > last).order_by(col(e.id)).limit(limit)).all()
