"""Undoing a change: every row goes back to what it was, or nothing does.

A large change goes back in steps, each a transaction of its own. What is still to be done is stored, so that an undo that was
interrupted goes on where it was.
"""

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
from musterroll.storage.audit import undo_progress as stored_progress
from musterroll.storage.audit.audited_tables import audited
from musterroll.storage.audit.blocks import LoggedEntry
from musterroll.storage.audit.log import Entry
from musterroll.storage.tables.audit import AuditChange, UndoProgress
from musterroll.storage.units import transitions
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.audit.table_undo import TableUndo, Undoing, differences
from musterroll.usecases.undo.tables import table_undos
from musterroll.usecases.warranty import periods as warranty_periods

_BATCH = 5_000
_CREDENTIAL = "credential"  # who may have copied the secret would be let in again
_ACCESS = ("person", "token")  # people could give themselves back what was taken from them

Tables = dict[str, TableUndo]


def undo(session: Session, change_id: int, actor: str, now: datetime, reason: str = "") -> AuditChange:
    """Put back every row the change wrote and withdraw its state changes. The undo is a change itself and can be undone.

    A unit that the change added and that was heard or enrolled since stays as unrecorded; where its enrolment deployed it since stays
    too, with the product, account and site it needs, and so does what an imported list reported of a unit that was heard since.
    Raises NotFound, and Conflict where it is undone already, a row is no longer as the change left it, or it is about who may do what.

    All of it is one transaction, which nobody can write beside on SQLite: entry points use `long_work.undo`.
    """
    steps = UndoSteps(change_id, actor, reason)
    while steps.step(session, now):
        pass
    return session.get_one(AuditChange, steps.undo_id)


class UndoSteps:
    """The undo of one change in steps; a small one is a single step."""

    undo_id: int  # the change that is the undo, after the first step

    def __init__(self, change_id: int, actor: str, reason: str = "") -> None:
        self._change_id, self._actor, self._reason = change_id, actor, reason

    def step(self, session: Session, now: datetime) -> bool:
        """Take the next rows back. Returns whether there is more to do. Raises as `undo`."""
        change = _undoable(session, self._change_id)
        progress = stored_progress.of(session, change) or self._begin(session, change, now)
        self.undo_id, progress.stepped_at = progress.change_id, to_ms(now)
        more = _Step(session, change, session.get_one(AuditChange, self.undo_id), progress, now).take()
        if not more:
            session.delete(progress)
        session.flush()
        session.expire_all()
        return more

    def check(self, session: Session, now: datetime) -> None:
        """Raise the Conflict that a large undo would meet in the middle, before its first step. A small one meets it in its only step."""
        change = _undoable(session, self._change_id)
        if stored_progress.of(session, change) is None:
            _check_all(session, change, now)

    def _begin(self, session: Session, change: AuditChange, now: datetime) -> UndoProgress:
        subject = f"change {change.id} undone: {change.subject}"
        by = audit_record.begin(session, actor=self._actor, kind="undo", subject=subject, reason=self._reason, now=now, undoes_id=change.id)
        return stored_progress.begin(session, by.id or 0)


class _Step:
    """One step: the phases in their order, each until it has done as much as one transaction should."""

    def __init__(self, session: Session, change: AuditChange, by: AuditChange, progress: UndoProgress, now: datetime) -> None:
        self._session, self._change, self._by, self._progress, self._now = session, change, by, progress, now

    def take(self) -> bool:
        """Whether there is more to do."""
        phases = {"rows": self._rows, "warranties": self._warranties, "states": self._withdraw, "restored": self._restore}
        names = list(phases)
        for name in names[names.index(self._progress.phase) :]:
            if self._progress.phase != name:
                self._progress.phase, self._progress.last = name, 0
            if phases[name]():
                return True
        return False

    def _rows(self) -> bool:
        """Put rows back, newest first. Once all are, do what is left of each table."""
        undoing = Undoing(self._session, self._by, self._now, set(), list(map(tuple, self._progress.separated)))
        tables = table_undos(undoing)
        entries = audit_changes.entries_back(self._session, self._change.id or 0, self._progress.last or None, _BATCH)
        if entries:
            audit_log.append(self._session, self._by, _put_back(self._session, tables, entries))
            self._progress.last, self._progress.separated = entries[-1].id, list(map(list, undoing.separated))
        more = len(entries) == _BATCH
        if not more:
            self._session.expire_all()
            for table in tables.values():
                table.finish()
        stored_progress.add_due(self._session, self._by.id or 0, undoing.warranties)
        return more

    def _warranties(self) -> bool:
        units = stored_progress.take_due(self._session, self._by.id or 0, _BATCH)
        warranty_periods.apply_policies(self._session, units, self._now, self._by)
        return len(units) == _BATCH

    def _withdraw(self) -> bool:
        return self._went_on(transitions.withdraw(self._session, self._change.id or 0, to_ms(self._now), self._progress.last, _BATCH))

    def _restore(self) -> bool:
        """The state changes of the change that is done again, where this is the undo of an undo."""
        again, last = self._change.undoes_id, self._progress.last
        return again is not None and self._went_on(
            transitions.restore(self._session, again, self._by.id or 0, to_ms(self._now), last, _BATCH)
        )

    def _went_on(self, last: int | None) -> bool:
        self._progress.last = last or self._progress.last
        return last is not None


def _undoable(session: Session, change_id: int) -> AuditChange:
    change = session.get(AuditChange, change_id)
    if change is None:
        raise NotFound(f"there is no change {change_id}")
    if change.kind == _CREDENTIAL:
        raise Conflict("a revoked credential stays revoked; `musterroll units readmit`, or the unit's page, issues a new one", "not_undone")
    if change.kind in _ACCESS:
        raise Conflict(f"change {change_id} is about users or tokens and cannot be undone", "not_undone")
    if stored_progress.unfinished(session, change_id):
        raise Conflict(
            f"change {change_id} is an undo that is not complete; undo change {change.undoes_id} again to complete it", "unfinished"
        )
    by = audit_changes.undone_by(session, change_id)
    if by is not None and not stored_progress.unfinished(session, by):
        raise Conflict(f"change {change_id} was already undone by change {by}", "undone_already")
    return change


def _check_all(session: Session, change: AuditChange, now: datetime) -> None:
    tables = table_undos(Undoing(session, change, now, set(), []))
    entries, seen = audit_changes.entries_back(session, change.id or 0, None, _BATCH), set[int]()
    while len(entries) == _BATCH or (entries and seen):
        newest = {(entry.table, entry.key): entry for entry in reversed(entries) if hash(entry[1:3]) not in seen}
        seen.update(map(hash, newest))
        for name, some in _by_table(newest.values()).items():
            rows = audited(name).images(session, {entry.key for entry in some})
            tables[name].look_up(some, rows)
            for entry in some:
                if (remaining := tables[name].remaining(entry, rows.get(entry.key))) is not None:
                    _check(remaining, rows.get(entry.key))
        for name, added in _by_table(entry for entry in entries if entry.before is None).items():
            keys = [entry.key for entry in added]
            staying = tables[name].staying(keys)
            for other in audited(name).all_referring(session, [key for key in keys if key not in staying]):
                if hash(other) not in seen:
                    raise _dependent(other, name)
        entries = audit_changes.entries_back(session, change.id or 0, entries[-1].id, _BATCH)


def _dependent(other: tuple[str, str], name: str) -> Conflict:
    later = f"{record_word(other[0])} {other[1]} depends on records the change added ({record_word(name)})"
    return Conflict(f"{later}; undo the later change first", "changed_since")


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
            raise _dependent(other, name)
        audited(name).delete(session, keys)
    return [*stripped, *deleted]
