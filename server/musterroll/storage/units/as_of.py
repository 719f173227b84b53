"""How units stood at an instant, as far as it was known at another: the axes of a unit as SQL, read from its history.

Of two transitions of one axis the later recorded holds from the instant it names on, whatever an earlier one said of that time. So what a
unit was at an instant is what was last recorded of that instant or before it; `effective` leaves out what was thereby overruled.

Each expression stands beside `unit` (and, for liveness, an outer-joined `voice`) in a FROM, under those names. Instants are ms.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, case, func, literal, literal_column, or_, select
from sqlmodel import col

from musterroll.domain.installed_base.bridge import MERGED, SPLIT
from musterroll.domain.liveness import ListeningWindow, Liveness
from musterroll.domain.reconciliation.cells import OPERATING
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import from_ms
from musterroll.storage.liveness.states import silent
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit, UnitStateChange

_TABLE: Any = UnitStateChange.__table__  # type: ignore[attr-defined]
_UNIT_ID = literal_column("unit.id", BigInteger)  # no FROM of its own, so that it also reads well inside other SQL


def lifecycle_at(instant: int, known_at: int) -> ColumnElement[str]:
    """The lifecycle of each unit at `instant` as known at `known_at`.

    What a document said of a unit when it first named it, giving no day, holds of the time before as well.
    """
    t, unrecorded = _TABLE.alias("t"), Lifecycle.UNRECORDED.value
    history = and_(t.c.unit_id == _UNIT_ID, t.c.axis == "lifecycle")
    undated = and_(t.c.old.is_(None), t.c.at == t.c.recorded_at)
    began = select(case((undated, t.c.new), else_=func.coalesce(t.c.old, unrecorded))).where(history, _known(t, known_at))
    unmoved = case((select(t.c.id).where(history).exists(), unrecorded), else_=literal_column("unit.lifecycle", String))
    return func.coalesce(_last("lifecycle", instant, known_at), began.order_by(t.c.id).limit(1).scalar_subquery(), unmoved)


def liveness_at(heard: ListeningWindow, instant: int, known_at: int) -> ColumnElement[str]:
    """The liveness of each unit at `instant` as known at `known_at`, by what the registry is known to have listened to.

    A unit that has not reported since is assessed as by `domain.liveness.assess_liveness`, so nothing depends on when the sweep ran;
    otherwise its history says.
    """
    word = min(instant, known_at)
    recorded = func.coalesce(_last("liveness", instant, known_at), Liveness.NEVER_HEARD.value)
    return case((col(UnitStatus.heard_at) <= word, _judged(heard, word)), else_=recorded)


def changed_unrecorded(heard: ListeningWindow, since: int, instant: int) -> ColumnElement[bool]:
    """Units whose liveness may have changed after `since` and up to `instant` without a transition that says so.

    Their silence has lasted too long and no sweep came round, or they were first heard by other means than their own reports.
    """
    lapsed = and_(col(UnitStatus.heard_at) <= instant, _judged(heard, instant).not_in(sorted(OPERATING)))
    return or_(lapsed, func.coalesce(col(UnitStatus.first_heard_at), col(UnitStatus.heard_at)) > since)


def merged_at(instant: int, known_at: int) -> ColumnElement[bool]:
    """Whether each unit was merged into another."""
    merged: ColumnElement[bool] = func.coalesce(_last("identity", instant, known_at), SPLIT) == MERGED
    return merged


def registered_at(known_at: int) -> ColumnElement[bool]:
    """Whether each unit was on the roll at all."""
    return col(Unit.created_at) <= from_ms(known_at)


def in_base(lifecycle: ColumnElement[str], liveness: ColumnElement[str]) -> ColumnElement[bool]:
    """Deployed and operating: part of the installed base."""
    return and_(lifecycle == Lifecycle.DEPLOYED.value, liveness.in_(sorted(OPERATING)))


def effective(since: int, before: int, known_at: int) -> Select[Any]:
    """Transitions (id, unit_id, at, axis, new) from `since` to just `before` that nothing recorded later overrules."""
    t, later = _TABLE.alias("t"), _TABLE.alias("later")
    overruled = (
        select(literal(1))
        .where(later.c.unit_id == t.c.unit_id, later.c.axis == t.c.axis, later.c.id > t.c.id, later.c.at <= t.c.at)
        .where(_known(later, known_at), _telling(later))
        .exists()
    )
    chosen = select(t.c.id, t.c.unit_id, t.c.at, t.c.axis, t.c.new).where(t.c.at >= since, t.c.at < before)
    return chosen.where(_known(t, known_at), _telling(t), ~overruled)


def _last(axis: str, instant: int, known_at: int) -> Any:
    t = _TABLE.alias("t")
    latest = select(t.c.new).where(t.c.unit_id == _UNIT_ID, t.c.axis == axis, t.c.at <= instant, _known(t, known_at), _telling(t))
    return latest.order_by(t.c.id.desc()).limit(1).scalar_subquery()


def _known(t: Any, known_at: int) -> ColumnElement[bool]:
    return and_(t.c.recorded_at <= known_at, or_(t.c.withdrawn_at.is_(None), t.c.withdrawn_at > known_at))


def _telling(t: Any) -> ColumnElement[bool]:
    """The identity axis also tells of credentials; only merges move a unit."""
    return or_(t.c.axis != "identity", t.c.new.in_((MERGED, SPLIT)))


def _judged(heard: ListeningWindow, instant: int) -> ColumnElement[str]:
    too_long, tardy = silent(heard, instant)
    stale = (col(UnitStatus.stale_since) <= instant) | too_long
    late = (col(UnitStatus.death_at) <= instant) | tardy
    return case(
        (and_(func.coalesce(stale | late, False), col(UnitStatus.held_at) <= instant), literal(Liveness.HELD.value)),
        (stale, literal(Liveness.STALE.value)),
        (late, literal(Liveness.LATE.value)),
        else_=literal(Liveness.OPERATING.value),
    )
