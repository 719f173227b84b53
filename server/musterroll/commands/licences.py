"""`musterroll licences`: active licences (assigned to an operating unit) next to all that were sold."""

from datetime import date, datetime

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.reconciliation import DayOrInstant
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_table
from musterroll.domain.installed_base.licences import LicenceCount
from musterroll.domain.installed_base.provisioned import WINDOWS, Provisioned
from musterroll.domain.installed_base.targets import TargetLevel
from musterroll.usecases.installed_base import licence_trend, targets
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.installed_base import provisioned as provisioned_units
from musterroll.usecases.installed_base.licences import LicenceBreakdown

_COUNTS: Columns[tuple[str, LicenceCount, TargetLevel | None]] = (
    Column("", lambda row: row[0]),
    Column("ACTIVE", lambda row: f"{row[1].active:,}", right=True),
    Column("BY LISTS", lambda row: f"{row[1].listed:,}" if row[1].listed else "", right=True),
    Column("SOLD", lambda row: f"{row[1].gross:,}", right=True),
    Column("", lambda row: row[2] and f"{row[2]} target"),
)


@click.command()
@click.option("--on", type=DayOrInstant(), help="As of this day, or an instant such as 2026-11-01T12:00Z; default: now.")
@click.option(
    "--by",
    default=LicenceBreakdown.SEGMENT.value,
    show_default=True,
    type=click.Choice([by.value for by in LicenceBreakdown]),
    help="Break down by.",
)
@click.option("--window", default="30", show_default=True, type=click.Choice([str(days) for days in WINDOWS]), help="Days of active units.")
@click.option("--trend", type=click.IntRange(1, 120), metavar="MONTHS", help="Also show the end of each of the last MONTHS months.")
@click.option("--quarters", is_flag=True, help="With --trend: ends of quarters only.")
@json_option
@click.pass_obj
def licences(
    context: Context,
    on: date | datetime | None,
    by: str,
    window: str,
    trend: int | None,
    quarters: bool,
    as_json: bool,
) -> None:
    """Count licences on active contract lines: sold, and active (assigned to an operating unit)."""
    now = clock()
    with context.database().snapshot() as session:
        result = base_licences.licences(session, on or now, LicenceBreakdown(by), now)
        units = None if on else provisioned_units.provisioned(session, now).value[LicenceBreakdown(by)]
        target = targets.fleet_licences(session)
        points = licence_trend.trend(session, trend, 3 if quarters else 1, now).value if trend else []
    level = target.level_of(result.on, result.total.active)
    if as_json:
        counts = {name or "unknown": count._asdict() for name, count in result.counts.items()}
        facts = {"on": result.on, "total": result.total._asdict(), "by": by, "counts": counts, "level": level}
        parts = {name or "unknown": _part(part, int(window)) for name, part in (units or {}).items()}
        print_json(
            {
                **facts,
                "window": int(window),
                "units": None if units is None else parts,
                "trend": [
                    {"on": point.on, **point.total._asdict(), "level": target.level_of(point.on, point.total.active)} for point in points
                ],
            }
        )
        return
    click.echo(f"Licences on {result.on}")
    rows: list[tuple[str, LicenceCount, TargetLevel | None]] = [(name or "unknown", count, None) for name, count in result.counts.items()]
    print_table([*rows, ("total", result.total, level)], _COUNTS)
    if units is not None:
        click.echo(f"\nUnits provisioned (deployed or enrolled), and active in the last {window} days, beside the licences sold")
        sold = {name: count.gross for name, count in result.counts.items()}
        print_table([(name or "unknown", part, sold.get(name, 0)) for name, part in units.items()], _units(int(window)))
    if points:
        click.echo("\nTrend")
        print_table([(str(point.on), point.total, target.level_of(point.on, point.total.active)) for point in points], _COUNTS)


def _part(part: Provisioned, window: int) -> dict[str, int]:
    return {"provisioned": part.units, "active_units": part.active(window)}


def _units(window: int) -> Columns[tuple[str, Provisioned, int]]:
    return (
        Column("", lambda row: row[0]),
        Column("SOLD", lambda row: f"{row[2]:,}", right=True),
        Column("PROVISIONED", lambda row: f"{row[1].units:,}", right=True),
        Column("ACTIVE", lambda row: f"{row[1].active(window):,}", right=True),
        Column("OVER", lambda row: f"{row[1].beyond(row[2]):+,}" if row[1].beyond(row[2]) else "", right=True),
    )
