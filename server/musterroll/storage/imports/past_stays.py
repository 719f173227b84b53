"""Units that lists called returned or retired when the registry first read of them, and when that was not dated."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, and_, func, or_, select
from sqlmodel import Session, col

from musterroll.domain.units.lifecycle import Lifecycle, Stage, of_stage
from musterroll.storage.engine import bulk
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit, UnitStateChange

_TABLE: Any = UnitStateChange.__table__  # type: ignore[attr-defined]


def left_undated(session: Session, unit_ids: Collection[int]) -> list[Row[Any]]:
    """Of these units: id, lifecycle, `installed_on`, `heard_at`, `stale_since`, `stale_after`, `listed_at` (ms, when it was first called
    so), and `known_end` (ms, the last change before that). Only what was heard, and whose lifecycle has not changed since.
    """
    first, other, lowest = _TABLE.alias("first"), _TABLE.alias("other"), _TABLE.alias("lowest")
    begun = select(func.min(lowest.c.id)).where(_of_unit(lowest)).scalar_subquery()
    undated = and_(first.c.at == first.c.recorded_at, or_(first.c.old.is_(None), first.c.old == Lifecycle.UNRECORDED.value))
    moved = select(other.c.id).where(_of_unit(other), other.c.id != first.c.id, other.c.at >= first.c.at).exists()
    known_end = select(func.max(other.c.at)).where(_of_unit(other), other.c.id != first.c.id).scalar_subquery()
    status = (col(UnitStatus.heard_at), col(UnitStatus.stale_since), col(UnitStatus.stale_after))
    of_first = first.c.at.label("listed_at"), known_end.label("known_end")
    query = select(col(Unit.id), col(Unit.lifecycle), col(Unit.installed_on), *status, *of_first)
    query = query.join_from(Unit, UnitStatus, col(UnitStatus.unit_id) == col(Unit.id)).join(first, first.c.id == begun)
    gone = col(Unit.lifecycle).in_(of_stage(Stage.AFTER)), first.c.new.in_(list(map(str, of_stage(Stage.AFTER))))
    dates = col(Unit.installed_on).is_not(None), col(Unit.left_on).is_(None), col(UnitStatus.heard_at).is_not(None)
    query = query.where(bulk.among(session, col(Unit.id), unit_ids), *gone, *dates, undated, ~moved)
    return list(session.execute(query)) if unit_ids else []


def _of_unit(changes: Any) -> Any:
    return and_(changes.c.unit_id == col(Unit.id), changes.c.axis == "lifecycle", changes.c.withdrawn_at.is_(None))
