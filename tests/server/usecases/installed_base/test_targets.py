"""Targets: set with their history, undone, reported once when crossed, and seen only by those they are for; on both databases."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random

import pytest
from musterroll.domain.installed_base.targets import FLEET, Aim, Measure, Scope, ScopeCounts, ScopeKind, TargetLevel, TargetPeriod
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.targets import Target
from musterroll.usecases.installed_base import target_figures, target_states, targets
from musterroll.usecases.installed_base.target_figures import ScopeFigures, TargetFigures
from musterroll.usecases.installed_base.targets import TargetOf
from musterroll.usecases.operations import figure_cache
from musterroll.usecases.undo import undo
from sqlmodel import Session, col, select

from tests.support import target_fleet, unit_rows
from tests.support.target_fleet import NOW

SHARE = TargetOf(Measure.OPERATING_SHARE, FLEET, TargetPeriod.MONTH)
THIS, NEXT = date(2026, 11, 1), date(2026, 12, 1)


def aim(value: str, tolerance: str = "2") -> Aim:
    return Aim(Decimal(value), Decimal(tolerance))


def course(session: Session, of: TargetOf = SHARE) -> targets.TargetCourse:
    return next(course for course in targets.courses(session) if course.of == of)


def test_a_target_is_kept_with_its_history_and_undone(database: Database) -> None:
    with database.transaction() as session:
        first = targets.set_target(session, SHARE, aim("90"), date(2026, 5, 17), "ann", NOW)
        change = targets.set_target(session, SHARE, aim("95"), NEXT, "bob", NOW)
        assert first is not None
        assert change is not None
        assert targets.set_target(session, SHARE, aim("95"), NEXT, "bob", NOW) is None
        assert targets.set_target(session, SHARE, aim("90"), date(2026, 8, 1), "bob", NOW) is None  # it holds already
    with database.transaction() as session:
        held = {day: course(session).aim(day) for day in (date(2026, 4, 30), date(2026, 5, 1), NOW.date(), NEXT)}
        assert list(held.values()) == [None, aim("90"), aim("90"), aim("95")]
        assert [(row.from_on, row.set_by) for row in course(session).versions] == [(NEXT, "bob"), (date(2026, 5, 1), "ann")]
        undo.undo(session, change.id or 0, "bob", NOW)
        assert course(session).aim(NEXT) == aim("90")
    with database.transaction() as session:
        number = course(session).last.id or 0
        ended = targets.end_target(session, number, "ann", NOW)
        assert ended is not None
        assert (course(session).aim(NOW.date()), course(session).aim(date(2026, 10, 31))) == (None, aim("90"))
        assert targets.current(session, NOW) == []
        undo.undo(session, ended.id or 0, "ann", NOW)
        assert len(targets.current(session, NOW)) == 1


def test_what_no_figure_can_be_is_refused(database: Database) -> None:
    with database.transaction() as session:
        for wrong in (aim("101"), aim("-1"), aim("50", "101"), aim("NaN")):
            with pytest.raises(DomainError):
                targets.set_target(session, SHARE, wrong, THIS, "ann", NOW)
        with pytest.raises(DomainError, match="ten years"):
            targets.set_target(session, SHARE, aim("50"), date(2199, 1, 1), "ann", NOW)
        unknown = {ScopeKind.ACCOUNT: "A99", ScopeKind.PRODUCT: "No Such", ScopeKind.SEGMENT: "none"}
        for kind, ref in unknown.items():
            with pytest.raises(NotFound):
                targets.scope_named(session, kind, ref)
        for kind, ref in ((ScopeKind.FLEET, "x"), (ScopeKind.COUNTRY, ""), (ScopeKind.COUNTRY, "D\0E")):
            with pytest.raises(Conflict):
                targets.scope_named(session, kind, ref)


def keep(session: Session, operating: int, hours: int) -> None:
    """Figures of the whole fleet with so many of 100 units operating, as the schedule would store them so many hours later."""
    counts = [(day, ScopeCounts(100, operating)) for day in (date(2026, 10, 31), NOW.date())]
    figures = TargetFigures(NOW.date(), [ScopeFigures(FLEET, counts, {})])
    figure_cache.keep(session, target_figures.FIGURES, figures, NOW + timedelta(hours=hours))


def test_a_crossing_is_one_event_and_a_value_that_wavers_is_none(database: Database) -> None:
    reported = []
    with database.transaction() as session:
        targets.set_target(session, SHARE, aim("95"), THIS, "ann", NOW)
        for hour, operating in enumerate((94, 92, 94, 92, 93, 95, 94, 92, 99)):
            keep(session, operating, hour)
            assert target_states.any_changed(session, NOW) is (target_states.report_crossings(session, NOW) > 0 or hour == 0)
            assert target_states.report_crossings(session, NOW) == 0
            assert not target_states.any_changed(session, NOW)
        reported = list(session.scalars(select(EventRow).order_by(col(EventRow.id))))
        assert [row.variant for row in reported] == ["below", "at", "below", "above"]
        assert reported[0].detail.startswith("Below target: Operating share of Whole fleet is 92.0 %, the target 95 % ± 2 points")
        assert session.scalars(select(Target)).one().level is TargetLevel.ABOVE


def test_people_see_the_targets_of_their_accounts_only(database: Database) -> None:
    with database.transaction() as session:
        fleet = target_fleet.fill(session, Random(3), NOW, units=20)
        mine, _ = unit_rows.place(session, "A2", "S2")  # a subsidiary of A0
        for scope in (FLEET, Scope(ScopeKind.ACCOUNT, str(mine)), targets.scope_named(session, ScopeKind.ACCOUNT, "A1")):
            targets.set_target(session, TargetOf(Measure.COVERAGE, scope, TargetPeriod.QUARTER), aim("80"), THIS, "ann", NOW)
        figures = target_figures.measure(session, target_figures.wanted(session, NOW)[8:], NOW, NOW)
        figure_cache.keep(session, target_figures.FIGURES, figures, NOW)
    with database.transaction([int(fleet.units.account.min())]) as session:
        (state,) = target_states.states(session, NOW).states
        assert (state.name.ref, state.now is not None, state.bridge and state.bridge.units) == ("A2", True, [])
        with pytest.raises(NotFound):
            target_states.state(session, 1, NOW)
        with pytest.raises(NotFound):
            targets.scope_named(session, ScopeKind.ACCOUNT, "A1")
        with pytest.raises(Conflict, match="choose an account"):
            targets.scope_named(session, ScopeKind.FLEET, "")
