"""Figures of targets on random fleets: equal to pandas over the known past, their bridges add up, and people see their own."""

from datetime import date
from fractions import Fraction
from random import Random

import pandas as pd
import pytest
from musterroll.domain.installed_base.targets import FLEET, Measure, Scope, ScopeCounts, ScopeKind, TargetPeriod
from musterroll.storage.engine.database import Database
from musterroll.usecases.fleet import segments
from musterroll.usecases.fleet.pages import FleetFilter
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.installed_base import target_figures
from musterroll.usecases.installed_base.target_figures import TargetFigures
from musterroll.usecases.installed_base.targets import TargetOf

from tests.support import target_fleet
from tests.support.target_fleet import NOW, TargetFleet


def of_scope(fleet: TargetFleet, scope: Scope, on: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The units and the licences of a scope on a day."""
    units, licences = target_fleet.states(fleet, on), target_fleet.licences(fleet, on)
    match scope.kind:
        case ScopeKind.PRODUCT:
            return units[units["product"] == int(scope.key)], licences[licences.line_product == int(scope.key)]
        case ScopeKind.ACCOUNT:
            within = target_fleet.below(fleet, int(scope.key))
            return units[units.account.isin(within)], licences[licences.payer.isin(within)]
        case ScopeKind.COUNTRY:
            return units[units.country == scope.key], licences[licences.country == scope.key]
        case ScopeKind.CUSTOMER_SEGMENT:
            payers = fleet.units.groupby("account").segment.first()
            return units[units.segment == scope.key], licences[licences.payer.map(payers) == scope.key]
        case ScopeKind.SEGMENT:
            return units[units.firmware == "1.0"], licences[licences.firmware == "1.0"]
    return units, licences


def counts(fleet: TargetFleet, scope: Scope, on: date) -> ScopeCounts:
    units, licences = of_scope(fleet, scope, on)
    flags = (units.is_deployed, units.is_operating, units.is_attached, units.is_covered)
    return ScopeCounts(*(int(flag.sum()) for flag in flags), len(licences))


PARTS = {
    Measure.COVERAGE: ("is_covered", "is_deployed"),
    Measure.ATTACH: ("is_attached", "is_operating"),
    Measure.OPERATING_SHARE: ("is_operating", "is_deployed"),
}


def check_bridges(figures: TargetFigures, fleet: TargetFleet) -> None:
    for of in figures.scopes:
        for period in TargetPeriod if of.scope == FLEET else [TargetPeriod.MONTH]:
            opening = period.before(figures.on)
            for measure in Measure:
                bridge = of.bridge(measure, period)
                assert bridge is not None
                assert (bridge.since, bridge.before, bridge.after) == (opening, of.value(measure, opening), of.value(measure, figures.on))
                for moves in (bridge.reasons, bridge.accounts, bridge.products):
                    assert sum(move.part for move in moves) == bridge.after.part - bridge.before.part
                before, after = bridge.before.number, bridge.after.number
                if before is not None and after is not None:
                    assert sum((bridge.effect(move) or Fraction(0)) for move in bridge.reasons) == after - before
                moved = sum(move.units for move in bridge.reasons)
                assert moved == moved_units(fleet, of.scope, measure, opening, figures.on)


def moved_units(fleet: TargetFleet, scope: Scope, measure: Measure, opening: date, closing: date) -> int:
    (before, licences_0), (after, licences_1) = (of_scope(fleet, scope, day) for day in (opening, closing))
    if measure not in PARTS:
        sides = (frame.groupby(["unit", "payer", "line_product"]).size() for frame in (licences_0, licences_1))
        number = pd.concat(sides, axis=1, keys=["a", "b"]).fillna(0).reset_index()
        return sum(number[more].unit.nunique() for more in (number.a > number.b, number.a < number.b))
    part, whole = PARTS[measure]
    return int(((before[part] != after[part]) | (before[whole] != after[whole])).sum())


def test_figures_of_targets_are_those_of_pandas(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(target_figures, "MONTHS", 3)
    with database.transaction() as session:
        fleet = target_fleet.fill(session, Random(database.engine.dialect.name), NOW)
        account, product = int(fleet.units.account.min()), str(fleet.units["product"].iloc[0])
        segment = segments.save(session, "Firmware 1", FleetFilter(firmware="1.0"), "test", NOW).key
        scopes = [FLEET, Scope(ScopeKind.PRODUCT, product), Scope(ScopeKind.ACCOUNT, str(account)), Scope(ScopeKind.COUNTRY, "PL")]
        scopes += [Scope(ScopeKind.CUSTOMER_SEGMENT, "health"), Scope(ScopeKind.SEGMENT, segment)]
        wanted = [TargetOf(measure, scope, TargetPeriod.MONTH) for scope in scopes for measure in Measure]
        wanted += [TargetOf(measure, FLEET, TargetPeriod.QUARTER) for measure in Measure]
        figures = target_figures.measure(session, wanted, NOW, NOW)
        assert [of.scope for of in figures.scopes] == scopes
        for of in figures.scopes:
            assert [day for day, _ in of.days] == [*target_figures.ends_before(NOW.date()), NOW.date()]
            for day, of_day in of.days:
                assert of_day == counts(fleet, of.scope, day), (of.scope, day)
        check_bridges(figures, fleet)
        assert target_figures.measure(session, wanted, NOW, NOW, figures) == figures
        by_page = base_licences.licences(session, NOW, base_licences.LicenceBreakdown.SEGMENT, NOW)
        fleet_now, health = (figures.scopes[number].days[-1][1].licences for number in (0, 4))
        assert (fleet_now, health) == (by_page.total.active, by_page.counts["health"].active)
        closing = date(2026, 9, 30)
        past = target_figures.measure(session, wanted[:1], closing, NOW)
        assert past.scopes[0].days[-1] == (closing, counts(fleet, FLEET, closing))
