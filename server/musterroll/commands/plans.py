"""`musterroll plan`: from the live fleet to incidents, hours, heads, parts and money, and how well the same did before."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click

from musterroll.commands.context import Context, clock, fail, show
from musterroll.commands.reconciliation import DayOrInstant


@click.group(invoke_without_command=True)
@click.option("--on", type=DayOrInstant(), help="As things stood then, such as 2026-11-01T12:00Z; default: now.")
@click.option("--scenario", metavar="NAME", help="With the assumptions kept under this name.")
@click.option("--assume", "pairs", multiple=True, metavar="NAME=VALUE", help="Change an assumption, such as deployments=150.")
@click.option("--xlsx", type=click.Path(path_type=Path, dir_okay=False), help="Also write the plan as a workbook.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_context
def plan(
    found: click.Context, on: date | datetime | None, scenario: str | None, pairs: tuple[str, ...], xlsx: Path | None, as_json: bool
) -> None:
    """Say how many incidents, hours, heads and parts to expect, how surely, and why.

    `musterroll plan assumptions` lists what can be assumed.
    """
    if found.invoked_subcommand is not None:
        return
    from musterroll.usecases.capacity import plans as capacity_plans
    from musterroll.usecases.capacity import shapes

    context, now = found.ensure_object(Context), clock()
    said = _said(context, scenario) | _pairs(pairs)
    made = capacity_plans.plan(_facts(context, on, now), said)
    if xlsx is not None:
        from musterroll.usecases.capacity.workbook import workbook

        xlsx.write_bytes(workbook([("plan", made)]))
    show(shapes.shape(made)) if as_json else click.echo("\n".join(shapes.lines(made)))


@plan.command()
@click.option("--on", type=DayOrInstant(), help="As things stood then; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def backtest(context: Context, on: date | datetime | None, as_json: bool) -> None:
    """Say what the same method would have said before each past month, and what happened."""
    from musterroll.usecases.capacity import plans as capacity_plans
    from musterroll.usecases.capacity import shapes

    facts = _facts(context, on, clock())
    trials = capacity_plans.trials(facts)
    show(shapes.trial_shapes(facts, trials)) if as_json else click.echo("\n".join(shapes.trial_lines(facts, trials)))


@plan.command()
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
def assumptions(as_json: bool) -> None:
    """List what a plan assumes, with the defaults."""
    from musterroll.domain.capacity.assumptions import DEFAULTS, SAID

    if as_json:
        show({name: {**said._asdict(), "default": getattr(DEFAULTS, name)} for name, said in SAID.items()})
        return
    for name, said in SAID.items():
        default = getattr(DEFAULTS, name)
        told = f"{default:g}" if isinstance(default, float) else default or "none"
        click.echo(f"{name:<17} {told:>6} {said.unit:<18} {said.name}: {said.means}".rstrip(": "))


@plan.group()
def scenarios() -> None:
    """Assumptions kept under a name."""


@scenarios.command("list")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List the scenarios."""
    from musterroll.usecases.capacity import scenarios as capacity_scenarios

    with context.database().reading() as session:
        found = [(one.name, one.assumptions, one.note) for one in capacity_scenarios.all_of_them(session)]
    if as_json:
        show([{"name": name, "assumptions": said, "note": note} for name, said, note in found])
        return
    for name, said, note in found:
        click.echo(f"{name}: {', '.join(f'{key}={value}' for key, value in said.items()) or 'the defaults'}{f' ({note})' if note else ''}")


@scenarios.command()
@click.argument("name")
@click.option("--assume", "pairs", multiple=True, metavar="NAME=VALUE", help="An assumption that is not the default.")
@click.option("--note", default="", help="Why, in words.")
@click.pass_obj
def save(context: Context, name: str, pairs: tuple[str, ...], note: str) -> None:
    """Keep assumptions under NAME, or change those that are."""
    from musterroll.usecases.capacity import scenarios as capacity_scenarios

    with context.database().writing() as session:
        kept = capacity_scenarios.save(session, name, _pairs(pairs), note=note, actor="cli", now=clock())
    click.echo(f"scenario {kept.name} is kept")


@scenarios.command()
@click.argument("name")
@click.pass_obj
def delete(context: Context, name: str) -> None:
    """Delete the scenario NAME."""
    from musterroll.usecases.capacity import scenarios as capacity_scenarios

    with context.database().writing() as session:
        capacity_scenarios.delete(session, name, actor="cli", now=clock())
    click.echo(f"scenario {name} is deleted")


@plan.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option("--on", type=DayOrInstant(), help="As things stood then; default: now.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def compare(context: Context, names: tuple[str, ...], on: date | datetime | None, as_json: bool) -> None:
    """Set the plans of scenarios side by side, the defaults first."""
    from musterroll.usecases.capacity import plans as capacity_plans
    from musterroll.usecases.capacity import shapes

    facts = _facts(context, on, clock())
    plans = [("defaults", capacity_plans.plan(facts, {})), *((name, capacity_plans.plan(facts, _said(context, name))) for name in names)]
    if as_json:
        show({name: shapes.shape(made) for name, made in plans})
    else:
        click.echo("\n".join(shapes.compared(plans)))


def _facts(context: Context, on: date | datetime | None, now: datetime) -> Any:
    """The facts as of then or, kept up first, as of now."""
    from musterroll.usecases.capacity import plans as capacity_plans

    database = context.database()
    if on is None:
        with database.reading() as session:
            prepared = capacity_plans.prepare(session, now) if capacity_plans.due(session, now) else None
        if prepared is not None:
            with database.writing() as session:
                return capacity_plans.keep(session, prepared).facts
    at = on if on is None or isinstance(on, datetime) else min(datetime.combine(on + timedelta(1), time(), now.tzinfo), now)
    with database.reading() as session:
        return capacity_plans.gathered(session, now, at).facts


def _said(context: Context, scenario: str | None) -> dict[str, Any]:
    if scenario is None:
        return {}
    from musterroll.usecases.capacity import scenarios as capacity_scenarios

    with context.database().reading() as session:
        return dict(capacity_scenarios.get(session, scenario).assumptions)


def _pairs(pairs: Iterable[str]) -> dict[str, Any]:
    found = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            fail(f"--assume is NAME=VALUE, not {pair!r}; musterroll plan assumptions lists the names")
        found[name.strip()] = value.strip()
    return found
