"""`musterroll reconcile`: the paper beside the fleet."""

from datetime import UTC, date, datetime
from typing import Any

import click

from musterroll.commands.context import Context, clock, show
from musterroll.domain.findings.kinds import OWNERS, Kind
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.values.money import Money
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.reconciliation.run import Reconciliation


class DayOrInstant(click.ParamType[date | datetime]):
    """`2026-11-01`, or an instant with its zone as `2026-11-01T12:00Z`."""

    name = "day or instant"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> date | datetime:
        if isinstance(value, date):
            return value
        try:
            found = date.fromisoformat(value) if len(value) == len("2026-11-01") else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a day such as 2026-11-01 or an instant such as 2026-11-01T12:00Z")
        if not 1970 <= found.year <= 2200:
            self.fail(f"{value!r} is not a day from 1970 to 2200")
        if isinstance(found, datetime):
            if found.tzinfo is None:
                self.fail(f"{value!r} names no time zone; write {value}Z for UTC")
            return found.astimezone(UTC)
        return found


class Day(DayOrInstant):
    """`2026-11-01`."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, context: click.Context | None) -> date:
        found = super().convert(value, param, context)
        if isinstance(found, datetime):
            self.fail(f"{value!r} is an instant; give a day such as 2026-11-01")
        return found


@click.command()
@click.option("--on", type=DayOrInstant(), help="A day, or an instant as 2026-11-01T12:00Z; default: now.")
@click.option("--store/--dry-run", default=None, help="Keep the findings. Default: keep them where no --on is given.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def reconcile(context: Context, on: date | datetime | None, store: bool | None, as_json: bool) -> None:
    """Set contracts beside what is deployed and what operates, unit by unit, and say what disagrees and what it is worth a year."""
    now, database = clock(), context.database()
    try:
        keep = store if store is not None else on is None
        with database.writing() if keep else database.reading() as session:
            found = reconciliation_run.reconcile(session, on if on is not None else now, now, keep)
    finally:
        database.close()
    show(shape(found)) if as_json else _tell(found)


def shape(found: Reconciliation) -> dict[str, Any]:
    """A reconciliation as JSON shows it."""
    cells = [(code, count) for code, count in found.cells.items()]
    return {
        "on": found.on.isoformat(),
        "at": found.at.isoformat().replace("+00:00", "Z"),
        "units": found.units,
        "cells": dict(cells),
        "deployed": sum(count for code, count in cells if code[1] == "1"),
        "operating": sum(count for code, count in cells if code[2] == "1"),
        "deployed_and_operating": sum(count for code, count in cells if code.endswith("11")),
        "findings": dict(found.findings),
        "money": {code: _amounts(sums) for code, sums in found.money.items()},
        "worth": _amounts(found.worth),
        "stored": found.stored._asdict() if found.stored else None,
    }


def _amounts(sums: tuple[Money, ...]) -> dict[str, str]:
    return {one.currency: f"{one.amount:.2f}" for one in sums}


def _tell(found: Reconciliation) -> None:
    click.echo(f"On {found.on}, silence judged at {found.at:%Y-%m-%d %H:%M} UTC\n")
    click.echo(f"{'contracted deployed operating':<31} {'units':>9}  {'':<23} {'whose work':<11} {'worth a year':>18}")
    for code, count in found.cells.items():
        flags = "{:<11}{:<9}{:<11}".format(*("yes" if flag == "1" else "-" for flag in code))
        name, owner = CELLS[code]
        click.echo(f"{flags:<31} {count:>9,}  {name:<23} {owner:<11} {words(found.money.get(code, ())):>18}".rstrip())
    click.echo(f"{'registered':<31} {found.units:>9,}\n")
    click.echo(f"{'findings':<31} {'':>9}")
    for kind, count in found.findings.items():
        if count:
            click.echo(f"{kind.replace('_', ' '):<31} {count:>9,}  {OWNERS[Kind(kind)]}")
    click.echo(f"worth together a year, no money counted twice: {words(found.worth) or 'no price is known'}")
    if found.stored:
        click.echo(f"stored: {found.stored.new:,} new, {found.stored.changed:,} changed, {found.stored.gone:,} gone")
    else:
        click.echo("nothing was stored")


def words(sums: tuple[Money, ...]) -> str:
    """Sums in words, one a currency."""
    return " and ".join(map(str, sums))
