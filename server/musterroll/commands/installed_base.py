"""`musterroll installed-base`: units deployed and operating on any day, and what changed in a month."""

from datetime import date, datetime
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.reconciliation import DayOrInstant
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_table
from musterroll.domain.installed_base.bridge import Bridge
from musterroll.domain.values.errors import DomainError
from musterroll.storage.installed_base.counts import BaseCount
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.installed_base.as_of import Base, BasePart, BaseScope, Slice

_MONTH = click.DateTime(["%Y-%m"])
_COUNTS: Columns[tuple[str, BaseCount]] = (
    Column("", lambda row: row[0]),
    Column("DEPLOYED", lambda row: f"{row[1].deployed:,}", right=True),
    Column("OPERATING", lambda row: f"{row[1].operating:,}", right=True),
    Column("BY LISTS", lambda row: f"{row[1].listed:,}" if row[1].listed else "", right=True),
    Column("UNKNOWN", lambda row: f"{row[1].unknown:,}" if row[1].unknown else "", right=True),
    Column("REGISTERED", lambda row: f"{row[1].units:,}", right=True),
)
_STEPS: Columns[tuple[str, str]] = (Column("CHANGE", lambda row: row[0]), Column("UNITS", lambda row: row[1], right=True))


@click.command("installed-base")
@click.option("--on", type=DayOrInstant(), help="As of the end of this day (UTC), or an instant such as 2026-11-01T12:00Z; default: now.")
@click.option("--known", type=DayOrInstant(), help="As recorded at that time, before later corrections.")
@click.option("--by", type=click.Choice([by.value for by in Slice]), help="Break down by; accounts include subsidiaries.")
@click.option("--bridge", "month", type=_MONTH, metavar="YYYY-MM", help="Changes during this month.")
@click.option("--account", help="Only this account (number) and its subsidiaries.")
@click.option("--site", help="Only this site (number).")
@click.option("--product", metavar="MAKER/MODEL", help="Only this product.")
@click.option("--segment", help="Only accounts in this segment.")
@click.option("--country", help="Only this country.")
@json_option
@click.pass_obj
def installed_base(
    context: Context,
    /,
    on: date | datetime | None,
    known: date | datetime | None,
    by: str | None,
    month: datetime | None,
    product: str | None,
    as_json: bool,
    **scope: str | None,
) -> None:
    """Show the installed base: units registered, units deployed, and those of them that are operating.

    By lists: of the operating, those known from imported lists only. Unknown: their list is too old to say whether they operate.
    """
    if month is not None and (on is not None or by is not None):
        raise click.UsageError("--bridge covers a whole month; it cannot be combined with --on or --by")
    within = BaseScope(**scope, **_product(product))
    with context.database().snapshot() as session:
        if month is not None:
            _show_bridge(month.date(), base_as_of.bridge(session, month.date(), clock(), known=known, scope=within), as_json)
        else:
            _show_base(base_as_of.base(session, clock(), on=on, known=known, by=Slice(by) if by else None, scope=within), as_json)


def _product(product: str | None) -> dict[str, str]:
    if product is None:
        return {}
    maker, slash, model = product.partition("/")
    if not slash or not maker.strip() or not model.strip():
        raise DomainError(f"--product is MAKER/MODEL, not {product!r}")
    return {"maker": maker, "model": model}


def _show_base(base: Base, as_json: bool) -> None:
    if as_json:
        moments = {"on": _instant(base.on), "known": _instant(base.known)}
        print_json({**moments, **base.all._asdict(), "undated": base.undated, "parts": [_part(part) for part in base.parts]})
        return
    known = "" if base.known == base.on else f", as recorded on {base.known:%Y-%m-%d %H:%M} UTC"
    click.echo(f"Installed base on {base.on:%Y-%m-%d %H:%M} UTC{known}")
    rows = [(" · ".join(dict.fromkeys(word for word in part[:2] if word)) or "(none)", part.counts) for part in base.parts]
    print_table([*rows, ("total", base.all)], _COUNTS)
    if base.undated:
        most = base.all.deployed + base.undated
        click.echo(f"Deployed: {base.all.deployed:,} to {most:,}, as {base.undated:,} units have no date of return or retirement.")


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _part(part: BasePart) -> dict[str, Any]:
    return {**part._asdict(), "counts": part.counts._asdict(), "own": part.own._asdict()}


def _show_bridge(month: date, bridge: Bridge, as_json: bool) -> None:
    if as_json:
        print_json({"month": f"{month:%Y-%m}", "opening": bridge.opening, "steps": bridge.steps, "closing": bridge.closing})
        return
    click.echo(f"Installed base (deployed and operating) in {month:%B %Y}")
    steps = [(step.replace("_", " "), f"{count:+,}") for step, count in bridge.steps.items()]
    print_table([("opening", f"{bridge.opening:,}"), *steps, ("closing", f"{bridge.closing:,}")], _STEPS)
