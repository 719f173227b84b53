"""The axes of units at an instant, as known at another instant, as SQL over their history.

Of two state changes on an axis, the one recorded later applies from its instant on, overruling earlier ones. So the state at an instant
is the last recorded change at or before it; `effective` leaves out overruled changes. The expressions need `unit` in FROM (and, for
liveness, an outer-joined `unit_status`). Instants are ms.
"""

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, String, and_, case, func, literal, literal_column, or_, select
from sqlmodel import col

from musterroll.domain.installed_base.bridge import MERGED, SPLIT
from musterroll.domain.liveness import OPERATING, ListeningWindow, Liveness
from musterroll.domain.units.lifecycle import Lifecycle, Stage, of_stage
from musterroll.domain.values.instants import from_ms
from musterroll.storage.liveness.states import assessed_at
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit, UnitStateChange

_TABLE: Any = UnitStateChange.__table__  # type: ignore[attr-defined]
_UNIT_ID = literal_column("unit.id", BigInteger)  # no FROM of its own, so that it works inside other SQL


def lifecycle_at(instant: int, known_at: int) -> ColumnElement[str]:
    """The lifecycle of each unit at `instant` as known at `known_at`.

    What a document first said about a unit without a date also applies to the time before.
    """
    t, unrecorded = _TABLE.alias("t"), Lifecycle.UNRECORDED.value
    history = and_(t.c.unit_id == _UNIT_ID, t.c.axis == "lifecycle")
    undated = and_(t.c.old.is_(None), t.c.at == t.c.recorded_at)
    began = select(case((undated, t.c.new), else_=func.coalesce(t.c.old, unrecorded))).where(history, _known(t, known_at))
    unmoved = case((select(t.c.id).where(history).exists(), unrecorded), else_=literal_column("unit.lifecycle", String))
    return func.coalesce(_last("lifecycle", instant, known_at), began.order_by(t.c.id).limit(1).scalar_subquery(), unmoved)


def may_be_deployed_at(instant: int, known_at: int) -> ColumnElement[bool]:
    """Units of which nothing says whether they were deployed at `instant`: installed by then, and first called returned or retired by a
    later list that does not say since when, unless they were last heard after it.
    """
    t, earliest = _TABLE.alias("t"), _TABLE.alias("earliest")
    of_unit = and_(earliest.c.unit_id == _UNIT_ID, earliest.c.axis == "lifecycle", _known(earliest, known_at))
    first = select(func.min(earliest.c.id)).where(of_unit).scalar_subquery()
    gone = list(map(str, of_stage(Stage.AFTER)))
    listed = select(t.c.id).where(t.c.id == first, t.c.at == t.c.recorded_at, t.c.at > instant, t.c.new.in_(gone)).exists()
    installed = and_(col(Unit.installed_on) <= from_ms(instant).date(), col(Unit.left_on).is_(None))
    return and_(listed, installed, lifecycle_at(instant, known_at).in_(gone))


def liveness_at(listening: ListeningWindow, instant: int, known_at: int) -> ColumnElement[str]:
    """The liveness of each unit at `instant` as known at `known_at`, given when the registry was listening.

    A unit that has not reported since is assessed as by `domain.liveness.assess_liveness`, so nothing depends on when the sweep ran;
    otherwise its history says.
    """
    until = min(instant, known_at)
    recorded = func.coalesce(_last("liveness", instant, known_at), Liveness.NEVER_HEARD.value)
    return case((col(UnitStatus.heard_at) <= until, assessed_at(listening, until)), else_=recorded)


def changed_unrecorded(listening: ListeningWindow, since: int, instant: int) -> ColumnElement[bool]:
    """Units whose liveness may have changed after `since` and up to `instant` without a recorded state change.

    They became stale before the next sweep, or were first reported by an import.
    """
    lapsed = and_(col(UnitStatus.heard_at) <= instant, assessed_at(listening, instant).not_in(sorted(OPERATING)))
    first = func.coalesce(col(UnitStatus.first_heard_at), col(UnitStatus.heard_at))
    return or_(lapsed, and_(first > since, first <= instant))


def merged_at(instant: int, known_at: int) -> ColumnElement[bool]:
    """Whether each unit was merged into another."""
    merged: ColumnElement[bool] = func.coalesce(_last("identity", instant, known_at), SPLIT) == MERGED
    return merged


def registered_at(known_at: int) -> ColumnElement[bool]:
    """Whether each unit was registered."""
    return col(Unit.created_at) <= from_ms(known_at)


def in_base(lifecycle: ColumnElement[str], liveness: ColumnElement[str]) -> ColumnElement[bool]:
    """Deployed and operating: part of the installed base."""
    return and_(lifecycle == Lifecycle.DEPLOYED.value, liveness.in_(sorted(OPERATING)))


def effective(since: int, before: int, known_at: int) -> Select[Any]:
    """State changes (id, unit_id, at, axis, new) from `since` to just before `before` that no later record overrules."""
    t, later = _TABLE.alias("t"), _TABLE.alias("later")
    overruled = (
        select(literal(1))
        .where(later.c.unit_id == t.c.unit_id, later.c.axis == t.c.axis, later.c.id > t.c.id, later.c.at <= t.c.at)
        .where(_known(later, known_at), _moves_unit(later))
        .exists()
    )
    chosen = select(t.c.id, t.c.unit_id, t.c.at, t.c.axis, t.c.new).where(t.c.at >= since, t.c.at < before)
    return chosen.where(_known(t, known_at), _moves_unit(t), ~overruled)


def _last(axis: str, instant: int, known_at: int) -> Any:
    t = _TABLE.alias("t")
    latest = select(t.c.new).where(t.c.unit_id == _UNIT_ID, t.c.axis == axis, t.c.at <= instant, _known(t, known_at), _moves_unit(t))
    return latest.order_by(t.c.id.desc()).limit(1).scalar_subquery()


def _known(t: Any, known_at: int) -> ColumnElement[bool]:
    return and_(t.c.recorded_at <= known_at, or_(t.c.withdrawn_at.is_(None), t.c.withdrawn_at > known_at))


def _moves_unit(t: Any) -> ColumnElement[bool]:
    """On the identity axis, which also has credentials, only merges count."""
    return or_(t.c.axis != "identity", t.c.new.in_((MERGED, SPLIT)))
