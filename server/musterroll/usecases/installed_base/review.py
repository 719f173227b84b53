"""What a review pack holds: the headline figures and the targets of a month or quarter, as of its last day."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.installed_base.targets import FLEET, Measure, ScopeCounts, TargetPeriod
from musterroll.domain.values.dates import add_months
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.tables.targets import Benchmark
from musterroll.usecases.installed_base import target_figures, target_states, targets
from musterroll.usecases.installed_base.target_states import TargetState
from musterroll.usecases.installed_base.targets import TargetCourse, TargetOf
from musterroll.usecases.liveness import window_settings
from musterroll.usecases.liveness.window_settings import WindowChange
from musterroll.usecases.operations.figure_cache import CountedFigure


class Review(NamedTuple):
    """`figures`: every measure of the whole fleet; `targets`: those of other parts of it. `counts`: of the whole fleet."""

    period: TargetPeriod
    as_of: date
    made_at: datetime
    counts: ScopeCounts
    figures: list[TargetState]
    targets: list[TargetState]
    benchmarks: list[Benchmark]
    windows: list[WindowChange]  # changed in the period

    @property
    def label(self) -> str:
        return self.period.label(self.as_of)

    @property
    def states(self) -> list[TargetState]:
        return [*self.figures, *self.targets]


def review(session: Session, period: TargetPeriod, first: date, now: datetime) -> Review:
    """The review of the month or quarter that begins on a day and is over, by the present records."""
    as_of = add_months(first, period.months) - timedelta(days=1)
    known = {course.of: course for course in targets.courses(session) if course.of.period is period}
    fleet = [TargetOf(measure, FLEET, period) for measure in Measure]
    others = [of for of, course in known.items() if of.scope != FLEET and course.on(as_of)]
    figures = target_figures.measure(session, [*fleet, *others], as_of, now)
    courses = [known.get(of, TargetCourse(of, [])) for of in (*fleet, *others)]
    states = target_states.of_figures(session, courses, CountedFigure(figures, now), as_of)
    counts = figures.scopes[0].days[-1][1]
    windows = [change for change in window_settings.changes(session, first) if change.on <= as_of]
    return Review(period, as_of, now, counts, states[: len(fleet)], states[len(fleet) :], stored.benchmarks(session), windows)
