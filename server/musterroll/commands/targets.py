"""`musterroll targets`: what headline figures should be, and what they are."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_list, print_table
from musterroll.domain.installed_base import target_wording as wording
from musterroll.domain.installed_base.benchmarks import BenchmarkFigure
from musterroll.domain.installed_base.targets import Aim, Measure, Move, ScopeKind, TargetBridge, TargetPeriod, points
from musterroll.domain.values.errors import DomainError
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.targets import Benchmark
from musterroll.usecases.installed_base import benchmarks, target_states
from musterroll.usecases.installed_base import targets as base_targets
from musterroll.usecases.installed_base.target_states import TargetState
from musterroll.usecases.installed_base.targets import TargetOf

_ACTOR = "command line"
_ROWS: Columns[TargetState] = (
    Column("NUMBER", lambda state: state.id, right=True),
    Column("FIGURE", lambda state: wording.MEASURES[state.course.of.measure]),
    Column("FOR", lambda state: state.name.name),
    Column("PERIOD", lambda state: state.course.of.period.value),
    Column("NOW", lambda state: wording.figure(state.course.of.measure, state.now.value) if state.now else "", right=True),
    Column("TARGET", lambda state: wording.aim(state.course.of.measure, state.aim) if state.aim else f"from {state.course.last.from_on}"),
    Column("LEVEL", lambda state: state.now and state.now.level),
    Column(
        "LAST PERIOD", lambda state: wording.figure(state.course.of.measure, state.previous.value) if state.previous else "", right=True
    ),
)
_BENCHMARKS: Columns[Benchmark] = (
    Column("NUMBER", lambda row: row.id, right=True),
    Column("FIGURE", lambda row: wording.MEASURES[row.measure]),
    Column("INDUSTRY", lambda row: row.industry),
    Column("YEAR", lambda row: row.year),
    Column("VALUE", lambda row: wording.plain(row.value), right=True),
    Column("SOURCE", lambda row: row.source),
)
_MEASURE = click.Choice([measure.value for measure in Measure])


@click.group("targets")
def targets() -> None:
    """Targets of active licences, coverage, attach rate and operating share, and benchmarks of the industry."""


@targets.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List targets with the figures last computed."""
    with context.database().snapshot() as session:
        counted = target_states.states(session, clock())
    print_list(counted.states, _ROWS, empty="No targets. To set one: musterroll targets set", as_json=as_json, shape=_shape)
    if counted.at and counted.states and not as_json:
        click.echo(f"Figures of {counted.at:%Y-%m-%d %H:%M} UTC")


@targets.command("show")
@click.argument("number", type=click.IntRange(1, 2**53 - 1))
@json_option
@click.pass_obj
def show(context: Context, number: int, as_json: bool) -> None:
    """Show the trend and history of target NUMBER, and what changed since the last period."""
    with context.database().snapshot() as session:
        state, _ = target_states.state(session, number, clock())
    if as_json:
        print_json({**_shape(state), "trend": _trend(state), "history": _history(state), "bridge": _bridge(state.bridge)})
        return
    measure = state.course.of.measure
    click.echo(f"{wording.MEASURES[measure]}, {state.name.name}, by {state.course.of.period}")
    for point in state.trend:
        aim = f"  target {wording.aim(measure, point.aim)}: {point.level or 'no units'}" if point.aim else ""
        click.echo(f"{point.on}  {wording.figure(measure, point.value)}{aim}")
    if state.bridge:
        _print_bridge(measure, state.bridge)
    click.echo("\nHistory")
    for row in state.course.versions:
        held = state.course.aim(row.from_on)
        click.echo(f"from {row.from_on}: {wording.aim(measure, held) if held else 'no target'}, set by {row.set_by}")


@targets.command("set")
@click.argument("measure", type=_MEASURE)
@click.argument("value")
@click.option("--tolerance", default="0", show_default=True, help="Percent of the licences, or percentage points of a share.")
@click.option("--scope", default="fleet", show_default=True, type=click.Choice([kind.value for kind in ScopeKind]), help="What it is for.")
@click.option("--key", default="", help="Which account (number), product (maker and model), segment, customer segment or country.")
@click.option("--by", "period", default="month", show_default=True, type=click.Choice([of.value for of in TargetPeriod]), help="Period.")
@click.option("--from", "from_on", type=click.DateTime(["%Y-%m", "%Y-%m-%d"]), help="First period; default: the present one.")
@click.pass_obj
def set_(context: Context, measure: str, value: str, tolerance: str, scope: str, key: str, period: str, from_on: datetime | None) -> None:
    """Set a target, as in: musterroll targets set coverage_rate 95 --tolerance 2 --scope country --key DE"""
    aim, now = Aim(_number(value), _number(tolerance)), clock()
    with context.database().transaction() as session:
        of = TargetOf(Measure(measure), base_targets.scope_named(session, ScopeKind(scope), key), TargetPeriod(period))
        _saved(base_targets.set_target(session, of, aim, from_on.date() if from_on else now.date(), _ACTOR, now))


@targets.command("remove")
@click.argument("number", type=click.IntRange(1, 2**53 - 1))
@click.pass_obj
def remove(context: Context, number: int) -> None:
    """End target NUMBER from the present period on; its history stays."""
    with context.database().transaction() as session:
        _saved(base_targets.end_target(session, number, _ACTOR, clock()))


@targets.group("benchmarks")
def benchmarks_() -> None:
    """Benchmark figures of the industry. To import a list: musterroll import benchmarks FILE."""


@benchmarks_.command("list")
@json_option
@click.pass_obj
def list_benchmarks(context: Context, as_json: bool) -> None:
    """List benchmarks with their source."""
    with context.database().snapshot() as session:
        rows = stored.benchmarks(session)
    empty = "No benchmarks. To import a list: musterroll import benchmarks FILE"
    print_list(rows, _BENCHMARKS, empty=empty, as_json=as_json, shape=lambda row: row.model_dump(mode="json"))


@benchmarks_.command("set")
@click.argument("measure", type=_MEASURE)
@click.argument("year", type=int)
@click.argument("value")
@click.argument("source")
@click.option("--industry", default="", help="What it was measured in.")
@click.pass_obj
def set_benchmark(context: Context, measure: str, year: int, value: str, source: str, industry: str) -> None:
    """Enter a benchmark, as in: musterroll targets benchmarks set attach_rate 2025 64 "Field service survey" """
    with context.database().transaction() as session:
        figure = BenchmarkFigure(Measure(measure), industry, year, _number(value), source)
        _saved(benchmarks.set_benchmark(session, figure, _ACTOR, clock()))


@benchmarks_.command("remove")
@click.argument("number", type=click.IntRange(1, 2**53 - 1))
@click.pass_obj
def remove_benchmark(context: Context, number: int) -> None:
    """Remove benchmark NUMBER."""
    with context.database().transaction() as session:
        _saved(benchmarks.remove(session, number, _ACTOR, clock()))


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise DomainError(f"{text[:20]!r} is not a number such as 95") from None


def _saved(change: AuditChange | None) -> None:
    click.echo(f"Saved. To undo: musterroll changes undo {change.id}" if change else "Nothing to change")


def _shape(state: TargetState) -> dict[str, Any]:
    of, now, aim = state.course.of, state.now, state.aim
    facts = {"id": state.id, "measure": of.measure, "scope": of.scope.kind, "key": state.name.ref, "name": state.name.name}
    value = points(now.value.number) if now else None
    counts = {"numerator": now and now.value.part, "denominator": now and now.value.whole, "level": now and now.level}
    past = {name: points(point.value.number) if point else None for name, point in _past(state).items()}
    return {
        **facts,
        "period": of.period,
        "target": aim and f"{aim.value.normalize():f}",
        "tolerance": aim and f"{aim.tolerance.normalize():f}",
        "on": now and now.on,
        "value": value,
        **counts,
        **past,
    }


def _past(state: TargetState) -> dict[str, Any]:
    return {"last_period": state.previous, "last_year": state.last_year}


def _trend(state: TargetState) -> list[dict[str, Any]]:
    return [{"on": point.on, "value": points(point.value.number), "level": point.level} for point in state.trend]


def _history(state: TargetState) -> list[dict[str, Any]]:
    return [
        {"from_on": row.from_on, "target": row.value, "tolerance": row.tolerance, "set_by": row.set_by} for row in state.course.versions
    ]


def _bridge(bridge: TargetBridge | None) -> dict[str, Any] | None:
    if bridge is None:
        return None

    def moves(some: list[Move]) -> list[dict[str, Any]]:
        return [{"key": move.key, "name": move.name, "units": move.units, "effect": points(bridge.effect(move))} for move in some]

    parts = {"reasons": moves(bridge.reasons), "accounts": moves(bridge.accounts), "products": moves(bridge.products)}
    return {"since": bridge.since, **parts, "units": [unit._asdict() for unit in bridge.units]}


def _print_bridge(measure: Measure, bridge: TargetBridge) -> None:
    click.echo(f"\nChange since {bridge.since}: {wording.figure(measure, bridge.before)} to {wording.figure(measure, bridge.after)}")
    columns: Columns[Move] = (
        Column("", lambda move: move.name or move.key),
        Column("UNITS", lambda move: f"{move.units:,}", right=True),
        Column("CHANGE", lambda move: wording.change(measure, bridge.effect(move)), right=True),
    )
    reasons = [move._replace(name=wording.reason(measure, move.key)) for move in bridge.reasons]
    for moves in (reasons, bridge.accounts, bridge.products):
        if moves:
            print_table(moves, columns)
