"""`musterroll reconcile`: contracted, deployed and operating compared; and the day and instant types of the command line."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

import click

from musterroll import long_work
from musterroll.commands.context import Context, clock
from musterroll.commands.rates import together
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_table
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.values.exchange import Exchange, format_total
from musterroll.domain.values.money import Money, format_sums
from musterroll.storage.contracts import exchange_rates
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.reconciliation.run import Reconciliation


class _Quadrant(NamedTuple):
    """`code` has a flag each for contracted, deployed, operating."""

    code: str
    units: int
    value: str


def _flag(position: int) -> Callable[[_Quadrant], str]:
    return lambda row: "yes" if row.code[position] == "1" else "-"


_QUADRANTS: Columns[_Quadrant] = (
    Column("CONTRACTED", _flag(0)),
    Column("DEPLOYED", _flag(1)),
    Column("OPERATING", _flag(2)),
    Column("UNITS", lambda row: f"{row.units:,}", right=True),
    Column("QUADRANT", lambda row: CELLS[row.code].name),
    Column("OWNER", lambda row: CELLS[row.code].owner),
    Column("ANNUAL VALUE", lambda row: row.value, right=True),
)
_FINDINGS: Columns[tuple[FindingKind, int]] = (
    Column("FINDING", lambda row: row[0].label),
    Column("COUNT", lambda row: f"{row[1]:,}", right=True),
    Column("OWNER", lambda row: row[0].owner),
)


class DayOrInstant(click.ParamType[date | datetime]):
    """`2026-11-01`, or an instant with its time zone such as `2026-11-01T12:00Z`."""

    name = "day or instant"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> date | datetime:
        if isinstance(value, date):
            return value
        try:
            moment = date.fromisoformat(value) if len(value) == len("2026-11-01") else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-11-01 or an instant such as 2026-11-01T12:00Z")
        if not 1970 <= moment.year <= 2200:
            self.fail(f"{value!r} is not a day from 1970 to 2200")
        if isinstance(moment, datetime):
            if moment.tzinfo is None:
                self.fail(f"{value!r} has no time zone; write {value}Z for UTC")
            return moment.astimezone(UTC)
        return moment


class Day(DayOrInstant):
    """`2026-11-01`."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> date:
        day = super().convert(value, param, context)
        if isinstance(day, datetime):
            self.fail(f"{value!r} is an instant; give a day such as 2026-11-01")
        return day


@click.command()
@click.option("--on", type=DayOrInstant(), help="As of this day, or an instant such as 2026-11-01T12:00Z; default: now.")
@click.option("--store/--dry-run", default=None, help="Store the findings, or only show them. Default: store, unless --on is given.")
@json_option
@click.pass_obj
def reconcile(context: Context, on: date | datetime | None, store: bool | None, as_json: bool) -> None:
    """Compare contracted, deployed and operating for every unit; show where they disagree and the annual value at stake."""
    now, database = clock(), context.database()
    try:
        stored = store if store is not None else on is None
        day = on if on is not None else now
        result = long_work.reconcile(database, day, now) if stored else None
        with database.frozen() as session:
            result = result or reconciliation_run.reconcile(session, day, now, store=False)
            exchange = exchange_rates.exchange(session, result.on)
    finally:
        database.close()
    print_json(shape(result, exchange)) if as_json else _print(result, exchange)


def shape(result: Reconciliation, exchange: Exchange) -> dict[str, Any]:
    """A reconciliation as JSON."""
    quadrants = [(code, count) for code, count in result.cells.items()]
    return {
        "on": result.on.isoformat(),
        "at": result.at.isoformat().replace("+00:00", "Z"),
        "units": result.units,
        "cells": dict(quadrants),
        "deployed": sum(count for code, count in quadrants if code[1] == "1"),
        "operating": sum(count for code, count in quadrants if code[2] == "1"),
        "deployed_and_operating": sum(count for code, count in quadrants if code.endswith("11")),
        "findings": dict(result.findings),
        "priced": dict(result.priced),
        "money": {code: _amounts(sums) for code, sums in result.money.items()},
        "worth": _amounts(result.worth),
        "worth_together": together(exchange.total(result.worth)),
        "stored": result.stored._asdict() if result.stored else None,
    }


def of_priced(priced: int, findings: int) -> str:
    """What a sum is of, where not all findings have a price."""
    return f", of {priced:,} of {findings:,} findings that have a price" if priced < findings else ""


def _amounts(sums: tuple[Money, ...]) -> dict[str, str]:
    return {money.currency: f"{money.amount:.2f}" for money in sums}


def _print(result: Reconciliation, exchange: Exchange) -> None:
    click.echo(f"Reconciliation of {result.on}, telemetry as of {result.at:%Y-%m-%d %H:%M} UTC\n")
    print_table([_Quadrant(code, count, format_sums(result.money.get(code, ()))) for code, count in result.cells.items()], _QUADRANTS)
    click.echo(f"{result.units:,} units registered\n")
    findings = [(FindingKind(kind), count) for kind, count in result.findings.items() if count]
    if findings:
        print_table(findings, _FINDINGS)
    worth = format_total(result.worth, exchange) or "unknown (unpriced)"
    click.echo(
        f"Total annual value, each amount counted once: {worth}{of_priced(sum(result.priced.values()), sum(result.findings.values()))}"
    )
    if result.stored:
        click.echo(f"Findings stored: {result.stored.new:,} new, {result.stored.changed:,} changed, {result.stored.gone:,} resolved")
    else:
        click.echo("Findings not stored.")
