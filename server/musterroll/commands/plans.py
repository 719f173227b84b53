"""`musterroll plan`: expected support demand (incidents, hours, staff, parts, cost), its back-test, and scenarios."""

from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from musterroll.commands.context import Context, clock, fail
from musterroll.commands.deliveries import deliveries
from musterroll.commands.reconciliation import DayOrInstant
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_list, print_table
from musterroll.domain.capacity.assumptions import DEFAULTS, SPECS, Spec
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import day_end
from musterroll.storage.tables.capacity import Scenario

_ASSUMPTIONS: Columns[tuple[str, Spec]] = (
    Column("NAME", lambda row: row[0]),
    Column("DEFAULT", lambda row: _default(row[0]), right=True),
    Column("UNIT", lambda row: row[1].unit),
    Column("MEANING", lambda row: f"{row[1].name}: {row[1].means}"),
)
_SCENARIOS: Columns[Scenario] = (
    Column("NAME", lambda scenario: scenario.name),
    Column("ASSUMPTIONS", lambda scenario: ", ".join(f"{name}={value}" for name, value in scenario.assumptions.items()) or "defaults"),
    Column("NOTE", lambda scenario: scenario.note),
)
on_option = click.option("--on", type=DayOrInstant(), help="As of this day, or an instant such as 2026-11-01T12:00Z; default: now.")


@click.group(invoke_without_command=True)
@on_option
@click.option("--scenario", metavar="NAME", help="Use the assumptions of this scenario.")
@click.option("--assume", "pairs", multiple=True, metavar="NAME=VALUE", help="Change an assumption, such as deployments=150.")
@click.option("--xlsx", type=click.Path(path_type=Path, dir_okay=False), help="Also write the plan to this workbook.")
@json_option
@click.pass_context
def plan(
    click_context: click.Context, on: date | datetime | None, scenario: str | None, pairs: tuple[str, ...], xlsx: Path | None, as_json: bool
) -> None:
    """Forecast support demand: incidents, hours, staff, parts and cost, with confidence ranges.

    `musterroll plan assumptions` lists the assumptions and their defaults.
    """
    if click_context.invoked_subcommand is not None:
        return
    from musterroll.commands.plan_output import print_plan
    from musterroll.usecases.capacity import plans as capacity_plans
    from musterroll.usecases.capacity import shapes

    context, now = click_context.ensure_object(Context), clock()
    assumptions = _assumptions_of(context, scenario) | _pairs(pairs)
    result = capacity_plans.plan(facts_of(context, on, now), assumptions)
    if xlsx is not None:
        from musterroll.usecases.capacity.workbook import workbook

        xlsx.write_bytes(workbook([("plan", result)]))
    print_json(shapes.shape(result)) if as_json else print_plan(result)


@plan.command()
@on_option
@json_option
@click.pass_obj
def backtest(context: Context, on: date | datetime | None, as_json: bool) -> None:
    """Back-test: what the same method would have forecast before each past month, and what happened."""
    from musterroll.commands.plan_output import print_backtests
    from musterroll.usecases.capacity import plans as capacity_plans
    from musterroll.usecases.capacity import shapes

    facts = facts_of(context, on, clock())
    trials = capacity_plans.backtests(facts)
    if as_json:
        print_json(shapes.trial_shapes(facts, trials))
    else:
        print_backtests(facts, trials)


@plan.command()
@json_option
def assumptions(as_json: bool) -> None:
    """List the assumptions with their defaults."""
    if as_json:
        print_json({name: {**assumption._asdict(), "default": getattr(DEFAULTS, name)} for name, assumption in SPECS.items()})
    else:
        print_table(list(SPECS.items()), _ASSUMPTIONS)


@plan.command("log-start")
@click.argument("month", metavar="YYYY-MM|auto")
@click.pass_obj
def log_start(context: Context, month: str) -> None:
    """Count incidents from this month on; auto: from where the record seems to begin."""
    from musterroll.usecases.capacity import log_start as capacity_log_start

    with context.database().transaction() as session:
        capacity_log_start.choose(session, "" if month == "auto" else month, "cli", clock())
    click.echo("Incidents count " + ("from where their record seems to begin." if month == "auto" else f"from {month} on."))


plan.add_command(deliveries)


@plan.group()
def scenarios() -> None:
    """Manage scenarios: saved sets of assumptions."""


@scenarios.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List scenarios."""
    from musterroll.usecases.capacity import scenarios as capacity_scenarios

    with context.database().snapshot() as session:
        saved = capacity_scenarios.all_scenarios(session)
    empty = "No scenarios. To save one: musterroll plan scenarios save NAME --assume NAME=VALUE"
    print_list(saved, _SCENARIOS, empty=empty, as_json=as_json, shape=lambda row: row.model_dump(include={"name", "assumptions", "note"}))


@scenarios.command()
@click.argument("name")
@click.option("--assume", "pairs", multiple=True, metavar="NAME=VALUE", help="Assumption that differs from the default.")
@click.option("--note", default="", help="Note.")
@click.pass_obj
def save(context: Context, name: str, pairs: tuple[str, ...], note: str) -> None:
    """Save assumptions as the scenario NAME, replacing an earlier one."""
    from musterroll.usecases.capacity import scenarios as capacity_scenarios

    with context.database().transaction() as session:
        scenario = capacity_scenarios.save(session, name, _pairs(pairs), note=note, actor="cli", now=clock())
    click.echo(f"Scenario {scenario.name} saved.")


@scenarios.command()
@click.argument("name")
@click.pass_obj
def delete(context: Context, name: str) -> None:
    """Delete scenario NAME."""
    from musterroll.usecases.capacity import scenarios as capacity_scenarios

    with context.database().transaction() as session:
        capacity_scenarios.delete(session, name, actor="cli", now=clock())
    click.echo(f"Scenario {name} deleted.")


@plan.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@on_option
@json_option
@click.pass_obj
def compare(context: Context, names: tuple[str, ...], on: date | datetime | None, as_json: bool) -> None:
    """Compare the plans of scenarios side by side, starting with the defaults."""
    from musterroll.commands.plan_output import print_comparison
    from musterroll.usecases.capacity import plans as capacity_plans
    from musterroll.usecases.capacity import shapes

    facts = facts_of(context, on, clock())
    plans = [
        ("defaults", capacity_plans.plan(facts, {})),
        *((name, capacity_plans.plan(facts, _assumptions_of(context, name))) for name in names),
    ]
    if as_json:
        print_json({name: shapes.shape(plan) for name, plan in plans})
    else:
        print_comparison(plans)


def facts_of(context: Context, on: date | datetime | None, now: datetime) -> Any:
    """The facts as of `on`; without it as of now, after updating the stored ones."""
    from musterroll.usecases.capacity import plans as capacity_plans

    database = context.database()
    if on is None:
        with database.snapshot() as session:
            prepared = capacity_plans.prepare(session, now) if capacity_plans.due(session, now) else None
        if prepared is not None:
            with database.transaction() as session:
                return capacity_plans.keep(session, prepared).facts
    at = on if on is None or isinstance(on, datetime) else _end(on, now)
    with database.snapshot() as session:
        return capacity_plans.gathered(session, now, at).facts


def _end(day: date, now: datetime) -> datetime:
    """The end of a past day, or now. Raises DomainError for a future day."""
    if day > now.date():
        raise DomainError(f"{day} is in the future; a plan starts today or earlier", "day_to_come")
    return min(day_end(day), now)


def _assumptions_of(context: Context, scenario: str | None) -> dict[str, Any]:
    if scenario is None:
        return {}
    from musterroll.usecases.capacity import scenarios as capacity_scenarios

    with context.database().snapshot() as session:
        return dict(capacity_scenarios.get(session, scenario).assumptions)


def _pairs(pairs: Iterable[str]) -> dict[str, Any]:
    values = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            fail(f"--assume is NAME=VALUE, not {pair!r}; musterroll plan assumptions lists the names")
        values[name.strip()] = value.strip()
    return values


def _default(name: str) -> str:
    value = getattr(DEFAULTS, name)
    return f"{value:g}" if isinstance(value, float) else value or "none"
