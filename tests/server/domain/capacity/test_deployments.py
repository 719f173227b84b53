"""Planned deliveries in a plan."""

from dataclasses import replace
from datetime import date

import pytest
from musterroll.domain.capacity import deployments
from musterroll.domain.capacity.assumptions import BadAssumption
from musterroll.domain.capacity.deployments import PlannedDelivery, by_month
from musterroll.domain.capacity.facts import BANDS, PlanFacts, ProductFacts
from musterroll.domain.capacity.forecast import AT_YEAR, split

TODAY = date(2026, 12, 1)
NONE = [0.0] * BANDS


def facts(*planned: list[tuple[float, float]]) -> PlanFacts:
    """Products of 300 units for a year, of which 10 came each month, each with 5 incidents a month; the last one is new."""
    lived, seen = [30.0, 90.0, 180.0, *NONE[3:]], [1, 2, 2, *[0] * (BANDS - 3)]
    known = [
        ProductFacts(n, "Acme", f"Pump {n}", "Acme", [lived] * 12, [seen] * 12, [seen] * 12, [10] * 30, 0, {}, [300, 0], months)
        for n, months in enumerate(planned[:-1])
    ]
    new = ProductFacts(9, "Acme", "New", "Acme", [NONE] * 12, [[0] * BANDS] * 12, [[0] * BANDS] * 12, [], 0, {}, [], planned[-1])
    months = [date(2025, 12, 1)] * 12
    return PlanFacts(TODAY, months, 0, "", [*known, new], {}, [], [], 60, 120, 0, 0, 0, 0, [], [])


def test_deliveries_go_by_month_from_today_on_and_their_ranges_add_up() -> None:
    listed = [
        PlannedDelivery(date(2026, 11, 30), 7),
        PlannedDelivery(date(2026, 12, 1), 5),
        PlannedDelivery(date(2026, 12, 20), 6, 4, 8),
        PlannedDelivery(date(2027, 2, 3), 100, 50, None),
    ]
    (this, spread), nothing, (last, _) = by_month(listed, TODAY)
    assert (this, nothing, last) == (11, (0.0, 0.0), 100)
    assert spread == pytest.approx(4 / 2 / 1.2816)
    assert by_month(listed[:1], TODAY) == []


def test_a_product_is_deployed_as_planned_then_at_its_pace() -> None:
    (product, *_) = facts([(40.0, 0.0), (0.0, 0.0)], []).products
    assert deployments.coming(product, 4, 1.5) == pytest.approx([60, 0, 15, 15])
    assert deployments.coming(replace(product, planned=[]), 2, 1.0) == pytest.approx([10, 10])


def test_planned_deliveries_of_a_new_product_are_in_the_forecast_and_their_range_widens_it() -> None:
    without, listed, vague = (split(facts([], months), retirements=0).visits for months in ([], [(200.0, 0.0)], [(200.0, 80.0)]))
    assert listed.unit_months[0] == pytest.approx(without.unit_months[0] + 100)  # from the middle of the month
    assert listed.unit_months[11] == pytest.approx(without.unit_months[11] + 200, rel=0.01)
    assert listed.counts[AT_YEAR].mean > without.counts[AT_YEAR].mean * 1.3
    assert vague.counts[AT_YEAR].mean == pytest.approx(listed.counts[AT_YEAR].mean)
    extra = 0.4 * (listed.counts[AT_YEAR].mean - without.counts[AT_YEAR].mean)  # 80 of 200 units
    assert vague.counts[AT_YEAR].variance == pytest.approx(listed.counts[AT_YEAR].variance + extra**2, rel=0.02)


def test_the_condition_names_planned_deliveries_and_the_pace_of_the_others() -> None:
    assert deployments.condition(facts([], []), 1.0) == "If deployments go on as in the last 12 months: 10 units a month."
    planned = facts([], [], [(200.0, 0.0), (50.0, 0.0)])
    assert deployments.condition(planned, 1.0) == (
        "If deliveries come as planned (250 units of Acme New until January 2027), "
        "and other deployments go on as in the last 12 months: 20 units a month."
    )
    assert "at 50 % (125 units" in deployments.condition(planned, 0.5)
    assert deployments.condition(facts([(5.0, 0.0)], [(5.0, 0.0)]), 1.0) == (
        "If deliveries come as planned (10 units of 2 products until December 2026), and no other units are deployed."
    )


def test_a_launch_stands_between_going_on_and_ending_and_its_range_knows_both() -> None:
    (steady, *_) = facts([], []).products
    launched = replace(steady, exposure=[NONE] * 6 + [[90.0, *NONE[1:]]] * 6)  # 30 units a month for half a year
    assert deployments.coming(launched, 2, 1.0) == pytest.approx([15, 15])
    assert deployments.doubt(launched, 2, 1.0) == pytest.approx([15, 15])
    assert deployments.doubt(steady, 1, 1.0) == [0.0]
    known = facts([], [])
    words = deployments.condition(replace(known, products=[launched]), 1.0)
    assert words == "If deployments go on as in the last 12 months: 15 units a month, 30 in the last 6."


def test_a_pace_that_is_set_counts_after_the_last_delivery_planned_with_its_own_range() -> None:
    chosen = deployments.as_set(facts([(40.0, 0.0)], []), {"acme pump 0": 30.0})
    (product, new) = chosen.products
    assert (product.pace, new.pace) == (30.0, None)
    assert deployments.coming(product, 3, 1.0) == [40, 30, 30]
    assert deployments.doubt(product, 2, 1.0, spread=0.2) == pytest.approx([0, 6 / 1.2816])
    assert "Acme Pump 0 is deployed as set: 30 units a month" in deployments.condition(chosen, 1.0)
    with pytest.raises(BadAssumption, match="no product 'Tin opener'"):
        deployments.as_set(chosen, {"Tin opener": 1.0})
