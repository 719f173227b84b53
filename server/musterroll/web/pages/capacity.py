"""Capacity: expected demand with its ranges, the reasons, and scenarios under other assumptions."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as Answer

from musterroll.domain.access import Role
from musterroll.domain.capacity.assumptions import SPECS, Assumptions, BadAssumption, Spec, assume
from musterroll.domain.capacity.plan import Plan
from musterroll.domain.values.errors import Conflict
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.capacity import product as capacity_product
from musterroll.usecases.capacity import revenue
from musterroll.usecases.capacity import scenarios as capacity_scenarios
from musterroll.usecases.capacity.plans import GatheredFacts
from musterroll.usecases.capacity.workbook import workbook
from musterroll.web.charts import capacity as pictures
from musterroll.web.http.context import actor, clock, needs, page, snapshot, transaction

pages = Blueprint("capacity", __name__)
pages.add_app_template_filter(lambda day: day - timedelta(1), "day_before")


@pages.app_template_filter("groups_of")
def groups_of(asked: dict[str, Spec]) -> list[tuple[str, list[str]]]:
    """The assumptions by group, in order."""
    found: dict[str, list[str]] = {}
    for name, said in asked.items():
        found.setdefault(said.group, []).append(name)
    return list(found.items())


XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_MOST_COMPARED = 4
_ROWS = 12  # products, regions and accounts named before the rest is left to the workbook


@pages.get("/capacity")
def overview() -> str:
    now = clock()
    with snapshot() as session:
        kept = capacity_scenarios.all_scenarios(session)
        found, why_not = _gathered(session, now)
        if found is None:
            return page("capacity.html", now, made=None, why_not=why_not)
        said, bad = _said(), None
        try:
            made = capacity_plans.plan(found.facts, said)
        except BadAssumption as refused:
            made, bad = capacity_plans.plan(found.facts, {}), str(refused)
    return page(
        "capacity.html",
        now,
        made=made,
        at=found.at,
        bad=bad,
        fan=pictures.fan(made),
        scenarios=kept,
        chosen=request.args.get("scenario", ""),
        outlook=revenue.outlook(made),
        trials=[(one, pictures.tested(one.rows)) for one in capacity_plans.backtests(found.facts)],
        stock=_stock(made),
        asked=SPECS,
        query=address(made.assumptions).partition("?")[2],
        address=address,
        assume=assume,
        most=_ROWS,
    )


@pages.get("/capacity/products/<int:number>")
def product(number: int) -> str:
    now = clock()
    with snapshot() as session:
        facts = capacity_plans.gathered(session, now).facts
        about = capacity_product.report(session, facts, number)
    driver = next(one for one in capacity_plans.plan(facts, {}).forecast.visits.drivers if one.product.id == number)
    return page("capacity_product.html", now, facts=facts, about=about, driver=driver, curve=pictures.survival(about.steps))


@pages.get("/capacity/compare")
def compare() -> str:
    now = clock()
    with snapshot() as session:
        facts = capacity_plans.gathered(session, now).facts
        names = request.args.getlist("with")[:_MOST_COMPARED]
        said = [("defaults", {}), *((name, capacity_scenarios.get(session, name).assumptions) for name in names)]
        kept = capacity_scenarios.all_scenarios(session)
    plans = [(name, capacity_plans.plan(facts, assumed)) for name, assumed in said]
    return page("capacity_compare.html", now, plans=plans, scenarios=kept, asked=SPECS, most=_MOST_COMPARED)


@pages.get("/capacity/plan.xlsx")
def export() -> Response:
    """The plan on the page or, asked for `with`, scenarios beside each other."""
    now = clock()
    with snapshot() as session:
        facts = capacity_plans.gathered(session, now).facts
        named = [(name, capacity_scenarios.get(session, name).assumptions) for name in request.args.getlist("with")[:_MOST_COMPARED]]
    plans = [("defaults", capacity_plans.plan(facts, {})), *((name, capacity_plans.plan(facts, said)) for name, said in named)]
    body = workbook(plans if named else [("plan", capacity_plans.plan(facts, _said()))])
    headers = {"Content-Disposition": f'attachment; filename="capacity-{facts.on}.xlsx"', "Cache-Control": "no-store"}
    return Response(body, headers=headers, content_type=XLSX)


@pages.post("/capacity/scenarios")
@needs(Role.PLANNER)
def save() -> Answer:
    name, said = request.form.get("name", ""), {key: request.form[key] for key in SPECS if request.form.get(key)}
    with transaction() as session:
        kept = capacity_scenarios.save(session, name, said, actor=actor().name, now=clock())
        back = address(assume(kept.assumptions), kept.name)
    return redirect(back, 303)


@pages.post("/capacity/scenarios/delete")
@needs(Role.PLANNER)
def forget() -> Answer:
    with transaction() as session:
        capacity_scenarios.delete(session, request.form.get("name", ""), actor=actor().name, now=clock())
    return redirect("/capacity", 303)


def address(said: Assumptions, scenario: str = "") -> str:
    """The page with these assumptions.

    >>> address(assume({"deployments": "150"})), address(assume({}))
    ('/capacity?deployments=150', '/capacity')
    """
    told = {name: f"{value:g}" if isinstance(value, float) else value for name, value in said.changed().items()}
    query = {**({"scenario": scenario} if scenario else {}), **told}
    return f"/capacity?{urlencode(query)}" if query else "/capacity"


def _gathered(session: Any, now: Any) -> tuple[GatheredFacts | None, str]:
    try:
        found = capacity_plans.gathered(session, now)
    except Conflict as refused:
        return None, str(refused)
    return found, ""


def _said() -> dict[str, Any]:
    return {name: request.args[name][:200] for name in SPECS if request.args.get(name, "") != ""}


def _stock(made: Plan) -> list[tuple[str, int, int, list[Any]]]:
    """Spares by product: name, units, stock, and its regions; the largest stock first."""
    found: dict[str, list[Any]] = {}
    for shelf in made.shelves:
        found.setdefault(shelf.product, []).append(shelf)
    sums = [(name, sum(one.units for one in some), sum(one.spares.stock for one in some), some) for name, some in found.items()]
    return sorted((one for one in sums if one[2]), key=lambda one: -one[2])
