"""`musterroll installed-base`: how many units are out there, on any day, and what moved their number."""

from datetime import date, datetime
from typing import Any

import click

from musterroll.commands.context import Context, clock, show
from musterroll.commands.reconciliation import DayOrInstant
from musterroll.domain.installed_base.bridge import Bridge
from musterroll.domain.values.errors import Refusal
from musterroll.storage.installed_base.counts import Tally
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.installed_base.as_of import Base, Part, Scope, Slice

_MONTH = click.DateTime(["%Y-%m"])


@click.command("installed-base")
@click.option("--on", type=DayOrInstant(), help="At the end of this day (UTC), or at an instant as 2026-11-01T12:00Z; default: now.")
@click.option("--known", type=DayOrInstant(), help="As it was known at that time, before later records corrected it.")
@click.option("--by", type=click.Choice([one.value for one in Slice]), help="Sliced; accounts include those below them.")
@click.option("--bridge", "month", type=_MONTH, metavar="YYYY-MM", help="What moved the installed base in this month.")
@click.option("--account", help="Only this account (number) and those below it.")
@click.option("--site", help="Only this site (number).")
@click.option("--product", help="Only this product, as MAKER/MODEL.")
@click.option("--segment", help="Only accounts of this segment.")
@click.option("--country", help="Only this country.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
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
    """Count units on the roll, those deployed, and of these those operating: the installed base."""
    if month is not None and (on is not None or by is not None):
        raise click.UsageError("--bridge is of a whole month; it goes with neither --on nor --by")
    within = Scope(**scope, **_product(product))
    with context.database().reading() as session:
        if month is not None:
            _show_bridge(month.date(), base_as_of.bridge(session, month.date(), clock(), known=known, scope=within), as_json)
        else:
            _show_base(base_as_of.base(session, clock(), on=on, known=known, by=Slice(by) if by else None, scope=within), as_json)


def _product(given: str | None) -> dict[str, str]:
    if given is None:
        return {}
    maker, slash, model = given.partition("/")
    if not slash or not maker.strip() or not model.strip():
        raise Refusal(f"--product is MAKER/MODEL, not {given!r}")
    return {"maker": maker, "model": model}


def _show_base(found: Base, as_json: bool) -> None:
    if as_json:
        parts = [_part(part) for part in found.parts]
        show({"on": _instant(found.on), "known": _instant(found.known), **found.all._asdict(), "parts": parts})
        return
    known = "" if found.known == found.on else f", as known on {found.known:%Y-%m-%d %H:%M} UTC"
    click.echo(f"Installed base on {found.on:%Y-%m-%d %H:%M} UTC{known}: {_words(found.all)}")
    for part in found.parts:
        click.echo(f"  {' · '.join(dict.fromkeys(word for word in part[:2] if word)) or '(none)'}: {_words(part.counts)}")


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _words(counts: Tally) -> str:
    return f"deployed {counts.deployed:,} · operating {counts.operating:,} · on the roll {counts.units:,}"


def _part(part: Part) -> dict[str, Any]:
    return {**part._asdict(), "counts": part.counts._asdict(), "own": part.own._asdict()}


def _show_bridge(month: date, found: Bridge, as_json: bool) -> None:
    if as_json:
        show({"month": f"{month:%Y-%m}", "opening": found.opening, "steps": found.steps, "closing": found.closing})
        return
    click.echo(f"Installed base (deployed and operating) in {month:%B %Y}")
    for word, count in (("opening", found.opening), *((step.replace("_", " "), count) for step, count in found.steps.items())):
        click.echo(f"  {word:<12} {count:>+9,}" if word != "opening" else f"  {word:<12} {count:>9,}")
    click.echo(f"  {'closing':<12} {found.closing:>9,}")
