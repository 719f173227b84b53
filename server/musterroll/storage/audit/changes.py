"""Changes and their entries as they are read: listed, filtered, and looked through backwards to be undone."""

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, select, true
from sqlmodel import Session, col

from musterroll.storage.audit import blocks
from musterroll.storage.audit.audited_tables import audited
from musterroll.storage.audit.blocks import LoggedEntry
from musterroll.storage.engine import search
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.audit import AuditChange, AuditEntry

_FIRST, _NEXT = 8, 500  # entries asked for at once: each may be a block; and behind some of which none was
_OF_UNITS = frozenset({"warranty_period", "incident", "unit_note"})


def entries_back(session: Session, change_id: int, before_id: int | None, limit: int) -> list[LoggedEntry]:
    """Entries of a change, newest first; of the rows of a block, each."""
    e, entries = AuditEntry, list[LoggedEntry]()
    facts = (col(e.id), col(e.table_name), col(e.row_key), col(e.before), col(e.after), col(e.last_row))
    query = select(*facts).where(col(e.change_id) == change_id).order_by(col(e.id).desc())
    block = col(e.last_row).is_not(None)
    behind = true() if before_id is None else (col(e.id) < before_id) | (block & (col(e.id) < before_id + blocks.MOST))
    size = _FIRST
    while len(entries) < limit and (rows := session.execute(query.where(behind).limit(min(size, limit))).all()):
        for *row, last in rows:
            more = [LoggedEntry._make(row)] if last is None else blocks.unpack(row[0], row[1], row[4])
            entries += [entry for entry in more if before_id is None or entry.id < before_id]
            if len(entries) >= limit:
                break
        behind, size = col(e.id) < rows[-1].id, _FIRST if any(row.last_row is not None for row in rows) else _NEXT
    return entries[:limit]


def last_written(session: Session, table: str, keys: Collection[str]) -> dict[str, int]:
    """The newest entry of each of these rows by a change that stands. What was undone, and its undo, wrote nothing."""
    e, undone = AuditEntry, select(col(AuditChange.undoes_id)).where(col(AuditChange.undoes_id).is_not(None))
    query = select(col(e.row_key), func.max(e.id)).join(AuditChange, col(AuditChange.id) == col(e.change_id))
    query = query.where(col(e.table_name) == table, among(session, col(e.row_key), keys))
    query = query.where(col(AuditChange.undoes_id).is_(None), col(AuditChange.id).not_in(undone)).group_by(col(e.row_key))
    last = {row[0]: row[1] for row in session.execute(query)}
    rows = blocks.added(session, table, keys)
    gone = select(col(AuditChange.undoes_id)).where(among(session, col(AuditChange.undoes_id), {row.change_id for row in rows}))
    without = set(session.scalars(gone)) if rows else set()
    for row in rows:
        if row.change_id not in without:
            last[row.key] = max(row.id, last.get(row.key, 0))
    return last


def units_of(session: Session, change_id: int, limit: int) -> set[int]:
    """The units a small change is about: those it wrote, and those that its rows belong to. Looks at `limit` entries."""
    units = set[int]()
    for entry in entries_back(session, change_id, None, limit):
        row = {**(entry.before or {}), **(entry.after or {})}
        if entry.table == "unit":
            units.add(int(entry.key))
        elif entry.table in _OF_UNITS:
            if "unit_id" not in row:
                row = audited(entry.table).images(session, [entry.key]).get(entry.key, {})
            units |= {row["unit_id"]} if row.get("unit_id") is not None else set()
    return units


class ChangeFilter(NamedTuple):
    """Which changes to list; every given field must match."""

    kind: str = ""
    actor: str = ""
    text: str = ""  # in subject or reason
    table: str = ""  # that wrote a row of this table
    key: str = ""  # with a table: this row of it


def changes(
    session: Session,
    before_id: int | None,
    limit: int,
    which: ChangeFilter = ChangeFilter(),  # noqa: B008
) -> list[tuple[AuditChange, int | None]]:
    """Changes newest first, each with the change that undid it."""
    undone = select(AuditChange.id, AuditChange.undoes_id).subquery()  # type: ignore[call-overload]
    query = select(AuditChange, undone.c.id).outerjoin(undone, undone.c.undoes_id == col(AuditChange.id))
    if before_id is not None:
        query = query.where(col(AuditChange.id) < before_id)
    query = query.where(*_conditions(session, which)).order_by(col(AuditChange.id).desc()).limit(limit)
    return [(row[0], row[1]) for row in session.execute(query)]


def newest(session: Session) -> AuditChange:
    """The change recorded last."""
    return session.scalars(select(AuditChange).order_by(col(AuditChange.id).desc()).limit(1)).one()


def _conditions(session: Session, which: ChangeFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if which.kind:
        conditions.append(col(AuditChange.kind) == which.kind)
    if which.actor:
        conditions.append(col(AuditChange.actor) == which.actor)
    if which.text:
        conditions.append(search.holds(which.text, AuditChange.subject, AuditChange.reason))
    if which.table:
        wrote = select(col(AuditEntry.change_id)).where(col(AuditEntry.table_name) == which.table)
        own = col(AuditChange.id).in_(wrote.where(col(AuditEntry.row_key) == which.key) if which.key else wrote)
        added = {row.change_id for row in blocks.added(session, which.table, [which.key])} if which.key else set()
        conditions.append(own | col(AuditChange.id).in_(added) if added else own)
    return conditions


def kinds_and_actors(session: Session) -> tuple[list[str], list[str]]:
    """The kinds of changes there are, and who made changes."""
    kinds, actors = (
        session.scalars(select(column).distinct().order_by(column)) for column in (col(AuditChange.kind), col(AuditChange.actor))
    )
    return list(kinds), list(actors)


def undone_by(session: Session, change_id: int) -> int | None:
    """The change that undid this one."""
    undo: int | None = session.execute(select(col(AuditChange.id)).where(col(AuditChange.undoes_id) == change_id)).scalar_one_or_none()
    return undo
