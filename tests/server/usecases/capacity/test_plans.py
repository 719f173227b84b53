"""Plans on both databases: from a fleet with a known past to what it will ask for, and scenarios on the record."""

import shutil
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import openpyxl
import pytest
from musterroll.domain.capacity.assumptions import BadAssumption
from musterroll.domain.capacity.facts import PlanFacts, read_facts
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.capacity import Exposure
from musterroll.storage.tables.units import Unit
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.capacity import product as capacity_product
from musterroll.usecases.capacity import revenue
from musterroll.usecases.capacity import scenarios as capacity_scenarios
from musterroll.usecases.capacity.workbook import workbook
from musterroll.usecases.undo import undo as undo_changes
from sqlmodel import select

from tests.conftest import NOW
from tests.support import fleet_history, unit_rows


def facts_of(database: Database, now: datetime) -> PlanFacts:
    with database.snapshot() as session:
        prepared = capacity_plans.prepare(session, now)
    with database.transaction() as session:
        return capacity_plans.keep(session, prepared).facts


@pytest.fixture(scope="module")
def facts(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> PlanFacts:
    """Of a fleet of 120 units; for what does not depend on the database."""
    path = tmp_path_factory.mktemp("facts") / "roll.db"
    shutil.copy(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    fleet_history.fill(database, NOW, units=120)
    found = facts_of(database, NOW)
    database.close()
    return found


def test_a_plan_expects_what_the_fleet_was_made_to_show(facts: PlanFacts) -> None:
    made = capacity_plans.plan(facts, {})
    live = {one.model: one.operating for one in facts.products}
    truth = sum(fleet_history.RATES[model] * units for model, units in live.items())
    month, quarter = made.spans[0], made.spans[1]
    assert month.incidents.low95 <= truth <= month.incidents.high95
    assert abs(quarter.incidents.mean / (3 * truth) - 1) < 0.35
    assert month.visits.mean == pytest.approx(month.incidents.mean / 2, rel=0.3)
    assert facts.unheard == 12 and facts.silent == 12  # noqa: PT018
    assert capacity_plans.backtests(facts)[0].verdict is not None


def test_facts_are_kept_and_those_of_an_earlier_day_come_from_history(database: Database, facts: PlanFacts, now: datetime) -> None:
    fleet_history.fill(database, now, units=120)
    kept = facts_of(database, now)
    assert kept == facts  # what SQLite and PostgreSQL tell is the same
    with database.snapshot() as session:
        assert capacity_plans.gathered(session, now).facts == read_facts(kept.plain()) == kept
        assert not capacity_plans.due(session, now)
        assert capacity_plans.due(session, now + timedelta(hours=7))
        assert capacity_plans.gathered(session, now, now).facts.products == kept.products
        earlier = capacity_plans.gathered(session, now, now - timedelta(days=200)).facts
        with pytest.raises(DomainError, match="in the future"):
            capacity_plans.gathered(session, now, now + timedelta(days=1))
        product = max(kept.products, key=lambda one: sum(map(sum, one.visits)))
        about = capacity_product.report(session, kept, product.id)
        with pytest.raises(NotFound):
            capacity_product.report(session, kept, 999)
    assert len(earlier.months) == len(kept.months) - 7
    assert earlier.incidents < kept.incidents
    assert about.afr.exposure * 365 == pytest.approx(unit_days(database, kept, product.id))
    assert 0 < sum(step.failed for step in about.steps) <= about.lives


def unit_days(database: Database, facts: PlanFacts, product_id: int) -> float:
    """Days of operation since the log of incidents began, from the kept sums."""
    with database.snapshot() as session:
        rows = session.exec(select(Exposure).where(Exposure.product_id == product_id)).all()
    return sum(row.seconds for row in rows if row.month in facts.months[facts.log_starts :]) / 86_400


def test_whoever_is_limited_plans_for_what_they_see(database: Database, facts: PlanFacts, now: datetime) -> None:
    fleet_history.fill(database, now, units=30)
    with database.transaction() as session:
        other, _ = unit_rows.place(session, "A2", "S2")
        mine = [unit for unit in session.exec(select(Unit)) if unit.id is not None and unit.id % 3 == 0]
        for unit in mine:
            unit.account_id = other
    whole = facts_of(database, now)
    with database.snapshot((other,)) as session:
        seen = capacity_plans.gathered(session, now).facts
    assert 0 < sum(one.operating for one in seen.products) <= len(mine)
    assert 0 < seen.incidents < whole.incidents


def test_a_plan_says_which_pace_of_deployments_it_takes(facts: PlanFacts) -> None:
    products = [replace(product, exposure=[[9.0, *month[1:]] for month in product.exposure]) for product in facts.products]
    growing = replace(facts, products=products)  # every unit spends three months in the youngest band: three a month of each product
    assert len(products) == 2
    assert capacity_plans.plan(growing, {}).condition == "If deployments go on as in the last 12 months: 6 units a month."
    doubled = capacity_plans.plan(growing, {"deployments": 200}).condition
    assert doubled == "If deployments go on as in the last 12 months at 200 %: 12 units a month."
    assert capacity_plans.plan(facts, {}).condition == "If no units are deployed, as in the last 12 months."


def test_the_best_simple_estimate_stands_beside_the_forecast(facts: PlanFacts) -> None:
    month, quarter, year = capacity_plans.plan(facts, {}).spans
    assert month.tested is not None
    assert month.simple.name == month.tested.best_baseline
    assert quarter.tested is not None
    assert year.tested is None
    assert year.simple.name == quarter.simple.name


def test_assumptions_move_what_they_are_about(facts: PlanFacts) -> None:
    plain = capacity_plans.plan(facts, {}).spans[1]
    more = capacity_plans.plan(facts, {"incident_rate": "200"}).spans[1]
    recall = capacity_plans.plan(facts, {"recalled": "Acme Pump 3", "recall_months": 3}).spans[1]
    assert more.incidents.mean == pytest.approx(2 * plain.incidents.mean)
    assert recall.visits.mean - plain.visits.mean == pytest.approx(sum(one.operating for one in facts.products if one.model == "Pump 3"))
    assert recall.parts.mean > plain.parts.mean
    assert capacity_plans.plan(facts, {"absence": 40}).spans[1].field.fte > plain.field.fte
    assert capacity_plans.plan(facts, {"lead_days": 300}).shelves[0].spares.stock > capacity_plans.plan(facts, {}).shelves[0].spares.stock


@pytest.mark.parametrize(
    ("said", "match"),
    [
        ({"growth": 1}, "unknown assumption 'growth'"),
        ({"absence": "many"}, "absence must be a number from 0 to 50"),
        ({"absence": float("nan")}, "absence must be"),
        ({"currency": "euro"}, "three-letter code"),
        ({"recalled": "Tin opener"}, "no product 'Tin opener'"),
    ],
)
def test_a_bad_assumption_is_one_sentence(facts: PlanFacts, said: dict[str, object], match: str) -> None:
    with pytest.raises(BadAssumption, match=match):
        capacity_plans.plan(facts, said)


def test_the_workbook_has_its_assumptions_on_a_sheet(facts: PlanFacts) -> None:
    plans = [("defaults", capacity_plans.plan(facts, {})), ("more", capacity_plans.plan(facts, {"deployments": 150}))]
    book = openpyxl.load_workbook(BytesIO(workbook(plans)))
    rows = {row[0]: row[3:] for row in book["Assumptions"].iter_rows(values_only=True)}
    assert rows["Deployments"] == (100, 100, 150)
    assert {"Plan", "Back-test", "Spares", "Renewals"} <= set(book.sheetnames)
    assert revenue.outlook(plans[0][1]).at_risk == []


def test_a_scenario_is_kept_changed_and_taken_back_on_the_record(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        capacity_scenarios.save(session, " Hard  winter ", {"absence": "20", "shrinkage": 30}, actor="ada", now=now)
        kept = capacity_scenarios.get(session, "Hard winter")
        assert kept.assumptions == {"absence": 20.0}  # the default is not kept
        capacity_scenarios.save(session, "Hard winter", {"absence": 25}, note="worse", actor="ada", now=now)
    with database.transaction() as session:
        undo_changes.undo(session, 2, "ada", now)
        session.expire_all()
        assert capacity_scenarios.get(session, "Hard winter").assumptions == {"absence": 20.0}
        capacity_scenarios.delete(session, "Hard winter", actor="ada", now=now)
        assert capacity_scenarios.all_scenarios(session) == []
        for name in ("", "x" * 81, "defaults", "a\nb\0"):
            with pytest.raises(DomainError, match="name"):
                capacity_scenarios.save(session, name, {}, actor="ada", now=now)


def test_an_empty_roll_plans_nothing_and_says_how_to_begin(database: Database, now: datetime) -> None:
    with database.snapshot() as session, pytest.raises(Conflict, match="musterroll plan"):
        capacity_plans.gathered(session, now)
    found = facts_of(database, now)
    made = capacity_plans.plan(found, {})
    assert made.spans[1].incidents.mean == 0
