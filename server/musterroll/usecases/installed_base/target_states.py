"""How targets stand: each with its figure, level, trend, the past beside it, and what changed since the last period."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.installed_base import target_wording as wording
from musterroll.domain.installed_base import targets as rules
from musterroll.domain.installed_base.targets import Aim, TargetBridge, TargetLevel, Value
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.tables.targets import Benchmark, Target
from musterroll.usecases.installed_base import target_figures, targets
from musterroll.usecases.installed_base.target_figures import TargetFigures
from musterroll.usecases.installed_base.targets import ScopeName, TargetCourse
from musterroll.usecases.operations.figure_cache import CountedFigure


class TrendPoint(NamedTuple):
    """The last day of a period, or the day counted last, with the target that held then."""

    on: date
    value: Value
    aim: Aim | None
    level: TargetLevel | None


class TargetState(NamedTuple):
    """`id`: of the newest version. `on` and what follows are of the figures stored last; None where they are still to be computed.

    `aim`: what is to be reached now; None where the target begins later.
    """

    id: int
    course: TargetCourse
    name: ScopeName
    aim: Aim | None
    trend: list[TrendPoint]
    bridge: TargetBridge | None
    benchmarks: list[Benchmark]

    @property
    def now(self) -> TrendPoint | None:
        return self.trend[-1] if self.trend else None

    @property
    def previous(self) -> TrendPoint | None:
        """The end of the last period."""
        return self.trend[-2] if len(self.trend) > 1 else None

    @property
    def last_year(self) -> TrendPoint | None:
        """The end of the same period a year before."""
        on = self.course.of.period.last_year(self.trend[-1].on) if self.trend else None
        return next((point for point in self.trend if point.on == on), None)


class TargetStates(NamedTuple):
    """`at`: when the figures were computed; None: they are still to be computed."""

    states: list[TargetState]
    at: datetime | None


def states(session: Session, now: datetime) -> TargetStates:
    """The targets in force or set for later, as far as the session sees them."""
    courses = targets.current(session, now)
    figures = target_figures.stored(session, now) if courses else target_figures.last(session)
    return TargetStates(of_figures(session, courses, figures, now.date()), figures.at if figures else None)


def state(session: Session, row_id: int, now: datetime) -> tuple[TargetState, datetime | None]:
    """One target, by any of its versions. Raises NotFound."""
    course = next((course for course in targets.courses(session) if any(row.id == row_id for row in course.versions)), None)
    if course is None:
        raise NotFound(f"there is no target {row_id}")
    figures = target_figures.stored(session, now)
    return of_figures(session, [course], figures, now.date())[0], figures.at if figures else None


def of_figures(
    session: Session, courses: list[TargetCourse], figures: CountedFigure[TargetFigures] | None, today: date
) -> list[TargetState]:
    named = targets.names(session, [course.of.scope for course in courses])
    benchmarks = stored.benchmarks(session)
    rows = []
    for course in courses:
        trend, bridge = _trend(course, figures.value) if figures else ([], None)
        same = [row for row in benchmarks if row.measure == course.of.measure]
        if bridge and limited(session):  # a licence of theirs can be used by a unit of another account
            bridge = bridge._replace(units=[])
        rows.append(TargetState(course.number, course, named[course.of.scope], course.aim(today), trend, bridge, same))
    return rows


def _trend(course: TargetCourse, figures: TargetFigures) -> tuple[list[TrendPoint], TargetBridge | None]:
    of = figures.of(course.of.scope)
    if of is None:
        return [], None
    months, points = course.of.period.months, []
    for on, counts in of.days:
        if on.month % months == 0 or on == figures.on:
            value = counts.value(course.of.measure)
            points.append(TrendPoint(on, value, course.aim(on), course.level(on, value)))
    return points, of.bridge(course.of.measure, course.of.period)


def any_changed(session: Session, now: datetime) -> bool:
    """Whether `report_crossings` would find a target at another level than it reported last. Only reads."""
    return next(_changed(session, now), None) is not None


def report_crossings(session: Session, now: datetime) -> int:
    """Record an event for each target that was crossed since the last report. Returns their number.

    A new target is compared silently at first: what is below when it is set has not been crossed.
    """
    events = []
    for change in _changed(session, now):
        row, last = change.row, change.row.level
        row.level = change.level
        if last is not None:
            key = f"target:{row.id}:{to_ms(change.at)}"
            about = {"account_id": row.account_id, "variant": change.level.value, "on": change.on, "detail": change.says}
            events.append(NewEvent(EventKind.TARGET_CROSSED, to_ms(now), key, units=0, **about))  # type: ignore[arg-type]
    return stored_events.record(session, events) if events else 0


class _Changed(NamedTuple):
    row: Target
    level: TargetLevel
    at: datetime
    on: date
    says: str


def _changed(session: Session, now: datetime) -> Iterator[_Changed]:
    figures = target_figures.last(session)
    if figures is None:
        return
    for state in of_figures(session, targets.current(session, now), figures, figures.value.on):
        row, point = state.course.on(figures.value.on), state.now
        if row is None or state.aim is None or point is None:
            continue
        level = rules.crossed(row.level, row.measure, point.value, state.aim)
        if level is not None and level is not row.level:
            yield _Changed(row, level, figures.at, point.on, sentence(state, level))


def sentence(state: TargetState, level: TargetLevel) -> str:
    """About a target that was crossed, for messages."""
    of, point = state.course.of, state.now
    assert point is not None
    assert state.aim is not None
    value, aim = wording.figure(of.measure, point.value), wording.aim(of.measure, state.aim)
    before = f"; it was {wording.figure(of.measure, state.previous.value)} on {state.previous.on}" if state.previous else ""
    return f"{wording.LEVELS[level]}: {wording.MEASURES[of.measure]} of {state.name.name[:120]} is {value}, the target {aim}{before}"
