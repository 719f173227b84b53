"""What people did to records after a document last spoke of them. A document that says the same again does not undo it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.audit import AuditEntry, Change

_DOCUMENT, _UNDO = "import", "undo"


def touched(session: Session, table: str) -> set[int]:
    """The rows of a table that acts of people wrote."""
    e, c = AuditEntry, Change
    query = select(col(e.row_key)).join_from(c, e, col(e.change_id) == col(c.id))
    return {int(key) for key in session.scalars(query.where(col(c.kind).not_in((_DOCUMENT, _UNDO)), col(e.table_name) == table).distinct())}


def last_words(session: Session, table: str, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """By row and column, where a person wrote the column last: what a document had said before, as an image has it.

    What was undone was never said.
    """
    e, c = AuditEntry, Change
    query = select(col(e.row_key), col(e.after), col(c.id), col(c.kind)).join_from(e, c, col(c.id) == col(e.change_id))
    keys = [str(one) for one in ids]
    held = _Standing(session)
    said: dict[int, dict[str, Any]] = {}
    done: dict[int, set[str]] = {}
    for key, after, change, kind in session.execute(
        query.where(col(e.table_name) == table, among(session, col(e.row_key), keys)).order_by(col(e.id))
    ):
        row = int(key)
        if after is None or kind == _UNDO or not held.stands(change):
            continue
        if kind == _DOCUMENT:
            said.setdefault(row, {}).update(after)
            done.setdefault(row, set()).difference_update(after)
        else:
            done.setdefault(row, set()).update(after)
    found = {row: {name: said[row][name] for name in names if name in said.get(row, ())} for row, names in done.items()}
    return {row: words for row, words in found.items() if words}


class _Standing:
    """Which changes are not undone; an undoing that is itself undone undoes nothing."""

    def __init__(self, session: Session) -> None:
        query = select(col(Change.undoes_id), col(Change.id)).where(col(Change.undoes_id).is_not(None))
        self._undone_by: dict[int, int] = {row[0]: row[1] for row in session.execute(query)}

    def stands(self, change: int) -> bool:
        by = self._undone_by.get(change)
        return by is None or not self.stands(by)
