"""The history of imports: runs, their new, changed and rejected rows, and saved mappings."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import case, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.storage.engine import bulk
from musterroll.storage.tables.audit import AuditChange, UndoProgress
from musterroll.storage.tables.imports import ImportRow, ImportRun, SavedMapping

_SEARCHED = 200  # newest imports


class RunRow(NamedTuple):
    """One import: file, who, when (ms), rows by outcome, and the change that undid it."""

    id: int
    kind: str
    file: str
    sha256: str
    mapping: dict[str, Any]
    counts: dict[str, Any]
    change_id: int
    at: int
    actor: str
    undone_by: int | None
    line: int | None  # up to which it is imported; None: complete
    stepped_at: int  # ms: when its newest rows were imported
    undo_stepped_at: int | None  # ms: when its undo, if there is one, went back last
    undoing: bool  # whether its undo is not complete


class DocumentOrigin(NamedTuple):
    """A row of a document that made or changed a record."""

    run_id: int
    kind: str
    file: str
    line: int
    verdict: str
    detail: str
    at: int  # ms
    actor: str
    undone: bool


def add_rows(session: Session, run_id: int, rows: Sequence[tuple[int, str, int | None, str]]) -> None:
    """Add verdicts: line, verdict, row id of the record, detail."""
    bulk.insert(session, ImportRow, ("line", "verdict", "record_id", "detail"), rows, run_id=run_id)


def runs(session: Session, before_id: int | None = None, limit: int = 100) -> list[RunRow]:
    """Imports, newest first."""
    query = _runs().order_by(col(ImportRun.id).desc()).limit(limit)
    if before_id is not None:
        query = query.where(col(ImportRun.id) < before_id)
    return [RunRow._make(row) for row in session.execute(query)]


def incomplete(session: Session) -> list[RunRow]:
    """Those of the newest imports that are not complete, or whose undo is not, oldest first."""
    newest = map(RunRow._make, session.execute(_runs().order_by(col(ImportRun.id).desc()).limit(_SEARCHED)))
    return [run for run in newest if run.undoing or (run.line is not None and run.undone_by is None)][::-1]


def last_imported_at(session: Session) -> int | None:
    """When the last rows of a document were imported (ms)."""
    at: int | None = session.execute(select(func.max(col(ImportRun.at)))).scalar()
    return at


def new_records(session: Session, after_id: int, at: int) -> tuple[int, int]:
    """The newest import, and how many records it brought and the others after `after_id` or still going on after `at` (ms)."""
    since = (col(ImportRun.id) > after_id) | (col(ImportRun.at) > at)
    rows = session.execute(select(col(ImportRun.id), col(ImportRun.counts)).where(since)).all()
    return max((row.id for row in rows), default=after_id), sum(row.counts.get("new", 0) for row in rows)


def run(session: Session, run_id: int) -> RunRow | None:
    row = session.execute(_runs().where(col(ImportRun.id) == run_id)).one_or_none()
    return None if row is None else RunRow._make(row)


def same_content(session: Session, kind: str, sha256: str) -> RunRow | None:
    """The newest import of the same content that is not undone."""
    rows = session.execute(_runs().where(col(ImportRun.kind) == kind, col(ImportRun.sha256) == sha256).order_by(col(ImportRun.id).desc()))
    return next((run for run in map(RunRow._make, rows) if run.undone_by is None), None)


def unfinished(session: Session, kind: str, sha256: str, reading: str) -> ImportRun | None:
    """The newest import of the same content, read in the same way, that is neither complete nor undone."""
    undoing = aliased(AuditChange)
    query = (
        select(ImportRun)
        .outerjoin(undoing, col(undoing.undoes_id) == col(ImportRun.change_id))
        .where(col(ImportRun.kind) == kind, col(ImportRun.sha256) == sha256, undoing.id.is_(None))  # type: ignore[union-attr]
        .order_by(col(ImportRun.id).desc())
    )
    return next((run for run in session.scalars(query) if (run.progress or {}).get("reading") == reading), None)


def rejected_lines(session: Session, run_id: int) -> set[int]:
    query = select(col(ImportRow.line)).where(col(ImportRow.run_id) == run_id, col(ImportRow.verdict) == "refused")
    return set(session.scalars(query))


def rows_of(session: Session, run_id: int, after_line: int, limit: int) -> list[ImportRow]:
    query = select(ImportRow).where(col(ImportRow.run_id) == run_id, col(ImportRow.line) > after_line)
    return list(session.scalars(query.order_by(col(ImportRow.line)).limit(limit)))


def origins(session: Session, kinds: Sequence[str], record_id: int) -> list[DocumentOrigin]:
    """The rows of documents of these kinds that made or changed a record, oldest first."""
    r, undoing = ImportRow, aliased(AuditChange)
    run_facts = (col(ImportRun.id), col(ImportRun.kind), col(ImportRun.file))
    query = (
        select(
            *run_facts,
            col(r.line),
            col(r.verdict),
            col(r.detail),
            col(AuditChange.at),
            col(AuditChange.actor),
            col(undoing.id).is_not(None),
        )
        .join_from(r, ImportRun, col(ImportRun.id) == col(r.run_id))
        .join(AuditChange, col(AuditChange.id) == col(ImportRun.change_id))
        .outerjoin(undoing, col(undoing.undoes_id) == col(AuditChange.id))
        .where(col(r.record_id) == record_id, col(ImportRun.kind).in_(kinds))
        .order_by(col(ImportRun.id), col(r.line))
    )
    return [DocumentOrigin._make([*row[:8], bool(row[8])]) for row in session.execute(query)]


def mapping(session: Session, name: str) -> SavedMapping | None:
    return session.scalars(select(SavedMapping).where(col(SavedMapping.name) == name)).one_or_none()


def mappings(session: Session) -> list[SavedMapping]:
    return list(session.scalars(select(SavedMapping).order_by(col(SavedMapping.name))))


def _runs() -> Any:
    undoing = aliased(AuditChange)
    r = ImportRun
    facts = (col(r.id), col(r.kind), col(r.file), col(r.sha256), col(r.mapping), col(r.counts), col(r.change_id))
    stepped = case((col(UndoProgress.stepped_at) > 0, col(UndoProgress.stepped_at)), else_=col(undoing.at))
    progress = (col(undoing.id), col(r.progress)["line"].as_integer(), col(r.at), stepped)
    return (
        select(*facts, col(AuditChange.at), col(AuditChange.actor), *progress)
        .add_columns(col(UndoProgress.change_id).is_not(None))
        .join_from(r, AuditChange, col(AuditChange.id) == col(r.change_id))
        .outerjoin(undoing, col(undoing.undoes_id) == col(AuditChange.id))
        .outerjoin(UndoProgress, col(UndoProgress.change_id) == undoing.id)
    )
