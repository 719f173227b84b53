"""`musterroll licences`: seats of lines in force that an operating unit sits in, beside all that were sold."""

from datetime import date, datetime

import click

from musterroll.commands.context import Context, clock, show
from musterroll.commands.reconciliation import DayOrInstant
from musterroll.domain.installed_base.licences import Target
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.installed_base.licences import By


@click.command()
@click.option("--on", type=DayOrInstant(), help="A day, or an instant as 2026-11-01T12:00Z; default: now.")
@click.option("--by", default=By.SEGMENT.value, show_default=True, type=click.Choice([one.value for one in By]))
@click.option("--target", type=click.IntRange(0), help="Say whether so many are active.")
@click.option("--tolerance", default=5, show_default=True, type=click.IntRange(0, 100), help="Hundredths round the target that are at it.")
@click.option("--trend", type=click.IntRange(1, 120), help="Also how it went at the end of each of so many months.")
@click.option("--quarters", is_flag=True, help="With --trend: only the ends of quarters.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def licences(
    context: Context,
    on: date | datetime | None,
    by: str,
    target: int | None,
    tolerance: int,
    trend: int | None,
    quarters: bool,
    as_json: bool,
) -> None:
    """Count active licences, and all that were sold beside them."""
    now, aim = clock(), None if target is None else Target(target, tolerance)
    with context.database().reading() as session:
        found = base_licences.licences(session, on or now, By(by), now, aim)
        points = base_licences.trend(session, trend, 3 if quarters else 1, now, aim) if trend else []
    if as_json:
        counts = {name or "unknown": count._asdict() for name, count in found.counts.items()}
        told = {"on": found.on, "total": found.total._asdict(), "by": by, "counts": counts, "level": found.level}
        show({**told, "trend": [{"on": point.on, **point.total._asdict(), "level": point.level} for point in points]})
        return
    click.echo(f"On {found.on}  {'active':>9} {'sold':>9}")
    for name, count in found.counts.items():
        click.echo(f"{name or 'unknown':<13} {count.active:>9,} {count.gross:>9,}")
    click.echo(f"{'all':<13} {found.total.active:>9,} {found.total.gross:>9,}" + (f"  {found.level} the target" if found.level else ""))
    for point in points:
        level = f"  {point.level} the target" if point.level else ""
        click.echo(f"{point.on!s:<13} {point.total.active:>9,} {point.total.gross:>9,}{level}")
