"""State changes of units. Rows are only added; undone ones are withdrawn from an instant on, so that past views stay reproducible."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import func, insert, literal, update
from sqlalchemy import select as sql_select
from sqlmodel import Session, col, select

from musterroll.domain.liveness import OPERATING
from musterroll.storage import reconcile_queue
from musterroll.storage.engine import bulk
from musterroll.storage.tables.units import UnitStateChange


class NewStateChange(NamedTuple):
    unit_id: int
    at: int  # ms
    axis: str  # lifecycle, liveness, identity
    old: str | None
    new: str
    cause: str
    actor: str


def add(session: Session, changes: Sequence[NewStateChange], *, recorded_at: int | None = None, change_id: int | None = None) -> None:
    """Add state changes. `recorded_at` (ms): if recorded later than they happened; `change_id`: the audited change, if any."""
    rows = [(*change, recorded_at or change.at) for change in changes]
    bulk.insert(session, UnitStateChange, (*NewStateChange._fields, "recorded_at"), rows, change_id=change_id)
    reconcile_queue.mark(session, [change.unit_id for change in changes if not {change.old, change.new} <= OPERATING])


def last(session: Session, unit_ids: Collection[int], axis: str) -> dict[int, str]:
    """The last state of each unit on an axis."""
    newest = (
        select(func.max(UnitStateChange.id))
        .where(col(UnitStateChange.unit_id).in_(unit_ids), col(UnitStateChange.axis) == axis, col(UnitStateChange.withdrawn_at).is_(None))
        .group_by(UnitStateChange.unit_id)  # type: ignore[arg-type]
    )
    return dict(session.exec(select(UnitStateChange.unit_id, UnitStateChange.new).where(col(UnitStateChange.id).in_(newest))).all())


def withdraw(session: Session, change_id: int, at: int, after_id: int, limit: int) -> int | None:
    """Withdraw state changes of an audited change, from `at` (ms) on: `limit` of them behind the row `after_id`.

    Returns the last of them; None: there are no more.
    """
    table: Any = UnitStateChange.__table__  # type: ignore[attr-defined]
    mine = table.c.change_id == change_id, table.c.withdrawn_at.is_(None), table.c.id > after_id
    ids = list(session.execute(sql_select(table.c.id).where(*mine).order_by(table.c.id).limit(limit)).scalars())
    session.execute(update(table).where(bulk.among(session, table.c.id, ids)).values(withdrawn_at=at))
    return ids[-1] if ids else None


def restore(session: Session, undone_id: int, change_id: int, at: int, after_id: int, limit: int) -> int | None:
    """Add again, recorded at `at` (ms) by `change_id`, what was withdrawn when the change `undone_id` was undone, as `withdraw`."""
    table: Any = UnitStateChange.__table__  # type: ignore[attr-defined]
    names = ["unit_id", "at", "axis", "old", "new", "cause", "actor"]
    mine = table.c.change_id == undone_id, table.c.withdrawn_at.is_not(None), table.c.id > after_id
    ids = list(session.execute(sql_select(table.c.id).where(*mine).order_by(table.c.id).limit(limit)).scalars())
    withdrawn = sql_select(*(table.c[name] for name in names), literal(at), literal(change_id)).where(bulk.among(session, table.c.id, ids))
    session.execute(insert(table).from_select([*names, "recorded_at", "change_id"], withdrawn.order_by(table.c.id)))
    return ids[-1] if ids else None
