"""Capacity plans: expected support demand, scenarios, and the back-test."""

from datetime import date
from typing import Any

from flask import Response
from pydantic import Field, create_model
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, read_only, snapshot, transaction
from musterroll.api.http.lists import XLSX
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.capacity.assumptions import DEFAULTS, LONGEST, SPECS
from musterroll.domain.capacity.plan import Plan
from musterroll.storage.capacity import log_start as stored_log_start
from musterroll.storage.tables.capacity import Scenario
from musterroll.usecases.capacity import log_start as capacity_log_start
from musterroll.usecases.capacity import plans as capacity_plans
from musterroll.usecases.capacity import scenarios as capacity_scenarios
from musterroll.usecases.capacity import shapes
from musterroll.usecases.capacity.workbook import workbook

api = guarded("plans", "plans")

_MOST_COMPARED = 4
_DEFAULTS = capacity_scenarios.DEFAULTS


class EstimateOut(Schema):
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float


class HeadsOut(Schema):
    fte: float
    heads: int
    low80: int
    high80: int
    low95: int
    high95: int


class DeskOut(Schema):
    positions: int = Field(description="Support agents to employ.")
    raw_positions: int = Field(description="Support agents on duty in the busiest half hour.")
    service_level: float
    occupancy: float
    waiting_probability: float
    average_wait: float = Field(description="In seconds.")


class SimpleOut(Schema):
    name: str
    mean: float


class SpanOut(Schema):
    name: str
    first: date
    until: date = Field(description="First day after the period.")
    unit_months: float
    incidents: EstimateOut
    naive: float = Field(description="Incidents in the same period last year.")
    simple: SimpleOut = Field(description="The simple estimate of incidents that was nearest in the back-test.")
    grade: str | None = Field(description="What the back-test of such periods says of the ranges; null without one.")
    visits: EstimateOut
    recall_visits: float
    field_hours: EstimateOut
    desk_hours: EstimateOut
    hours: EstimateOut
    field: HeadsOut
    desk: DeskOut
    desk_high: DeskOut = Field(description="At the upper end of the 80 % range.")
    parts: EstimateOut
    cost: EstimateOut
    covered_share: float


class PlanMonthOut(Schema):
    month: date
    unit_months: float
    incidents: EstimateOut
    naive: float
    hours: float
    covered_share: float


class PlanDriverOut(Schema):
    product: str
    borrows_from: str
    operating: int
    seen: float
    unit_months: float
    factor: float = Field(description="Visits relative to those expected from the rates of its product family by age.")
    low: float
    high: float
    weight_of_own_data: float
    next_quarter: float


class ShelfOut(Schema):
    product: str
    region: str
    units: int
    stock: int
    ready: float = Field(description="Probability that the stock lasts for the lead time.")
    fill: float
    demand_mean: float


class PlanOut(Schema):
    """`low80` to `high80` is the 80 % range, `low95` to `high95` the 95 % range."""

    on: date
    assumptions: dict[str, float | str]
    log: str = Field(description="Which incidents the plan is based on, in words.")
    condition: str = Field(description="The pace of deployments that the estimates depend on, in words.")
    operating: int
    never_heard: int = Field(description="Units deployed on record but never heard; not counted.")
    silent: int
    spans: list[SpanOut]
    months: list[PlanMonthOut]
    drivers: list[PlanDriverOut]
    spares: list[ShelfOut]


class ScenarioOut(Schema):
    name: str
    assumptions: dict[str, float | str] = Field(description="Assumptions that differ from the defaults.")
    note: str


class ScenarioList(Schema):
    items: list[ScenarioOut]


class NamedPlanOut(Schema):
    name: str
    plan: PlanOut


class ComparisonOut(Schema):
    items: list[NamedPlanOut]


class PlanPeriodOut(Schema):
    period: date = Field(description="First day of the period.")
    mean: float
    low80: float
    high80: float
    low95: float
    high95: float
    actual: float
    naive: float
    three_months: float | None = Field(description="By the rate of the last 3 months and the fleet.")
    twelve_months: float | None = Field(description="By the rate of the last 12 months and the fleet.")
    pinball: float


class HeldOut(Schema):
    successes: int
    n: int
    share: float
    low: float
    high: float


class BacktestOut(Schema):
    rows: int
    held80: HeldOut
    held95: HeldOut
    error: float
    naive_error: float
    best_baseline: str = Field(description="The simple estimate with the smallest error.")
    best_error: float
    relative_error: float | None = Field(description="The error over that of the best simple estimate.")
    pinball: float
    grade: str
    words: str


class TrialOut(Schema):
    of: str
    verdict: BacktestOut | None
    periods: list[PlanPeriodOut]


class TrialList(Schema):
    items: list[TrialOut]


class ScenarioBody(RequestSchema):
    name: Text = Field(min_length=1, max_length=80)
    assumptions: dict[str, float | Text] = Field(default_factory=dict, description="By name, as shown in a plan.")
    note: Text = Field(default="", max_length=500)


class LogStartOut(Schema):
    month: str | None = Field(description="Such as 2026-01; null: from where the record seems to begin.")


class LogStartBody(RequestSchema):
    month: Text | None = Field(max_length=7, description="Such as 2026-01; null: from where the record seems to begin.")


class NamePath(RequestSchema):
    name: Text = Field(max_length=80, description="Name of a scenario, or `defaults`.")


class CompareQuery(RequestSchema):
    names: list[Text] = Field(
        min_length=1, max_length=_MOST_COMPARED, description="Names of scenarios; the defaults are added as the first."
    )


def _changes() -> type[RequestSchema]:
    """Every assumption as a query parameter."""
    fields: dict[str, Any] = {}
    for name, spec in SPECS.items():
        description = f"{spec.name}, {spec.unit}: {spec.means}".replace(", :", ":")
        if isinstance(getattr(DEFAULTS, name), str):
            fields[name] = (Text | None, Field(default=None, max_length=LONGEST if name == "deployed" else 200, description=description))
        else:
            fields[name] = (float | None, Field(default=None, ge=spec.least, le=spec.most, description=description))
    model: type[RequestSchema] = create_model("PlanQuery", __base__=RequestSchema, **fields)
    return model


PlanQuery = _changes()


@api.get("/plans", summary="Saved scenarios", responses={200: ScenarioList})
def list_plans() -> Response:
    with read_only() as session:
        return answer(ScenarioList(items=[_scenario(scenario) for scenario in capacity_scenarios.all_scenarios(session)]))


@api.get("/plans/compare", summary="Compare the plans of scenarios", responses={200: ComparisonOut, **documented(404, 409)})
def compare_plans(query: CompareQuery) -> Response:
    with snapshot() as session:
        plans = [(name, _plan_of(session, name)) for name in (_DEFAULTS, *query.names)]
    return answer(ComparisonOut(items=[NamedPlanOut(name=name, plan=_plan(plan)) for name, plan in plans]))


@api.get(
    "/plans/backtest",
    summary="Back-test: earlier forecasts by the same method, and what happened",
    responses={200: TrialList, **documented(409)},
)
def get_backtest() -> Response:
    with snapshot() as session:
        facts = capacity_plans.gathered(session, clock()).facts
    return answer(TrialList(items=[TrialOut(**trial) for trial in shapes.trial_shapes(facts, capacity_plans.backtests(facts))]))


@api.get("/plans/log-start", summary="The month from which incidents count", responses={200: LogStartOut})
def get_log_start() -> Response:
    with read_only() as session:
        return answer(LogStartOut(month=stored_log_start.chosen(session) or None))


@api.put("/plans/log-start", summary="Choose the month from which incidents count", responses={200: ChangeOut, **documented(400, 409)})
@needs(Role.PLANNER, everywhere=True)
def put_log_start(body: LogStartBody) -> Response:
    """Where the record of incidents begins later or earlier than the plan takes it to. Takes effect within a minute; can be undone."""
    with transaction() as session:
        return answer(change_out(capacity_log_start.choose(session, body.month or "", actor(), clock())))


@api.get("/plans/<name>", summary="The plan of a scenario", responses={200: PlanOut, **documented(404, 409)})
def get_plan(path: NamePath, query: PlanQuery) -> Response:  # type: ignore[valid-type]
    """`defaults` is the plan with default assumptions. Query parameters override those of the scenario."""
    with snapshot() as session:
        return answer(_plan(_plan_of(session, path.name, query)))


@api.get("/plans/<name>/workbook", summary="The plan as a workbook, with its assumptions on a sheet", responses=documented(404, 409))
def get_workbook(path: NamePath, query: PlanQuery) -> Response:  # type: ignore[valid-type]
    with snapshot() as session:
        plan = _plan_of(session, path.name, query)
    headers = {"Content-Disposition": f'attachment; filename="capacity-{plan.facts.on}.xlsx"', "Cache-Control": "no-store"}
    return Response(workbook([(path.name, plan)]), headers=headers, content_type=XLSX)


@api.post("/plans", summary="Save assumptions as a scenario", responses={200: ScenarioOut, **documented(400, 409)})
@needs(Role.PLANNER)
def save_plan(body: ScenarioBody) -> Response:
    """Replaces an earlier scenario of this name."""
    with transaction() as session:
        scenario = capacity_scenarios.save(session, body.name, body.assumptions, note=body.note, actor=actor(), now=clock())
        return answer(_scenario(scenario))


@api.delete("/plans/<name>", summary="Delete a scenario", responses={204: None, **documented(404)})
@needs(Role.PLANNER)
def delete_plan(path: NamePath) -> Response:
    with transaction() as session:
        capacity_scenarios.delete(session, path.name, actor=actor(), now=clock())
    return no_content()


def _plan_of(session: Session, name: str, query: Any = None) -> Plan:
    assumptions = {} if name == _DEFAULTS else capacity_scenarios.get(session, name).assumptions
    changed = query.model_dump(exclude_none=True) if query is not None else {}
    return capacity_plans.plan(capacity_plans.gathered(session, clock()).facts, {**assumptions, **changed})


def _plan(plan: Plan) -> PlanOut:
    return PlanOut(**shapes.shape(plan))


def _scenario(scenario: Scenario) -> ScenarioOut:
    return ScenarioOut(name=scenario.name, assumptions=scenario.assumptions, note=scenario.note)
