"""Targets: how each stands, what moved it, its history; setting and ending one, and benchmarks beside them."""

from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask import Blueprint, make_response, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.installed_base.benchmarks import BenchmarkFigure
from musterroll.domain.installed_base.target_wording import MEASURES
from musterroll.domain.installed_base.targets import Aim, Measure, ScopeKind, TargetLevel, TargetPeriod
from musterroll.domain.values.errors import Conflict, DomainError
from musterroll.storage.installed_base import targets as stored
from musterroll.usecases.fleet import segments
from musterroll.usecases.installed_base import benchmarks, target_states, targets
from musterroll.usecases.installed_base.target_states import TargetState
from musterroll.usecases.installed_base.targets import TargetOf
from musterroll.usecases.liveness import window_settings
from musterroll.web.charts.lines import Lines, lines, marks
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("targets", __name__)


@pages.get("/targets")
def overview() -> str:
    return _page()


@pages.get("/targets/<int:number>")
def show(number: int) -> str:
    now = clock()
    with read_only() as session:
        state, at = target_states.state(session, number, now)
        days = [point.on for point in state.trend]
        changes = window_settings.changes(session, days[0]) if days else []
    marked = marks(days, [change.on for change in changes])
    return page("target.html", now, state=state, at=at, drawn=_drawn(state), changes=changes, marks=marked)


@pages.post("/targets")
@needs(Role.PLANNER)
def set_target() -> Response:
    now = clock()
    try:
        aim = Aim(_number("value", "the target"), _number("tolerance", "the tolerance", "0"))
        with transaction() as session:
            scope = targets.scope_named(session, _choice(ScopeKind, "scope"), _field("key"))
            of = TargetOf(_choice(Measure, "measure"), scope, _choice(TargetPeriod, "period"))
            targets.set_target(session, of, aim, _day(_field("from_on"), now.date()), actor().name, now)
    except DomainError as refusal:
        return make_response(_page(str(refusal)), 422)
    return redirect("/targets", 303)


@pages.post("/targets/<int:number>/end")
@needs(Role.PLANNER)
def end(number: int) -> Response:
    with transaction() as session:
        targets.end_target(session, number, actor().name, clock())
    return redirect("/targets", 303)


@pages.post("/targets/benchmarks")
@needs(Role.PLANNER, everywhere=True)
def set_benchmark() -> Response:
    year = _field("year")
    try:
        value = _number("value", "the benchmark")
        figure = BenchmarkFigure(
            _choice(Measure, "measure"), _field("industry"), int(year) if year.isdecimal() else 0, value, _field("source")
        )
        with transaction() as session:
            benchmarks.set_benchmark(session, figure, actor().name, clock())
    except DomainError as refusal:
        return make_response(_page(str(refusal)), 422)
    return redirect("/targets#benchmarks", 303)


@pages.post("/targets/benchmarks/<int:number>/remove")
@needs(Role.PLANNER, everywhere=True)
def remove_benchmark(number: int) -> Response:
    with transaction() as session:
        benchmarks.remove(session, number, actor().name, clock())
    return redirect("/targets#benchmarks", 303)


def _page(refused: str | None = None) -> str:
    now = clock()
    with read_only() as session:
        counted = target_states.states(session, now)
        figures = stored.benchmarks(session)
        saved = [] if actor().within is not None else segments.all_segments(session)
    kinds = list(ScopeKind) if actor().within is None else [ScopeKind.ACCOUNT]
    levels = {level: sum(state.now is not None and state.now.level is level for state in counted.states) for level in TargetLevel}
    form: dict[str, Any] = dict(request.form)
    words = {"measures": MEASURES, "kinds": kinds, "periods": list(TargetPeriod), "segments": saved, "form": form, "refused": refused}
    rows = sorted(counted.states, key=_order)
    return page("targets.html", now, states=rows, at=counted.at, levels=levels, benchmarks=figures, **words)


def _order(state: TargetState) -> tuple[int, str, str]:
    level = state.now.level if state.now else None
    ranks = [TargetLevel.BELOW, TargetLevel.AT, TargetLevel.ABOVE]
    return (ranks.index(level) if level else len(ranks), state.name.name, state.course.of.measure)


def _drawn(state: TargetState) -> Lines | None:
    """The trend as lines; shares in tenths of a percent, as the axis has whole numbers. The target is drawn where there was one."""
    points = [(point, number) for point in state.trend if (number := point.value.number) is not None]
    of = 10 if state.course.of.measure.is_share else 1
    held = [point.aim for point, _ in points if point.aim]
    aims = [point.aim or held[0] for point, _ in points] if held else []
    values = {
        "value": [round(of * number) for _, number in points],
        **({"target": [round(of * aim.value) for aim in aims]} if aims else {}),
    }
    drawn = lines([point.on for point, _ in points], values) if points else None
    if drawn and aims:
        places = zip(drawn.points["target"].split(), points, strict=True)
        drawn.points["target"] = " ".join(place for place, (point, _) in places if point.aim)
    return drawn


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:200]


def _choice(kind: Any, name: str) -> Any:
    text = _field(name)
    if text not in set(kind):
        raise Conflict(f"choose one of {', '.join(kind)}", "bad_choice")
    return kind(text)


def _number(name: str, what: str, default: str = "") -> Decimal:
    try:
        return Decimal(_field(name).replace(",", ".") or default)
    except InvalidOperation:
        raise Conflict(f"enter {what} as a number such as 95", "bad_number") from None


def _day(text: str, default: date) -> date:
    try:
        return date.fromisoformat(text if len(text) != len("2026-12") else f"{text}-01") if text else default
    except ValueError:
        raise Conflict("enter the first month of the target, such as 2026-12", "bad_day") from None
