"""Checking the chain of audit entries: each must carry the hash that follows from the one before it."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.domain.audit import NOTHING_BEFORE, canonical, seal
from musterroll.storage.audit import blocks
from musterroll.storage.audit.log import facts_of
from musterroll.storage.tables.audit import AuditChange, AuditEntry

_CHUNK = 20_000
_PAGE = 500  # entries read at once; each may be a block


class ChainCheck(NamedTuple):
    entries: int  # checked and intact; each row of a block counts
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
    check, latest = _check(session, _all(session, last, limit), head or NOTHING_BEFORE, None)
    return check, latest or last


def _check(session: Session, rows: Iterable[Any], head: str, expected: str | None) -> tuple[ChainCheck, int | None]:
    """Also returns the last intact entry of these rows."""
    entries, last, met, facts = 0, None, expected in (None, head), dict[int, str]()
    for row in rows:
        if (entry_hash := _hash(session, row, head, facts)) != row.hash:
            return ChainCheck(entries, row.id, head, met), last
        last, head, entries, met = row.id, entry_hash, entries + _rows(row), met or entry_hash == expected
    return ChainCheck(entries, None, head, met), last


def _hash(session: Session, row: Any, head: str, facts: dict[int, str]) -> str:
    """The hash that an entry after `head` must carry. `facts` are those of changes met before."""
    if row.change_id not in facts:
        facts[row.change_id] = facts_of(session.get_one(AuditChange, row.change_id))
    key = row.row_key if row.last_row is None else blocks.row_key(row.first_row, row.last_row)
    return seal(head, facts[row.change_id], canonical([row.table_name, key, row.before, row.after]))


def _rows(row: Any) -> int:
    return 1 if row.last_row is None else int(row.after["rows"])


def _all(session: Session, last: int = 0, limit: int | None = None) -> Iterator[Any]:
    """The entries behind one, at most those of about so many rows."""
    while (limit is None or limit > 0) and (rows := _page(session, last, _PAGE if limit is None else min(_PAGE, limit))):
        yield from rows
        last, limit = rows[-1].id, None if limit is None else limit - sum(map(_rows, rows))


def _page(session: Session, last: int, limit: int) -> Sequence[Any]:
    e = AuditEntry
    columns = (col(e.id), col(e.change_id), col(e.table_name), col(e.row_key), col(e.before), col(e.after), col(e.hash))
    query = select(*columns, col(e.first_row), col(e.last_row)).where(col(e.id) > last).order_by(col(e.id)).limit(limit)
    return session.execute(query).all()
