"""`musterroll units`: what is set for single units."""

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.products import interval_of
from musterroll.commands.tables import json_option, print_json
from musterroll.domain.values.errors import Conflict
from musterroll.usecases.units import interval as unit_interval
from musterroll.usecases.units.look_up import look_up


@click.group()
def units() -> None:
    """Manage single units."""


@units.command("interval")
@click.argument("code", metavar="UNIT")
@click.argument("interval")
@click.option("--reason", default="", help="Why, for the audit log.")
@json_option
@click.pass_obj
def interval_(context: Context, code: str, interval: str, reason: str, as_json: bool) -> None:
    """Set how often UNIT (unit ID or serial) reports: INTERVAL is 30s, 5min, 1h, 1d, or none for that of its product."""
    seconds, now = interval_of(interval), clock()
    with context.database().transaction() as session:
        result = look_up(session, code, now)
        if len(result.units) != 1:
            raise Conflict(result.problem or f"{len(result.units)} units have the serial {result.key}; give the unit ID")
        change = unit_interval.set_interval(session, result.units[0].uid, seconds, actor="command line", now=now, reason=reason)
        number, subject = change.id, change.subject
    if as_json:
        print_json({"change": number})
    else:
        click.echo(f"Saved: {subject}. The device is told when it next reports. To undo: musterroll changes undo {number}")
