"""Targets of headline figures: how each stands, setting and ending them, benchmarks beside them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from flask import Response
from pydantic import Field, PlainSerializer
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.installed_base import benchmarks as benchmark_rules
from musterroll.domain.installed_base.benchmarks import BenchmarkFigure
from musterroll.domain.installed_base.targets import (
    MOST_LICENCES,
    Aim,
    Measure,
    Move,
    MoveReason,
    ScopeKind,
    TargetBridge,
    TargetLevel,
    TargetPeriod,
    points,
)
from musterroll.domain.values import cursors
from musterroll.domain.values.instants import from_ms
from musterroll.storage.installed_base import targets as stored
from musterroll.usecases.installed_base import benchmarks, target_states, targets
from musterroll.usecases.installed_base.target_states import TargetState, TrendPoint
from musterroll.usecases.installed_base.targets import TargetOf

api = guarded("targets", "installed base")
Number = Annotated[Decimal, PlainSerializer(lambda value: f"{value.normalize():f}", return_type=str)]


class TargetOut(Schema):
    id: int
    measure: Measure
    scope: ScopeKind
    key: str = Field(description="Which account (number), product, segment (key), customer segment or country; empty: whole fleet.")
    name: str
    period: TargetPeriod
    target: Number | None = Field(description="Licences or percent; null: the target begins later.")
    tolerance: Number | None = Field(description="Percent of the licences, or percentage points of a share.")
    from_on: date = Field(description="First day of the newest version.")
    set_by: str
    set_at: datetime
    on: date | None = Field(description="Day of the value; null: not computed yet.")
    value: float | None = Field(description="Licences or percent; null: of no units, or not computed yet.")
    numerator: int | None
    denominator: int | None
    level: TargetLevel | None
    last_period: float | None = Field(description="Value at the end of the last period.")
    last_year: float | None = Field(description="Value at the end of the same period a year before.")


class TargetPage(Schema):
    items: list[TargetOut]
    next: str | None
    at: datetime | None = Field(description="When the values were computed.")


class TargetPoint(Schema):
    on: date
    value: float | None
    numerator: int
    denominator: int | None
    target: Number | None
    level: TargetLevel | None


class MoveOut(Schema):
    key: str
    name: str
    units: int
    effect: float | None = Field(description="Licences, or percentage points.")


class MovedUnitOut(Schema):
    uid: str
    serial: str
    model: str
    account: str
    reason: MoveReason


class TargetBridgeOut(Schema):
    """What changed since the end of the last period. The effects of the reasons add up to the difference."""

    since: date
    before: float | None
    after: float | None
    reasons: list[MoveOut]
    accounts: list[MoveOut] = Field(description="Those that moved it most.")
    account_count: int
    products: list[MoveOut] = Field(description="Those that moved it most.")
    product_count: int
    units: list[MovedUnitOut] = Field(description="Some of the units.")


class TargetVersion(Schema):
    from_on: date
    target: Number | None = Field(description="Null: no target from then on.")
    tolerance: Number
    set_by: str
    set_at: datetime


class TargetDetail(TargetOut):
    trend: list[TargetPoint]
    bridge: TargetBridgeOut | None
    history: list[TargetVersion]


class TargetPath(RequestSchema):
    number: int = Field(le=2**53 - 1)


class TargetBody(RequestSchema):
    measure: Measure
    scope: ScopeKind = ScopeKind.FLEET
    key: Text = Field(default="", max_length=200, description="Account number, maker and model, name or key of a segment, or country.")
    period: TargetPeriod = TargetPeriod.MONTH
    target: Decimal = Field(ge=0, le=MOST_LICENCES, decimal_places=4)
    tolerance: Decimal = Field(default=Decimal(0), ge=0, le=100, decimal_places=4)
    from_on: Day | None = Field(default=None, description="A day of the first period; default: the present one.")


class BenchmarkBody(RequestSchema):
    measure: Measure
    industry: Text = Field(default="", max_length=80)
    year: int = Field(ge=benchmark_rules.FIRST_YEAR, le=benchmark_rules.LAST_YEAR)
    value: Decimal = Field(ge=0, le=MOST_LICENCES, decimal_places=4)
    source: Text = Field(min_length=1, max_length=200)


class BenchmarkOut(Schema):
    id: int
    measure: Measure
    industry: str
    year: int
    value: Number
    source: str


class BenchmarkPage(Schema):
    items: list[BenchmarkOut]
    next: str | None


@listing(api, "/targets", TargetPage, "Targets and how they stand")
def list_targets(query: ListQuery) -> Response:
    with read_only() as session:
        counted = target_states.states(session, clock())
    states = sorted(counted.states, key=lambda state: state.id)

    def fetch(_: Session, cursor: str | None, limit: int) -> Page:
        behind = [state for state in states if state.id > (cursors.number(cursor) or 0)]
        rows, following = cursors.cut(behind, limit, lambda state: (state.id,))
        return list(map(_out, rows)), following

    return listed(TargetPage, query, "targets", fetch, lambda: {"at": counted.at})


@api.get("/targets/<int:number>", summary="A target with its trend and history", responses={200: TargetDetail, **documented(404)})
def get_target(path: TargetPath) -> Response:
    with read_only() as session:
        state, _ = target_states.state(session, path.number, clock())
    versions = state.course.versions
    trend = [_point(state, point) for point in state.trend]
    history = [
        TargetVersion(from_on=row.from_on, target=row.value, tolerance=row.tolerance, set_by=row.set_by, set_at=from_ms(row.set_at))
        for row in versions
    ]
    bridge = _bridge(state.bridge) if state.bridge else None
    return answer(TargetDetail(**_out(state).model_dump(), trend=trend, bridge=bridge, history=history))


@api.put("/targets", summary="Set a target", responses={200: ChangeOut, 204: None, **documented(400, 404, 409, 413, 415)})
@needs(Role.PLANNER)
def put_target(body: TargetBody) -> Response:
    """From the given period on; what was in force before stays as history. Can be undone. 204: nothing to change."""
    now = clock()
    with transaction() as session:
        of = TargetOf(body.measure, targets.scope_named(session, body.scope, body.key), body.period)
        change = targets.set_target(session, of, Aim(body.target, body.tolerance), body.from_on or now.date(), actor(), now)
        return answer(change_out(change)) if change else no_content()


@api.delete("/targets/<int:number>", summary="End a target", responses={200: ChangeOut, 204: None, **documented(404)})
@needs(Role.PLANNER)
def delete_target(path: TargetPath) -> Response:
    """From the present period on; its history stays. Can be undone. 204: nothing to change."""
    with transaction() as session:
        change = targets.end_target(session, path.number, actor(), clock())
        return answer(change_out(change)) if change else no_content()


@listing(api, "/benchmarks", BenchmarkPage, "Benchmark figures of the industry")
def list_benchmarks(query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        rows = sorted(stored.benchmarks(session), key=lambda row: row.id or 0)
        behind = [row for row in rows if (row.id or 0) > (cursors.number(cursor) or 0)]
        some, following = cursors.cut(behind, limit, lambda row: (row.id,))
        return [BenchmarkOut(**row.model_dump()) for row in some], following

    return listed(BenchmarkPage, query, "benchmarks", fetch)


@api.put("/benchmarks", summary="Enter a benchmark", responses={200: ChangeOut, 204: None, **documented(400, 409, 413, 415)})
@needs(Role.PLANNER, everywhere=True)
def put_benchmark(body: BenchmarkBody) -> Response:
    """Lists are imported as documents of the kind `benchmarks`. Can be undone. 204: nothing to change."""
    with transaction() as session:
        change = benchmarks.set_benchmark(session, BenchmarkFigure(**body.model_dump()), actor(), clock())
        return answer(change_out(change)) if change else no_content()


@api.delete("/benchmarks/<int:number>", summary="Remove a benchmark", responses={200: ChangeOut, **documented(404)})
@needs(Role.PLANNER, everywhere=True)
def delete_benchmark(path: TargetPath) -> Response:
    """Can be undone."""
    with transaction() as session:
        return answer(change_out(benchmarks.remove(session, path.number, actor(), clock())))


def _out(state: TargetState) -> TargetOut:
    of, version, now = state.course.of, state.course.last, state.now
    return TargetOut(
        id=state.id,
        measure=of.measure,
        scope=of.scope.kind,
        key=state.name.ref,
        name=state.name.name,
        period=of.period,
        target=state.aim and state.aim.value,
        tolerance=state.aim and state.aim.tolerance,
        from_on=version.from_on,
        set_by=version.set_by,
        set_at=from_ms(version.set_at),
        on=now and now.on,
        value=points(now.value.number) if now else None,
        numerator=now and now.value.part,
        denominator=now and now.value.whole,
        level=now and now.level,
        last_period=points(state.previous.value.number) if state.previous else None,
        last_year=points(state.last_year.value.number) if state.last_year else None,
    )


def _point(state: TargetState, point: TrendPoint) -> TargetPoint:
    return TargetPoint(
        on=point.on,
        value=points(point.value.number),
        numerator=point.value.part,
        denominator=point.value.whole,
        target=point.aim and point.aim.value,
        level=point.level,
    )


def _bridge(bridge: TargetBridge) -> TargetBridgeOut:
    def moves(some: list[Move]) -> list[MoveOut]:
        return [MoveOut(key=move.key, name=move.name, units=move.units, effect=points(bridge.effect(move))) for move in some]

    return TargetBridgeOut(
        since=bridge.since,
        before=points(bridge.before.number),
        after=points(bridge.after.number),
        reasons=moves(bridge.reasons),
        accounts=moves(bridge.accounts),
        account_count=bridge.account_count,
        products=moves(bridge.products),
        product_count=bridge.product_count,
        units=[MovedUnitOut(**unit._asdict()) for unit in bridge.units],
    )
