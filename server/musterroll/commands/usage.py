"""`musterroll usage`: use per day, week or month from lifetime counters."""

from typing import Any

import click
from sqlmodel import Session

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_list
from musterroll.domain.units.serials import name_key
from musterroll.domain.usage.days import OPERATING
from musterroll.domain.usage.periods import Period, PeriodUse
from musterroll.domain.values.errors import NotFound
from musterroll.storage.installed_base.counts import product_id
from musterroll.usecases.usage import history
from musterroll.usecases.usage.history import CounterTotal, UsageScope

_COUNTERS: Columns[CounterTotal] = (
    Column("COUNTER", lambda total: history.label(total.name)),
    Column("USE IN 30 DAYS", lambda total: f"{history.amount(total.name, total.use):,.1f}", right=True),
    Column("DAYS OF USE", lambda total: f"{total.unit_days:,}", right=True),
)
_USUAL = {Period.DAY: 30, Period.WEEK: 15, Period.MONTH: 12}
_scope = (
    click.option("--unit", help="Only this unit (unit id)."),
    click.option("--site", help="Only this site (number)."),
    click.option("--account", help="Only this account (number) and its subsidiaries."),
    click.option("--product", metavar="MAKER/MODEL", help="Only this product."),
)


def scope_options(command: Any) -> Any:
    """Whose use a command shows."""
    for option in reversed(_scope):
        command = option(command)
    return command


@click.group()
def usage() -> None:
    """What the fleet is used for: use per day from the lifetime counters that units and lists report."""


@usage.command()
@scope_options
@json_option
@click.pass_obj
def counters(context: Context, /, as_json: bool, **scope: Any) -> None:
    """List the counters with their use in the last 30 days."""
    with context.database().snapshot() as session:
        totals = history.counters(session, _scoped(session, **scope), clock())
    empty = "No use is known yet. The counters of units are read once an hour, and the first reading is where their use begins."
    print_list(totals, _COUNTERS, empty=empty, as_json=as_json, shape=lambda total: total._asdict())


@usage.command()
@click.argument("counter", default=OPERATING)
@click.option("--by", "period", type=click.Choice([by.value for by in Period]), default="day", show_default=True, help="Period.")
@click.option("--last", "count", type=click.IntRange(1), help="How many periods; default: 30 days, 15 weeks, 12 months.")
@scope_options
@json_option
@click.pass_obj
def show(context: Context, /, counter: str, period: str, count: int | None, as_json: bool, **scope: Any) -> None:
    """Show the use of a COUNTER (default: operating hours) by day, week or month, the current one last.

    Averaged: a unit was not heard for more than 36 hours, and the use of that gap is shared out evenly over its days.
    """
    by = Period(period)
    with context.database().snapshot() as session:
        rows = history.usage(session, _scoped(session, **scope), counter, by, count or _USUAL[by], clock())
    columns: Columns[PeriodUse] = (
        Column(by.value.upper(), lambda row: row.start),
        Column(history.label(counter).upper(), lambda row: f"{history.amount(counter, row.use):,.1f}", right=True),
        Column("UNITS" if by is Period.DAY else "UNIT-DAYS", lambda row: f"{row.unit_days:,}", right=True),
        Column("", lambda row: "averaged" if row.averaged else None),
    )
    if as_json:
        print_json({"counter": counter, "by": by, "items": [row._asdict() for row in rows]})
    else:
        print_list(rows, columns, empty="", as_json=False, shape=lambda row: row)


def _scoped(session: Session, *, product: str | None, **scope: str | None) -> UsageScope:
    given = [name for name, value in scope.items() if value is not None and name != "account"]
    if len(given) + (scope["account"] is not None or product is not None) > 1:
        raise click.UsageError("--unit and --site stand alone; --account and --product can be combined")
    return UsageScope(**scope, product_id=None if product is None else _product(session, product))


def _product(session: Session, product: str) -> int:
    maker, _, model = product.partition("/")
    number = product_id(session, name_key(maker), name_key(model))
    if number is None:
        raise NotFound(f"there is no product {product!r}; write it as MAKER/MODEL")
    return number
