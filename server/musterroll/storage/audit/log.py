"""Changes and the entries that prove them: appended in one chain, read back, verified."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from musterroll.domain.audit import NOTHING_BEFORE, Image, canonical, seal
from musterroll.domain.values.errors import Conflict
from musterroll.storage.audit import audited_rows
from musterroll.storage.engine import bulk, search
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.reconcile_queue import innermost
from musterroll.storage.tables.audit import AuditEntry, Change

_CHAIN_LOCK = 6_874_003  # a PostgreSQL advisory lock: one transaction at a time appends, so the chain has one order
_CHUNK = 20_000
_END = "musterroll.audit"  # under which a session remembers the end of the chain
_ENTRIES: Any = AuditEntry.__table__  # type: ignore[attr-defined]
_COLUMNS = ("change_id", "table_name", "row_key", "before", "after", "hash")


class Entry(NamedTuple):
    """One row before and after, as images; None: it was not there, it is there no more."""

    table: str
    key: str
    before: Image | None
    after: Image | None


class Addition(NamedTuple):
    """One row that is new, as the canonical text of its image."""

    table: str
    key: str
    after: str


class Verified(NamedTuple):
    entries: int  # that are as they were written
    first_bad: int | None  # the first entry that is not, or that follows one taken out
    head: str  # the hash of the last good entry; kept elsewhere, it also proves that the end is not cut off
    head_found: bool  # whether the hash asked for is one of the chain


def append(session: Session, change: Change, entries: Iterable[Entry | Addition]) -> None:
    """Add entries to the end of the chain. Raises Conflict where another change holds the chain too long."""
    session.flush()
    rest = iter(entries)
    facts = _facts(change)
    while chunk := list(islice(rest, _CHUNK)):
        rows, head = _sealed(change.id or 0, facts, chunk, take_hold(session))
        bulk.put(session, _ENTRIES, dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True)))
        session.info[_END] = innermost(session), head


_OF_UNITS = frozenset({"warranty_period", "incident", "unit_note"})


def entries_back(session: Session, change_id: int, before_id: int | None, limit: int) -> list[Any]:
    """Entries (id, table, key, before, after) of a change, newest first."""
    e = AuditEntry
    query = select(col(e.id), col(e.table_name), col(e.row_key), col(e.before), col(e.after)).where(col(e.change_id) == change_id)
    if before_id is not None:
        query = query.where(col(e.id) < before_id)
    return list(session.execute(query.order_by(col(e.id).desc()).limit(limit)))


def written_since(session: Session, table: str, key: str, entry_id: int) -> bool:
    """Whether a change that stands wrote a row after this entry; what was undone, and the undoing, wrote nothing."""
    e, undone = AuditEntry, select(col(Change.undoes_id)).where(col(Change.undoes_id).is_not(None))
    query = select(col(e.id)).join(Change, col(Change.id) == col(e.change_id))
    later = query.where(col(e.table_name) == table, col(e.row_key) == key, col(e.id) > entry_id)
    return session.execute(later.where(col(Change.undoes_id).is_(None), col(Change.id).not_in(undone)).limit(1)).first() is not None


def units_of(session: Session, change_id: int, limit: int) -> set[int]:
    """The units a small change is about: those it wrote, and those the rows it wrote belong to. Looks at `limit` entries."""
    entries = entries_back(session, change_id, None, limit)
    found = {int(key) for _, table, key, _, _ in entries if table == "unit"}
    for _, table, key, before, after in entries:
        row = {**(before or {}), **(after or {})}
        if table in _OF_UNITS and "unit_id" not in row:
            row = audited_rows.images(session, table, [key]).get(key, {})
        found |= {row["unit_id"]} if row.get("unit_id") is not None else set()
    return found


class Wanted(NamedTuple):
    """Which changes; every given field must hold."""

    kind: str = ""
    actor: str = ""
    text: str = ""  # in subject or reason
    table: str = ""  # that wrote a row of this table
    key: str = ""  # and of it this one


def changes(session: Session, before_id: int | None, limit: int, wanted: Wanted = Wanted()) -> list[tuple[Change, int | None]]:  # noqa: B008
    """Changes newest first, each with the change that undid it."""
    undone = select(Change.id, Change.undoes_id).subquery()  # type: ignore[call-overload]
    query = select(Change, undone.c.id).outerjoin(undone, undone.c.undoes_id == col(Change.id))
    if before_id is not None:
        query = query.where(col(Change.id) < before_id)
    query = query.where(*_which(wanted)).order_by(col(Change.id).desc()).limit(limit)
    return [(row[0], row[1]) for row in session.execute(query)]


def _which(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if wanted.kind:
        where.append(col(Change.kind) == wanted.kind)
    if wanted.actor:
        where.append(col(Change.actor) == wanted.actor)
    if wanted.text:
        where.append(search.holds(wanted.text, Change.subject, Change.reason))
    if wanted.table and wanted.key:
        wrote = select(col(AuditEntry.change_id)).where(col(AuditEntry.table_name) == wanted.table, col(AuditEntry.row_key) == wanted.key)
        where.append(col(Change.id).in_(wrote))
    return where


def words(session: Session) -> tuple[list[str], list[str]]:
    """The kinds of changes there are, and who made some."""
    found = [session.scalars(select(column).distinct().order_by(column)) for column in (col(Change.kind), col(Change.actor))]
    return list(found[0]), list(found[1])


def undone_by(session: Session, change_id: int) -> int | None:
    found: int | None = session.execute(select(col(Change.id)).where(col(Change.undoes_id) == change_id)).scalar_one_or_none()
    return found


def verify(session: Session, noted: str | None = None) -> Verified:
    """Walk the whole chain from its first entry. `noted` is a head kept from earlier, to be met on the way."""
    head, count, met = NOTHING_BEFORE, 0, noted in (None, NOTHING_BEFORE)
    facts: dict[int, str] = {}
    for row in _walk(session):
        found = _sealed_as(session, row, head, facts)
        if found is None:
            return Verified(count, row[0], head, met)
        head, count, met = found, count + 1, met or found == noted
    return Verified(count, None, head, met)


def _sealed_as(session: Session, row: Sequence[Any], head: str, facts: dict[int, str]) -> str | None:
    """The hash of an entry that follows `head`; None where it is not the one it carries. `facts` are those of changes met before."""
    _, change_id, table, key, before, after, found = row
    if change_id not in facts:
        facts[change_id] = _facts(session.get_one(Change, change_id))
    return found if seal(head, facts[change_id], canonical([table, key, before, after])) == found else None


class Checked(NamedTuple):
    """A stretch of the chain looked at: the last entry that is good and its hash, and the first that is not."""

    last: int
    head: str
    entries: int
    first_bad: int | None


def verify_next(session: Session, last: int, head: str, limit: int = _CHUNK) -> Checked:
    """Look at the next entries behind the good entry `last` whose hash is `head`; from the beginning behind 0."""
    head, count = head or NOTHING_BEFORE, 0
    facts: dict[int, str] = {}
    for row in _some(session, last, limit):
        found = _sealed_as(session, row, head, facts)
        if found is None:
            return Checked(last, head, count, row[0])
        last, head, count = row[0], found, count + 1
    return Checked(last, head, count, None)


def _walk(session: Session) -> Iterator[Sequence[Any]]:
    last = 0
    while rows := _some(session, last, _CHUNK):
        yield from rows
        last = rows[-1][0]


def _some(session: Session, last: int, limit: int) -> Sequence[Any]:
    e = AuditEntry
    columns = (col(e.id), col(e.change_id), col(e.table_name), col(e.row_key), col(e.before), col(e.after), col(e.hash))
    return session.execute(select(*columns).where(col(e.id) > last).order_by(col(e.id)).limit(limit)).all()


def _facts(change: Change) -> str:
    return canonical([change.id, change.at, change.actor, change.kind, change.subject, change.reason, change.undoes_id])


def take_hold(session: Session) -> str:
    """The hash of the last entry, to which nobody else adds one until the transaction ends. Raises Conflict as `append`.

    Asked once in a transaction or savepoint: what was added behind an older end may have been taken back with a savepoint.
    """
    within, head = session.info.get(_END, (None, ""))
    if within is None or within is not innermost(session):
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
        table, key = entry.table, entry.key
        was, became = (None, entry.after) if isinstance(entry, Addition) else (_text(entry.before), _text(entry.after))
        head = seal(head, facts, f'["{table}","{key}",{was or "null"},{became or "null"}]')  # the canonical list of the four
        rows.append((change_id, table, key, was, became, head))
    return rows, head


def _text(image: Image | None) -> str | None:
    return None if image is None else canonical(image)
