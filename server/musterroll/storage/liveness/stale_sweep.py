"""The stale sweep as SQL: units whose silence exceeds their window. Instants are ms, by the registry's clock."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, case, exists, or_, select, update
from sqlmodel import Session, col

from musterroll.domain.liveness import ListeningWindow
from musterroll.domain.values.instants import CLOCKS_DIFFER
from musterroll.storage.engine.bulk import among
from musterroll.storage.liveness import states
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import UnitStateChange

_STATUS: Any = UnitStatus.__table__  # type: ignore[attr-defined]
_CHANGE: Any = UnitStateChange.__table__  # type: ignore[attr-defined]


class AgedUnit(NamedTuple):
    """A unit known from a list only that has just become too old."""

    unit_id: int
    listed_at: int
    unknown_since: int


class StaleUnit(NamedTuple):
    """A unit just called stale."""

    unit_id: int
    heard_at: int
    stale_since: int
    stale_after: int
    quiet_since: int | None = None


def _due(heard: ListeningWindow, now: int) -> ColumnElement[bool]:
    stale, _ = states.silent(heard, now)
    return col(UnitStatus.stale_since).is_(None) & col(UnitStatus.held_at).is_(None) & stale


def _aged(list_age: int, now: int) -> ColumnElement[bool]:
    unmarked = col(UnitStatus.unknown_since).is_(None) & col(UnitStatus.stale_since).is_(None)
    return col(UnitStatus.listed_at).is_not(None) & unmarked & states.list_ended(list_age, now)


_INSTANTS = tuple(
    _STATUS.c[name] for name in ("heard_at", "first_heard_at", "death_at", "stale_since", "held_at", "listed_at", "quiet_since")
)


def _wrong(heard: ListeningWindow, now: int) -> ColumnElement[bool]:
    return or_(*(column > max(now, heard.until) + CLOCKS_DIFFER for column in _INSTANTS))


def bring_back(session: Session, heard: ListeningWindow, now: int, limit: int) -> int:
    """Bring what at most `limit` units reported while the clock was ahead to the present, so that their silence counts from now on.

    Compared with the clock of ingest, which set these instants, as well as with ours: either may be wrong. Returns the number of units.
    """
    at = min(now, heard.until)
    units = select(_STATUS.c.unit_id).where(_wrong(heard, now)).limit(limit)
    values = {column.name: case((column > at, at), else_=column) for column in _INSTANTS} | {"unknown_since": None}
    ids = session.execute(update(_STATUS).where(_STATUS.c.unit_id.in_(units)).values(values).returning(_STATUS.c.unit_id)).scalars().all()
    changes = and_(among(session, _CHANGE.c.unit_id, ids), _CHANGE.c.axis == "liveness", _CHANGE.c.at > at)
    session.execute(update(_CHANGE).where(changes).values(at=at, recorded_at=at))
    return len(ids)


def any_due(session: Session, heard: ListeningWindow, now: int) -> bool:
    """Whether `mark_stale` or `mark_unknown` would mark any unit."""
    silent = states.overdue(heard, now) & or_(_due(heard, now), states.unusual(heard, now))  # in one pass over the fleet
    return any(session.execute(select(exists().where(due))).scalar() for due in (silent, _aged(heard.list_age, now)))


def mark_stale(session: Session, heard: ListeningWindow, now: int, limit: int) -> list[StaleUnit]:
    """Mark at most `limit` units stale whose silence exceeds their window (`domain.liveness.assess_liveness`); compare and set."""
    passed = states.listened_before(heard, _STATUS.c.heard_at) + states.ms(UnitStatus.stale_after)
    due = select(_STATUS.c.unit_id, passed.label("passed")).where(_due(heard, now)).limit(limit).subquery()
    statement = (
        update(_STATUS)
        .where(_STATUS.c.unit_id == due.c.unit_id, _due(heard, now))
        .values(stale_since=states.instant(heard, due.c.passed))
        .returning(*(_STATUS.c[name] for name in StaleUnit._fields))
    )
    return [StaleUnit(*row) for row in session.execute(statement)]


def mark_unknown(session: Session, list_age: int, now: int, limit: int) -> list[AgedUnit]:
    """Mark at most `limit` units that are known from lists only, which are too old; compare and set."""
    due = select(_STATUS.c.unit_id).where(_aged(list_age, now)).limit(limit)
    statement = update(_STATUS).where(_STATUS.c.unit_id.in_(due), _aged(list_age, now)).values(unknown_since=states.list_end(list_age))
    return [AgedUnit(*row) for row in session.execute(statement.returning(*(_STATUS.c[name] for name in AgedUnit._fields)))]
