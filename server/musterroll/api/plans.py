"""Plans: what the fleet will ask for by the assumptions of a scenario, scenarios, and how well the same did before."""

from datetime import date
from typing import Any

from flask import Response
from pydantic import Field, create_model
from sqlmodel import Session

from musterroll.api.http.context import actor, answer, clock, nothing, reading, rehearsing, writing
from musterroll.api.http.lists import XLSX
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Request, Shape, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.capacity.assumptions import DEFAULTS, SAID
from musterroll.domain.capacity.plan import Plan
from musterroll.storage.tables.capacity import Scenario
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.capacity import scenarios as capacity_scenarios
from musterroll.usecases.capacity import shapes
from musterroll.usecases.capacity.workbook import workbook

api = guarded("plans", "plans")

_MOST_COMPARED = 4
_DEFAULTS = capacity_scenarios.DEFAULTS


class EstimateOut(Shape):
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float


class HeadsOut(Shape):
    fte: float
    heads: int
    low80: int
    high80: int
    low95: int
    high95: int


class DeskOut(Shape):
    positions: int = Field(description="To employ.")
    raw_positions: int = Field(description="To be at the desk in the busiest half hour.")
    service_level: float
    occupancy: float
    waiting_probability: float
    average_wait: float = Field(description="Seconds.")


class SpanOut(Shape):
    name: str
    first: date
    until: date = Field(description="The first day after it.")
    unit_months: float
    incidents: EstimateOut
    naive: float = Field(description="As many incidents as in the same months a year before.")
    visits: EstimateOut
    recall_visits: float
    field_hours: EstimateOut
    desk_hours: EstimateOut
    hours: EstimateOut
    field: HeadsOut
    desk: DeskOut
    desk_high: DeskOut = Field(description="At the high end of the 80 % band.")
    parts: EstimateOut
    cost: EstimateOut
    covered_share: float


class PlanMonthOut(Shape):
    month: date
    unit_months: float
    incidents: EstimateOut
    naive: float
    hours: float
    covered_share: float


class PlanDriverOut(Shape):
    product: str
    borrows_from: str
    operating: int
    seen: float
    unit_months: float
    factor: float = Field(description="Visits beside those that its kin's rates by age expect.")
    low: float
    high: float
    weight_of_own_data: float
    next_quarter: float


class ShelfOut(Shape):
    product: str
    region: str
    units: int
    stock: int
    ready: float = Field(description="The chance that the stock lasts over the lead time.")
    fill: float
    demand_mean: float


class PlanOut(Shape):
    """Bands hold the truth four times in five (80) and nineteen times in twenty (95)."""

    on: date
    assumptions: dict[str, float | str]
    log: str = Field(description="From when on incidents are taken to be on record.")
    operating: int
    never_heard: int = Field(description="Deployed by paper and never heard: not counted.")
    silent: int
    spans: list[SpanOut]
    months: list[PlanMonthOut]
    drivers: list[PlanDriverOut]
    spares: list[ShelfOut]


class ScenarioOut(Shape):
    name: str
    assumptions: dict[str, float | str] = Field(description="Those that are not the defaults.")
    note: str


class ScenarioList(Shape):
    items: list[ScenarioOut]


class NamedPlanOut(Shape):
    name: str
    plan: PlanOut


class ComparisonOut(Shape):
    items: list[NamedPlanOut]


class PlanPeriodOut(Shape):
    period: date = Field(description="Its first day.")
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float
    actual: float
    naive: float
    pinball: float


class HeldOut(Shape):
    successes: int
    n: int
    share: float
    low: float
    high: float


class BacktestOut(Shape):
    rows: int
    held80: HeldOut
    held95: HeldOut
    error: float
    naive_error: float
    relative_error: float | None
    pinball: float
    words: str


class TrialOut(Shape):
    of: str
    verdict: BacktestOut | None
    periods: list[PlanPeriodOut]


class TrialList(Shape):
    items: list[TrialOut]


class ScenarioBody(Request):
    name: Text = Field(min_length=1, max_length=80)
    assumptions: dict[str, float | Text] = Field(default_factory=dict, description="By the names a plan shows.")
    note: Text = Field(default="", max_length=500)


class NamePath(Request):
    name: Text = Field(max_length=80, description="Of a scenario, or `defaults`.")


class CompareQuery(Request):
    names: list[Text] = Field(min_length=1, max_length=_MOST_COMPARED, description="Of scenarios; the defaults come first by themselves.")


def _changes() -> type[Request]:
    """Every assumption as a parameter of the query."""
    fields: dict[str, Any] = {}
    for name, said in SAID.items():
        told = f"{said.name}, {said.unit}: {said.means}".replace(", :", ":")
        if isinstance(getattr(DEFAULTS, name), str):
            fields[name] = (Text | None, Field(default=None, max_length=200, description=told))
        else:
            fields[name] = (float | None, Field(default=None, ge=said.least, le=said.most, description=told))
    made: type[Request] = create_model("PlanQuery", __base__=Request, **fields)
    return made


PlanQuery = _changes()


@api.get("/plans", summary="The scenarios that are kept", responses={200: ScenarioList})
def list_plans() -> Response:
    with reading() as session:
        return answer(ScenarioList(items=[_scenario(one) for one in capacity_scenarios.all_of_them(session)]))


@api.get("/plans/compare", summary="The plans of scenarios beside each other", responses={200: ComparisonOut, **documented(404, 409)})
def compare_plans(query: CompareQuery) -> Response:
    with rehearsing() as session:
        plans = [(name, _made(session, name)) for name in (_DEFAULTS, *query.names)]
    return answer(ComparisonOut(items=[NamedPlanOut(name=name, plan=_plan(made)) for name, made in plans]))


@api.get("/plans/backtest", summary="What would have been said before, and what happened", responses={200: TrialList, **documented(409)})
def get_backtest() -> Response:
    with rehearsing() as session:
        facts = capacity_plans.gathered(session, clock()).facts
    return answer(TrialList(items=[TrialOut(**one) for one in shapes.trial_shapes(facts, capacity_plans.trials(facts))]))


@api.get("/plans/<name>", summary="The plan of a scenario", responses={200: PlanOut, **documented(404, 409)})
def get_plan(path: NamePath, query: PlanQuery) -> Response:  # type: ignore[valid-type]
    """`defaults` is the plan without changes; what the query assumes goes before what the scenario does."""
    with rehearsing() as session:
        return answer(_plan(_made(session, path.name, query)))


@api.get("/plans/<name>/workbook", summary="The same as a workbook, with its assumptions on a sheet", responses=documented(404, 409))
def get_workbook(path: NamePath, query: PlanQuery) -> Response:  # type: ignore[valid-type]
    with rehearsing() as session:
        made = _made(session, path.name, query)
    headers = {"Content-Disposition": f'attachment; filename="capacity-{made.facts.on}.xlsx"', "Cache-Control": "no-store"}
    return Response(workbook([(path.name, made)]), headers=headers, content_type=XLSX)


@api.post("/plans", summary="Keep assumptions as a scenario", responses={200: ScenarioOut, **documented(400, 409)})
@needs(Role.PLANNER)
def save_plan(body: ScenarioBody) -> Response:
    """In place of what was kept under the same name."""
    with writing() as session:
        kept = capacity_scenarios.save(session, body.name, body.assumptions, note=body.note, actor=actor(), now=clock())
        return answer(_scenario(kept))


@api.delete("/plans/<name>", summary="Delete a scenario", responses={204: None, **documented(404)})
@needs(Role.PLANNER)
def delete_plan(path: NamePath) -> Response:
    with writing() as session:
        capacity_scenarios.delete(session, path.name, actor=actor(), now=clock())
    return nothing()


def _made(session: Session, name: str, query: Any = None) -> Plan:
    said = {} if name == _DEFAULTS else capacity_scenarios.get(session, name).assumptions
    changed = query.model_dump(exclude_none=True) if query is not None else {}
    return capacity_plans.plan(capacity_plans.gathered(session, clock()).facts, {**said, **changed})


def _plan(made: Plan) -> PlanOut:
    return PlanOut(**shapes.shape(made))


def _scenario(one: Scenario) -> ScenarioOut:
    return ScenarioOut(name=one.name, assumptions=one.assumptions, note=one.note)
