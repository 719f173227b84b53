"""Sources that documents come from by themselves, and their runs."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy import delete, exists, func, select, update
from sqlmodel import Session, col

from musterroll.domain.imports import RunState
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.imports import DocumentSource, ImportRun, SourceKeys, SourceRun

FETCHING = ("type", "kind", "settings", "reading")  # what a source fetches, and how it is read


class SourceStatus(NamedTuple):
    """A source with the run that waits for a person or is to be imported next, if any."""

    source: DocumentSource
    open_run: SourceRun | None


def all_sources(session: Session) -> list[SourceStatus]:
    """By name."""
    r = SourceRun
    query = (
        select(DocumentSource, r)
        .outerjoin(r, (col(r.source_id) == col(DocumentSource.id)) & col(r.state).in_((RunState.WAITING, RunState.APPROVED)))
        .where(col(DocumentSource.removed).is_(False))
        .order_by(col(DocumentSource.name))
    )
    return [SourceStatus._make(row) for row in session.execute(query)]


def source(session: Session, source_id: int) -> DocumentSource | None:
    return session.get(DocumentSource, source_id)


def named(session: Session, name: str) -> DocumentSource | None:
    query = select(DocumentSource).where(col(DocumentSource.name) == name, col(DocumentSource.removed).is_(False))
    return session.scalars(query).one_or_none()


def due(session: Session, at: int) -> list[int]:
    """The sources to run at an instant (ms), longest waiting first: those with an approved document, and those whose time has come.

    One that waits for a person is not fetched again.
    """
    s, r = DocumentSource, SourceRun
    approved = exists().where(col(r.source_id) == col(s.id), col(r.state) == RunState.APPROVED)
    waiting = exists().where(col(r.source_id) == col(s.id), col(r.state) == RunState.WAITING)
    over = col(s.ran_at).is_(None) | (col(s.ran_at) + col(s.every) * 1000 <= at)
    scheduled = col(s.asked).is_(True) | (over & col(s.paused).is_(False))
    query = select(col(s.id)).where(col(s.removed).is_(False), approved | (scheduled & ~waiting)).order_by(col(s.ran_at), col(s.id))
    return [row for row in session.scalars(query) if row is not None]


def take_turn(session: Session, source_id: int, version: int) -> bool:
    """Claim the next version of a source, and hold its row until the end of the transaction. False: another run was committed first."""
    claimed: Any = session.execute(
        update(DocumentSource)
        .where(col(DocumentSource.id) == source_id, col(DocumentSource.version) == version)
        .values(version=version + 1)
        .execution_options(synchronize_session="fetch")
    )
    return bool(claimed.rowcount == 1)


def keys(session: Session, source_id: int) -> SourceKeys:
    return session.get(SourceKeys, source_id) or SourceKeys(source_id=source_id)


def put_keys(session: Session, source_id: int, packed: bytes, refused: int) -> None:
    session.merge(SourceKeys(source_id=source_id, keys=packed, refused=refused))


def start_over(session: Session, source: DocumentSource) -> None:
    """Forget how far a source has come: the next run fetches it from its beginning."""
    source.cursor, source.sha256, source.asked = {}, "", True
    source.failing_since, source.problem, source.version = None, "", source.version + 1
    put_keys(session, source.id or 0, b"", 0)
    waiting = open_run(session, source.id or 0, RunState.WAITING, RunState.APPROVED)
    if waiting is not None:
        waiting.state, waiting.reason = RunState.DISCARDED, "the source was changed"


def open_run(session: Session, source_id: int, *states: RunState) -> SourceRun | None:
    query = select(SourceRun).where(col(SourceRun.source_id) == source_id, col(SourceRun.state).in_(states))
    return session.scalars(query.order_by(col(SourceRun.id).desc()).limit(1)).first()


def runs(session: Session, source_id: int, before_id: int | None = None, limit: int = 50) -> list[SourceRun]:
    """The runs of a source, newest first."""
    query = select(SourceRun).where(col(SourceRun.source_id) == source_id).order_by(col(SourceRun.id).desc()).limit(limit)
    return list(session.scalars(query.where(col(SourceRun.id) < before_id) if before_id is not None else query))


def failing(session: Session) -> list[tuple[str, str]]:
    """The sources that cannot be fetched, by name, and why."""
    s = DocumentSource
    query = select(col(s.name), col(s.problem)).where(
        col(s.failing_since).is_not(None), col(s.removed).is_(False), col(s.paused).is_(False)
    )
    return [(name, problem) for name, problem in session.execute(query.order_by(col(s.name)))]


def with_runs(session: Session, source_ids: Collection[int]) -> set[int]:
    """Those of these sources that have a history."""
    query = select(col(SourceRun.source_id)).where(col(SourceRun.source_id).in_(source_ids)).distinct()
    return set(session.scalars(query))


def twice(session: Session, name: str) -> str:
    """The name, where more than one source has it."""
    query = select(func.count()).where(col(DocumentSource.name) == name, col(DocumentSource.removed).is_(False))
    return name if (session.scalar(query) or 0) > 1 else ""


def delete_old_runs(session: Session, most: int) -> int:
    """Delete runs beyond the newest `most` of each source: not those that brought an import that stands, nor those still open."""
    r, i = SourceRun, ImportRun
    rank = func.row_number().over(partition_by=col(r.source_id), order_by=col(r.id).desc()).label("place")
    ranked = select(col(r.id).label("id"), rank).subquery()
    stands = exists().where(col(i.id) == col(r.import_run_id), ~exists().where(col(AuditChange.undoes_id) == col(i.change_id)))
    settled = col(r.state).not_in((RunState.WAITING, RunState.APPROVED))
    old = delete(r).where(col(r.id).in_(select(ranked.c.id).where(ranked.c.place > most)), settled, ~stands)
    result: Any = session.execute(old.execution_options(synchronize_session=False))
    return int(result.rowcount)
