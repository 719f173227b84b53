"""What people changed in records after a document was imported. Importing the same values again does not undo it."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.audit import blocks
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.audit import AuditChange, AuditEntry

_IMPORT, _UNDO = "import", "undo"


def edited_rows(session: Session, table: str, ids: Collection[int]) -> set[int]:
    """Those of these rows that people wrote."""
    e, c = AuditEntry, AuditChange
    query = select(col(e.row_key)).join_from(e, c, col(c.id) == col(e.change_id)).where(col(c.kind).not_in((_IMPORT, _UNDO)))
    mine = col(e.table_name) == table, among(session, col(e.row_key), [str(row_id) for row_id in ids])
    return {int(key) for key in session.scalars(query.where(*mine).distinct())}


def overruled_values(session: Session, table: str, ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """By row and column the last imported value, as in its audit image, where a person wrote the column since.

    Changes that were undone do not count.
    """
    e, c = AuditEntry, AuditChange
    query = select(col(e.id), col(e.row_key), col(e.after), col(c.id), col(c.kind)).join_from(e, c, col(c.id) == col(e.change_id))
    keys = [str(row_id) for row_id in ids]
    own = session.execute(query.where(col(e.table_name) == table, among(session, col(e.row_key), keys)))
    added = blocks.added(session, table, set(keys))
    kinds = select(col(c.id), col(c.kind)).where(among(session, col(c.id), {row.change_id for row in added}))
    kind_of = {row[0]: row[1] for row in session.execute(kinds)} if added else {}
    entries = [*(tuple(row) for row in own), *((*row, kind_of[row.change_id]) for row in added)]
    undone = _UndoneChanges(session)
    imported: dict[int, dict[str, Any]] = {}
    edited: dict[int, set[str]] = {}
    for _, key, after, change, kind in sorted(entries, key=lambda entry: int(entry[0])):
        row = int(key)
        if after is None or kind == _UNDO or change in undone:
            continue
        if kind == _IMPORT:
            imported.setdefault(row, {}).update(after)
            edited.setdefault(row, set()).difference_update(after)
        else:
            edited.setdefault(row, set()).update(after)
    overruled = {row: {name: imported[row][name] for name in names if name in imported.get(row, ())} for row, names in edited.items()}
    return {row: values for row, values in overruled.items() if values}


class _UndoneChanges:
    """The changes that are undone; an undo that is itself undone undoes nothing."""

    def __init__(self, session: Session) -> None:
        query = select(col(AuditChange.undoes_id), col(AuditChange.id)).where(col(AuditChange.undoes_id).is_not(None))
        self._undone_by: dict[int, int] = {row[0]: row[1] for row in session.execute(query)}

    def __contains__(self, change: int) -> bool:
        undo = self._undone_by.get(change)
        return undo is not None and undo not in self
