"""Units that may have been deployed on past days: no record says when they were returned or retired."""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, time

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from musterroll.domain.units.lifecycle import Stage, of_stage
from musterroll.domain.values.instants import to_ms
from musterroll.storage.fleet import filters as fleet_filters
from musterroll.storage.tables.units import Unit, UnitStateChange


def on_instants(session: Session, instants: Sequence[int], accounts: Collection[int] | None = None) -> list[int]:
    """How many units may have been deployed at each of these instants (ms, in order): `units.as_of.may_be_deployed_at`, as known now."""
    first, other, earliest, before = (aliased(UnitStateChange) for _ in range(4))
    gone = list(map(str, of_stage(Stage.AFTER)))
    begun = select(func.min(col(earliest.id))).where(*_of_unit(earliest)).scalar_subquery()
    last = select(func.max(col(other.id))).where(*_of_unit(other), col(other.id) != col(first.id), col(other.at) < col(first.at))
    query = select(col(Unit.installed_on), col(before.at), col(first.at), func.count()).select_from(Unit)
    query = query.join(first, col(first.id) == begun)
    query = query.outerjoin(before, col(before.id) == last.scalar_subquery())
    undated = and_(col(first.at) == col(first.recorded_at), col(first.new).in_(gone), col(first.at) > instants[0])
    silent = or_(and_(col(before.id).is_(None), col(first.old).is_(None)), col(before.new).in_(gone))
    query = query.where(col(Unit.installed_on).is_not(None), col(Unit.left_on).is_(None), col(Unit.merged_into_id).is_(None))
    if accounts is not None:
        query = query.where(fleet_filters.owned_by(accounts))
    rows = session.execute(query.where(undated, silent).group_by(col(Unit.installed_on), col(before.at), col(first.at)))
    changes = [0] * (len(instants) + 1)
    for installed, since, listed, units in rows:
        start = bisect_left(instants, max(to_ms(datetime.combine(installed, time(), UTC)), since or 0))
        end = bisect_left(instants, listed)
        if start < end:
            changes[start] += units
            changes[end] -= units
    return [sum(changes[: place + 1]) for place in range(len(instants))]


def _of_unit(change: type[UnitStateChange]) -> tuple[ColumnElement[bool], ...]:
    return col(change.unit_id) == col(Unit.id), col(change.axis) == "lifecycle", col(change.withdrawn_at).is_(None)
