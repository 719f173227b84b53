"""Planned deliveries, from a list to the plan."""

from datetime import datetime

import pytest
from musterroll.domain.capacity.facts import PlanFacts
from musterroll.domain.values.errors import NotFound
from musterroll.storage.capacity import deliveries as stored_deliveries
from musterroll.storage.engine.database import Database
from musterroll.usecases.capacity import deliveries as capacity_deliveries
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.undo import undo as undo_changes

from tests.support import fleet_history
from tests.support.documents import outcomes, take

LIST = (
    "Delivery Date,Manufacturer,Model,Order Number,Quantity,At Least,At Most\n"
    "2026-12-10,Acme,Pump 3,PO1,40,,\n2027-01-10,Acme,Pump 3,PO1,60,50,70\n2027-02-01,acme,Pump 9,,500,,\n2020-01-01,Acme,Pump 4,,9,,\n"
)


def facts_of(database: Database, now: datetime) -> PlanFacts:
    with database.snapshot() as session:
        return capacity_plans.gathered(session, now).facts


def test_a_plan_goes_by_a_list_at_once_and_by_the_pace_where_there_is_none(database: Database, now: datetime) -> None:
    fleet_history.fill(database, now)
    take(database, now, "products", "Manufacturer,Model\nAcme,Pump 9\n")
    with database.transaction() as session:
        prepared = capacity_plans.prepare(session, now)
        capacity_plans.keep(session, prepared)
    before = capacity_plans.plan(facts_of(database, now), {})
    assert "If no units are deployed" in before.condition
    verdicts, done = take(database, now, "deliveries", LIST)
    assert outcomes(verdicts) == ["new"] * 4
    facts = facts_of(database, now)
    ahead = (2026 - now.year) * 12 + 12 - now.month
    by_model = {product.model: product.planned for product in facts.products}
    assert [units for units, _ in by_model["Pump 3"][ahead:]] == [40, 60]
    assert not by_model["Pump 4"], "a delivery of the past"
    assert sum(units for units, _ in by_model["Pump 9"]) == 500, "a product without units is in the plan"
    plan = capacity_plans.plan(facts, {})
    assert plan.condition.startswith("If deliveries come as planned (600 units of 2 products until February 2027)")
    assert plan.spans[2].unit_months > before.spans[2].unit_months + 600 * 6
    with database.transaction() as session:
        removed = capacity_deliveries.remove(session, stored_deliveries.since(session, facts.on)[0].delivery.id or 0, "kim", now)
        with pytest.raises(NotFound):
            capacity_deliveries.remove(session, 999, "kim", now)
    assert "560 units" in capacity_plans.plan(facts_of(database, now), {}).condition
    with database.transaction() as session:
        undo_changes.undo(session, removed.id or 0, "kim", now)
    assert capacity_plans.plan(facts_of(database, now), {}).condition == plan.condition
    assert outcomes(take(database, now, "deliveries", LIST)[0]) == ["same"] * 4
    refused, _ = take(database, now, "deliveries", LIST + "2027-02-01,Acme,Pump 77,,5,,\n2027-02-01,Acme,Pump 9,x,5,6,\n")
    assert [verdict.why for verdict in refused[-2:]] == [
        "product Acme Pump 77 is not registered; import or add the product first",
        "the Quantity is not from At Least to At Most; they are the 80 % range of the number of units",
    ]
    assert done.run_id
