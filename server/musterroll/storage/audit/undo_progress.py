"""What undos that are not complete have still to do."""

from collections.abc import Collection

from sqlalchemy import delete, select
from sqlmodel import Session, col

from musterroll.storage.engine import bulk
from musterroll.storage.tables.audit import AuditChange, UndoDue, UndoProgress


def begin(session: Session, change_id: int) -> UndoProgress:
    progress = UndoProgress(change_id=change_id, phase="rows", last=0)
    session.add(progress)
    return progress


def of(session: Session, change: AuditChange) -> UndoProgress | None:
    """Of the undo of a change, locked against other processes that go on with it."""
    query = select(UndoProgress).join(AuditChange, col(AuditChange.id) == col(UndoProgress.change_id))
    return session.scalars(query.where(col(AuditChange.undoes_id) == change.id).with_for_update(of=UndoProgress)).one_or_none()


def unfinished(session: Session, change_id: int) -> bool:
    """Whether a change is an undo that is not complete."""
    return session.get(UndoProgress, change_id) is not None


def add_due(session: Session, change_id: int, unit_ids: Collection[int]) -> None:
    """Units whose standard warranties are worked out again at the end."""
    due = col(UndoDue.unit_id)
    known = set(session.scalars(select(due).where(col(UndoDue.change_id) == change_id, bulk.among(session, due, unit_ids))))
    bulk.insert(session, UndoDue, ("unit_id",), [(unit_id,) for unit_id in sorted(set(unit_ids) - known)], change_id=change_id)


def take_due(session: Session, change_id: int, limit: int) -> list[int]:
    due, mine = col(UndoDue.unit_id), col(UndoDue.change_id) == change_id
    units = list(session.scalars(select(due).where(mine).order_by(due).limit(limit)))
    session.execute(delete(UndoDue).where(mine, bulk.among(session, due, units)))
    return units
