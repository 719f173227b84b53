"""Undoing a change: every row goes back to what it was, or nothing does."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlmodel import Session

from musterroll.domain.audit import Image, record_word
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit import log as audit_log
from musterroll.storage.audit.audited_tables import audited
from musterroll.storage.audit.changes import LoggedEntry
from musterroll.storage.audit.log import Entry
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.units import transitions
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.audit.table_undo import TableUndo, Undoing, differences
from musterroll.usecases.undo.tables import table_undos
from musterroll.usecases.warranty import periods as warranty_periods

_BATCH = 5_000
_ACCESS = ("person", "token")  # people could give themselves back what was taken from them

Tables = dict[str, TableUndo]


def undo(session: Session, change_id: int, actor: str, now: datetime, reason: str = "") -> AuditChange:
    """Put back every row the change wrote and withdraw its state changes. The undo is a change itself and can be undone.

    A unit that the change added and that was heard or enrolled since stays as unrecorded; where its enrolment deployed it since stays
    too, with the product, account and site it needs, and so does what an imported list reported of a unit that was heard since.
    Raises NotFound, and Conflict where it is undone already, a row is no longer as the change left it, or it is about who may do what.
    """
    change = _undoable(session, change_id)
    subject = f"change {change_id} undone: {change.subject}"
    by = audit_record.begin(session, actor=actor, kind="undo", subject=subject, reason=reason, now=now, undoes_id=change_id)
    undoing = Undoing(session, by, now, set())
    tables = table_undos(undoing)
    last = None
    while entries := audit_changes.entries_back(session, change_id, last, _BATCH):
        audit_log.append(session, by, _put_back(session, tables, entries))
        last = entries[-1].id
    session.expire_all()
    for table in tables.values():
        table.finish()
    warranty_periods.apply_policies(session, sorted(undoing.warranties), now, by)
    transitions.withdraw(session, change_id, to_ms(now))
    if change.undoes_id is not None:
        transitions.restore(session, change.undoes_id, by.id or 0, to_ms(now))
    session.expire_all()
    session.refresh(by)
    return by


def _undoable(session: Session, change_id: int) -> AuditChange:
    change = session.get(AuditChange, change_id)
    if change is None:
        raise NotFound(f"there is no change {change_id}")
    if change.kind in _ACCESS:
        raise Conflict(f"change {change_id} is about users or tokens and cannot be undone", "not_undone")
    if (by := audit_changes.undone_by(session, change_id)) is not None:
        raise Conflict(f"change {change_id} was already undone by change {by}", "undone_already")
    return change


def _put_back(session: Session, tables: Tables, logged: Sequence[LoggedEntry]) -> list[Entry]:
    """Write the way back through these entries, newest first. Returns it as entries."""
    rows: dict[tuple[str, str], Image | None] = {}
    for name, entries in _by_table(logged).items():
        images = audited(name).images(session, {entry.key for entry in entries})
        tables[name].look_up(entries, images)
        rows |= {(name, key): image for key, image in images.items()}
    written = _write(session, tables, list(_reversed(tables, logged, rows)))
    for name, entries in _by_table(written).items():
        tables[name].written(entries)
    return written


def _by_table(entries: Iterable[Any]) -> dict[str, list[Any]]:
    tables: dict[str, list[Any]] = {}
    for entry in entries:
        tables.setdefault(entry.table, []).append(entry)
    return tables


def _reversed(tables: Tables, logged: Iterable[LoggedEntry], rows: dict[tuple[str, str], Image | None]) -> Iterator[Entry]:
    """Entries that take each row back. `rows` are the rows as they are, and follow. Raises Conflict where one is not as it was left."""
    for entry in logged:
        row = rows.get(entry[1:3])
        remaining = tables[entry.table].remaining(entry, row)
        if remaining is not None:
            table, key, before, after = remaining
            _check(remaining, row)
            back = Entry(table, key, row if before is None else after, before)
            rows[table, key] = {**(row or {}), **before} if before is not None else None
            yield back


def _check(entry: Entry, row: Image | None) -> None:
    """Raise Conflict where a row (None: it is gone) is not as an entry left it."""
    name = f"{record_word(entry.table)} {entry.key}"
    if entry.after is None and row is not None:
        raise Conflict(f"{name} was deleted by the change and exists again; undo the change that restored it first", "changed_since")
    if entry.after is not None and row is None:
        raise Conflict(f"{name} no longer exists; undo the change that deleted it first", "changed_since")
    if columns := differences(row, entry.after):
        raise Conflict(f"{name} has been changed since ({', '.join(sorted(columns))}); undo the later change first", "changed_since")


def _write(session: Session, tables: Tables, entries: Iterable[Entry]) -> list[Entry]:
    """Write rows in their order, those of one kind together. Returns what was written: not the deletion of rows that stay."""
    written = list[Entry]()
    for (name, how, _), group in groupby(entries, key=_kind):
        chosen = list(group)
        if how == "delete":
            chosen = _delete(session, tables, name, chosen)
        elif how == "update":
            audited(name).update(session, [(entry.key, entry.after or {}) for entry in chosen])
        else:
            audited(name).insert(session, [entry.after or {} for entry in chosen])
        written += chosen
    return written


def _kind(entry: Entry) -> tuple[str, str, frozenset[str]]:
    """The table, what to do with the row, and the columns to update."""
    if entry.before is not None and entry.after is not None:
        return entry.table, "update", frozenset(entry.after)
    return entry.table, "insert" if entry.before is None else "delete", frozenset()


def _delete(session: Session, tables: Tables, name: str, entries: Sequence[Entry]) -> list[Entry]:
    """Delete rows of a table, except those that stay: they are left as they are, or changed to what is left of them."""
    staying = tables[name].staying([entry.key for entry in entries])
    stripped = [
        Entry(name, entry.key, {column: (entry.before or {})[column] for column in left}, left)
        for entry in entries
        if (left := staying.get(entry.key))
    ]
    deleted = [entry for entry in entries if entry.key not in staying]
    _write(session, tables, stripped)
    if keys := [entry.key for entry in deleted]:
        if (other := audited(name).referring(session, keys)) is not None:
            later = f"{record_word(other[0])} {other[1]} depends on records the change added ({record_word(name)})"
            raise Conflict(f"{later}; undo the later change first", "changed_since")
        audited(name).delete(session, keys)
    return [*stripped, *deleted]
