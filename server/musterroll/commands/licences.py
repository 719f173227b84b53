"""`musterroll licences`: licences sold beside units provisioned and active."""

from datetime import date, datetime
from typing import Any

import click
from sqlmodel import Session

from musterroll.commands.context import Context, clock
from musterroll.commands.reconciliation import DayOrInstant
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_table
from musterroll.domain.installed_base.licences import LicenceCount
from musterroll.domain.installed_base.positions import LONGEST_WINDOW, Position, PositionRow
from musterroll.domain.installed_base.targets import TargetLevel
from musterroll.domain.units.kinds import UnitKind
from musterroll.domain.values.errors import Conflict
from musterroll.usecases.installed_base import licence_trend, targets
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.installed_base import positions as licence_positions
from musterroll.usecases.installed_base.licences import LicenceBreakdown
from musterroll.usecases.installed_base.positions import PARTS, PositionBreakdown
from musterroll.usecases.liveness import window_settings

_COUNTS: Columns[tuple[str, LicenceCount, TargetLevel | None]] = (
    Column("", lambda row: row[0]),
    Column("ACTIVE", lambda row: f"{row[1].active:,}", right=True),
    Column("BY LISTS", lambda row: f"{row[1].listed:,}" if row[1].listed else "", right=True),
    Column("SOLD", lambda row: f"{row[1].gross:,}", right=True),
    Column("", lambda row: row[2] and f"{row[2]} target"),
)


_BREAKDOWNS, _KINDS = [by.value for by in PositionBreakdown], [kind.value for kind in UnitKind]


@click.command()
@click.option("--on", type=DayOrInstant(), help="As of this day, or an instant such as 2026-11-01T12:00Z; default: now.")
@click.option("--by", default="segment", show_default=True, type=click.Choice(_BREAKDOWNS), help="Break down by.")
@click.option("--kind", type=click.Choice(_KINDS), help="Only products whose units are of this kind; not for past days.")
@click.option("--window", type=click.IntRange(1, LONGEST_WINDOW), help="Days of active units; default: as admins have set it (30).")
@click.option("--trend", type=click.IntRange(1, 120), metavar="MONTHS", help="Also show the end of each of the last MONTHS months.")
@click.option("--quarters", is_flag=True, help="With --trend: ends of quarters only.")
@json_option
@click.pass_obj
def licences(
    context: Context,
    on: date | datetime | None,
    by: str,
    kind: str | None,
    window: int | None,
    trend: int | None,
    quarters: bool,
    as_json: bool,
) -> None:
    """Count licences on contract lines in force, units provisioned (deployed or enrolled), and units active in a window.

    With --on, licences only: sold, and active (assigned to an operating unit).
    """
    now = clock()
    breakdown, only = PositionBreakdown(by), UnitKind(kind) if kind else None
    with context.database().snapshot() as session:
        days = window or window_settings.active_days(session)
        table = _past(session, on, breakdown, only, now) if on else _present(session, breakdown, only, days, now)
        target = targets.fleet_licences(session)
        points = licence_trend.trend(session, trend, 3 if quarters else 1, now).value if trend else []
    reached = target.level_of(table["on"], table["total"]["active"])
    levels = [target.level_of(point.on, point.total.active) for point in points]
    if as_json:
        shown = [{"on": point.on, **point.total._asdict(), "level": level} for point, level in zip(points, levels, strict=True)]
        print_json({**table, "by": by, "level": reached, "trend": shown})
        return
    click.echo(f"Licences on {table['on']}")
    if on:
        counts = [(name, LicenceCount(**count), None) for name, count in table["counts"].items()]
        print_table([*counts, ("total", LicenceCount(**table["total"]), reached)], _COUNTS)
    else:
        print_table([*table["rows"], {"name": "total", **table["total"]}], _positions(days))
        click.echo(f"Provisioned: deployed, or enrolled. Active: has reported in the last {days} days.")
        if reached:
            click.echo(f"Active licences: {table['total']['active']:,}, {reached} target")
    if points:
        click.echo("\nTrend")
        print_table([(str(point.on), point.total, level) for point, level in zip(points, levels, strict=True)], _COUNTS)


def _present(session: Session, by: PositionBreakdown, kind: UnitKind | None, window: int, now: datetime) -> dict[str, Any]:
    table = licence_positions.table(session, by, kind, now)
    rows = [_row(row, by, window) for row in table.rows]
    return {"on": now.date(), "window": window, "total": _numbers(table.total, window), "rows": rows}


def _past(session: Session, on: date | datetime, by: PositionBreakdown, kind: UnitKind | None, now: datetime) -> dict[str, Any]:
    if by is PositionBreakdown.EACH or kind:
        raise Conflict("past days are counted by segment, product or account, of all kinds together")
    result = base_licences.licences(session, on, LicenceBreakdown(by), now)
    counts = {name or "unknown": count._asdict() for name, count in result.counts.items()}
    return {"on": result.on, "total": result.total._asdict(), "counts": counts}


def _row(row: PositionRow, by: PositionBreakdown, window: int) -> dict[str, Any]:
    key = {name: getattr(row.key, name) for name in PARTS[by]}
    name = " / ".join(key[part] or "unknown" for part in ("segment", "model", "account") if part in key)
    about = {"kind": row.kind, "licence_rule": row.rule} if row.kind else {}
    return {"name": name, **key, **about, **_numbers(row.position, window)}


def _numbers(position: Position, window: int) -> dict[str, int]:
    numbers = {name: value for name, value in position._asdict().items() if name != "heard"}
    return {**numbers, "active_units": position.active_units(window)}


def _positions(window: int) -> Columns[dict[str, Any]]:
    def number(name: str) -> Any:
        return lambda row: f"{row[name]:,}"

    return (
        Column("", lambda row: row["name"]),
        Column("KIND", lambda row: row.get("kind", "")),
        Column("COUNTED BY", lambda row: row.get("licence_rule", "")),
        Column("SOLD", number("sold"), right=True),
        Column("PROVISIONED", number("units"), right=True),
        Column("LICENCES", number("licences"), right=True),
        Column(f"ACTIVE {window} D", number("active_units"), right=True),
        Column("OPERATING", number("active"), right=True),
        Column("OVER", lambda row: f"{row['over']:,}" if row["over"] else "", right=True),
        Column("UNDER", lambda row: f"{row['under']:,}" if row["under"] else "", right=True),
    )
