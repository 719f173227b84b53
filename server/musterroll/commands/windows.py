"""`musterroll windows`: how much silence makes units stale, and the windows of lists, active units and adoption."""

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_table
from musterroll.usecases.liveness import window_settings
from musterroll.usecases.liveness.window_settings import WindowValue

_ROWS: Columns[WindowValue] = (
    Column("NAME", lambda of: of.setting.name),
    Column("VALUE", lambda of: f"{of.value:,} {of.setting.unit}", right=True),
    Column("DEFAULT", lambda of: f"{of.setting.default:,}", right=True),
    Column("", lambda of: of.setting.label),
)


@click.group()
def windows() -> None:
    """Windows: how much silence makes units stale, and those of lists, active units and adoption."""


@windows.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List windows and their changes."""
    with context.database().snapshot() as session:
        values, changes = window_settings.current(session), window_settings.changes(session)
    if as_json:
        items = [{"name": of.name, "value": value, "unit": of.unit, "default": of.default} for of, value in values]
        print_json({"items": items, "changes": [change._asdict() for change in changes]})
        return
    print_table(values, _ROWS)
    for change in changes:
        click.echo(f"{change.on}  {change.says} ({change.actor})")


@windows.command("set")
@click.argument("name")
@click.argument("value", type=int)
@click.pass_obj
def set_(context: Context, name: str, value: int) -> None:
    """Set a window, as in: musterroll windows set always_on.reports 5 (all units follow within minutes)"""
    with context.database().transaction() as session:
        change = window_settings.set_window(session, name, value, "command line", clock())
        click.echo(f"Saved. To undo: musterroll changes undo {change.id}" if change else "Nothing to change")
