"""The history of changes. Only ever added to."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from musterroll.storage.tables import Transition


class Change(NamedTuple):
    unit_id: int
    at: int  # ms: when it became so
    axis: str  # lifecycle, liveness, identity
    old: str | None
    new: str
    cause: str
    actor: str


def add(session: Session, changes: Sequence[Change]) -> None:
    if changes:
        session.execute(insert(Transition), [change._asdict() for change in changes])


def last(session: Session, unit_ids: Collection[int], axis: str) -> dict[int, str]:
    """What each unit last became on an axis."""
    newest = (
        select(func.max(Transition.id))
        .where(col(Transition.unit_id).in_(unit_ids), col(Transition.axis) == axis)
        .group_by(Transition.unit_id)  # type: ignore[arg-type]
    )
    return dict(session.exec(select(Transition.unit_id, Transition.new).where(col(Transition.id).in_(newest))).all())
