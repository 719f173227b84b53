"""Capacity: expected demand with its ranges, the reasons, and scenarios under other assumptions."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from musterroll.domain.access import Role
from musterroll.domain.capacity.assumptions import SPECS, Assumptions, BadAssumption, Spec, assume
from musterroll.domain.capacity.facts import PlanFacts
from musterroll.domain.capacity.plan import Plan
from musterroll.domain.values.errors import Conflict
from musterroll.usecases.capacity import log_start as capacity_log_start
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.capacity import product as capacity_product
from musterroll.usecases.capacity import reliability as capacity_reliability
from musterroll.usecases.capacity import reliability_groups, revenue
from musterroll.usecases.capacity import scenarios as capacity_scenarios
from musterroll.usecases.capacity.plans import GatheredFacts
from musterroll.usecases.capacity.reliability_groups import LifeGroup
from musterroll.usecases.capacity.workbook import workbook
from musterroll.web.charts import capacity as charts
from musterroll.web.charts import reliability as reliability_charts
from musterroll.web.http.context import actor, clock, needs, page, snapshot, transaction
from musterroll.web.pages import pace_sliders

pages = Blueprint("capacity", __name__)
pages.add_app_template_filter(lambda day: day - timedelta(1), "day_before")


@pages.app_template_filter("groups_of")
def groups_of(specs: dict[str, Spec]) -> list[tuple[str, list[str]]]:
    """The assumptions by group, in order."""
    groups: dict[str, list[str]] = {}
    for name, spec in specs.items():
        groups.setdefault(spec.group, []).append(name)
    return list(groups.items())


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_COMPARED = 4
_COHORTS = 6  # curves drawn, the latest ones
_ROWS = 12  # products, regions and accounts shown; the rest is in the workbook


@pages.get("/capacity")
def overview() -> str:
    now = clock()
    with snapshot() as session:
        scenarios = capacity_scenarios.all_scenarios(session)
        gathered, why_not = _gathered(session, now)
        if gathered is None:
            return page("capacity.html", now, plan=None, why_not=why_not)
        problem = None
        try:
            plan = capacity_plans.plan(gathered.facts, _assumptions(gathered.facts, request.args))
        except BadAssumption as error:
            plan, problem = capacity_plans.plan(gathered.facts, {}), str(error)
    return page(
        "capacity.html",
        now,
        plan=plan,
        at=gathered.at,
        problem=problem,
        fan=charts.fan_chart(plan),
        scenarios=scenarios,
        chosen=request.args.get("scenario", ""),
        outlook=revenue.outlook(plan),
        trials=[(trial, charts.backtest_chart(trial.rows)) for trial in capacity_plans.backtests(gathered.facts)],
        stock=_stock(plan),
        specs=SPECS,
        sliders=pace_sliders.sliders(plan.facts),
        query=address(plan.assumptions).partition("?")[2],
        address=address,
        assume=assume,
        most=_ROWS,
    )


@pages.get("/capacity/products/<int:number>")
def product(number: int) -> str:
    now = clock()
    with snapshot() as session:
        facts = capacity_plans.gathered(session, now).facts
        report = capacity_product.report(session, facts, number)
        other = request.args.get("with", type=int)
        compared = capacity_reliability.compare(session, facts, number, other) if other else None
        by = LifeGroup(request.args["by"]) if request.args.get("by") in set(LifeGroup) else LifeGroup.COHORT
        groups = reliability_groups.by_group(session, facts, number, by)
    driver = next(driver for driver in capacity_plans.plan(facts, {}).forecast.visits.drivers if driver.product.id == number)
    return page(
        "capacity_product.html",
        now,
        facts=facts,
        report=report,
        driver=driver,
        curve=charts.survival_curve(report.steps),
        by_year=capacity_reliability.survival_by_year(report),
        others=[row.product for row in capacity_reliability.failure_rates(facts) if row.product.id != number],
        other=other,
        compared=compared,
        by=by,
        breakdown=groups,
        most=_ROWS,
        hazard=reliability_charts.hazard_chart([age.visits for age in report.ages]),
        cohorts=reliability_charts.cohort_curves({row.group: row.steps for row in groups[-_COHORTS:]}) if by is LifeGroup.COHORT else None,
    )


@pages.get("/capacity/compare")
def compare() -> str:
    now = clock()
    with snapshot() as session:
        facts = capacity_plans.gathered(session, now).facts
        names = request.args.getlist("with")[:_MOST_COMPARED]
        chosen = [("defaults", {}), *((name, capacity_scenarios.get(session, name).assumptions) for name in names)]
        scenarios = capacity_scenarios.all_scenarios(session)
    plans = [(name, capacity_plans.plan(facts, assumptions)) for name, assumptions in chosen]
    return page("capacity_compare.html", now, plans=plans, scenarios=scenarios, specs=SPECS, most=_MOST_COMPARED)


@pages.get("/capacity/plan.xlsx")
def export() -> Response:
    """The plan on the page or, with the parameter `with`, several scenarios."""
    now = clock()
    with snapshot() as session:
        facts = capacity_plans.gathered(session, now).facts
        named = [(name, capacity_scenarios.get(session, name).assumptions) for name in request.args.getlist("with")[:_MOST_COMPARED]]
    scenarios = [("defaults", {}), *named]
    plans = [(name, capacity_plans.plan(facts, assumptions)) for name, assumptions in scenarios]
    body = workbook(plans if named else [("plan", capacity_plans.plan(facts, _assumptions(facts, request.args)))])
    headers = {"Content-Disposition": f'attachment; filename="capacity-{facts.on}.xlsx"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, content_type=XLSX)


@pages.post("/capacity/log-start")
@needs(Role.PLANNER, everywhere=True)
def count_from() -> Answer:
    with transaction() as session:
        capacity_log_start.choose(session, request.form.get("month", "").strip()[:20], actor().name, clock())
    return redirect("/capacity", 303)


@pages.post("/capacity/scenarios")
@needs(Role.PLANNER)
def save_scenario() -> Answer:
    name, now = request.form.get("name", ""), clock()
    with transaction() as session:
        assumptions = _assumptions(capacity_plans.gathered(session, now).facts, request.form)
        scenario = capacity_scenarios.save(session, name, assumptions, actor=actor().name, now=now)
        back = address(assume(scenario.assumptions), scenario.name)
    return redirect(back, 303)


@pages.post("/capacity/scenarios/delete")
@needs(Role.PLANNER)
def delete_scenario() -> Answer:
    with transaction() as session:
        capacity_scenarios.delete(session, request.form.get("name", ""), actor=actor().name, now=clock())
    return redirect("/capacity", 303)


def address(assumptions: Assumptions, scenario: str = "") -> str:
    """The address of the page with these assumptions.

    >>> address(assume({"deployments": "150"})), address(assume({}))
    ('/capacity?deployments=150', '/capacity')
    """
    changed = {name: f"{value:g}" if isinstance(value, float) else value for name, value in assumptions.changed().items()}
    query = {**({"scenario": scenario} if scenario else {}), **changed}
    return f"/capacity?{urlencode(query)}" if query else "/capacity"


def _gathered(session: Any, now: Any) -> tuple[GatheredFacts | None, str]:
    try:
        gathered = capacity_plans.gathered(session, now)
    except Conflict as error:
        return None, str(error)
    return gathered, ""


def _assumptions(facts: PlanFacts, values: Mapping[str, str]) -> dict[str, Any]:
    given = {name: values[name][:200] for name in SPECS if name != "deployed" and values.get(name, "") != ""}
    deployed = pace_sliders.deployed(facts, values)
    return {**given, "deployed": deployed} if deployed else given


def _stock(plan: Plan) -> list[tuple[str, int, int, list[Any]]]:
    """Spares by product: name, units, stock, and its regions; the largest stock first."""
    by_product: dict[str, list[Any]] = {}
    for shelf in plan.shelves:
        by_product.setdefault(shelf.product, []).append(shelf)
    rows = [
        (name, sum(shelf.units for shelf in shelves), sum(shelf.spares.stock for shelf in shelves), shelves)
        for name, shelves in by_product.items()
    ]
    return sorted((row for row in rows if row[2]), key=lambda row: -row[2])
