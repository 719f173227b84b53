"""`musterroll usage`: use per day, week or month from lifetime counters."""

from typing import Any

import click
from sqlmodel import Session

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_list
from musterroll.domain.units.serials import name_key
from musterroll.domain.usage.adoption import BREAKDOWNS
from musterroll.domain.usage.days import OPERATING
from musterroll.domain.usage.decline import WEEKS
from musterroll.domain.usage.periods import Period, PeriodUse
from musterroll.domain.values.errors import NotFound
from musterroll.storage.installed_base.counts import product_id
from musterroll.usecases.usage import adoption as fleet_adoption
from musterroll.usecases.usage import declining as declining_use
from musterroll.usecases.usage import history
from musterroll.usecases.usage.adoption import AdoptionRow, MilestoneRow
from musterroll.usecases.usage.declining import DecliningAccount
from musterroll.usecases.usage.history import CounterTotal, UsageScope

_COUNTERS: Columns[CounterTotal] = (
    Column("COUNTER", lambda total: history.label(total.name)),
    Column("USE IN 30 DAYS", lambda total: f"{history.amount(total.name, total.use):,.1f}", right=True),
    Column("DAYS OF USE", lambda total: f"{total.unit_days:,}", right=True),
)
_ADOPTION: Columns[AdoptionRow] = (
    Column("COUNTER", lambda row: history.label(row.counter)),
    Column("GROUP", lambda row: row.group.key or ("unknown" if row.group.by else None)),
    Column("OPERATING", lambda row: f"{row.operating:,}", right=True),
    Column("REPORTING", lambda row: f"{row.used.reporting:,}", right=True),
    Column("USED 7 DAYS", lambda row: f"{row.used.used_7:,}", right=True),
    Column("30 DAYS", lambda row: f"{row.used.used_30:,}", right=True),
    Column("90 DAYS", lambda row: f"{row.used.used_90:,}", right=True),
)
_MILESTONES: Columns[MilestoneRow] = (
    Column("STEP", lambda row: fleet_adoption.step_label(row.step)),
    Column("SHIPPED", lambda row: f"{row.milestone.shipped:,}", right=True),
    Column("REACHED", lambda row: f"{row.milestone.reached:,}", right=True),
    Column("MEDIAN DAYS", lambda row: None if row.milestone.median is None else f"{row.milestone.median:.0f}", right=True),
    Column("30 DAYS", lambda row: _share(*row.milestone.by_day[0]), right=True),
    Column("60 DAYS", lambda row: _share(*row.milestone.by_day[1]), right=True),
    Column("90 DAYS", lambda row: _share(*row.milestone.by_day[2]), right=True),
)
_DECLINING: Columns[DecliningAccount] = (
    Column("ACCOUNT", lambda row: row.ref),
    Column("NAME", lambda row: row.name),
    Column("COUNTER", lambda row: history.label(row.counter)),
    Column("FALL", lambda row: f"{row.trend.fall:.0%}", right=True),
    Column("P", lambda row: f"{row.trend.p:.1g}", right=True),
    Column("UNITS", lambda row: f"{row.units:,}", right=True),
    Column("TICKETS 90 DAYS", lambda row: f"{row.tickets:,}", right=True),
    Column("", lambda row: "many tickets" if row.many else None),
)
_NO_USE = "No use is known yet. The counters of units are read once an hour, and the first reading is where their use begins."
_USUAL = {Period.DAY: 30, Period.WEEK: 15, Period.MONTH: 12}
_product_option = click.option("--product", metavar="MAKER/MODEL", help="Only this product.")
_scope = (
    click.option("--unit", help="Only this unit (unit id)."),
    click.option("--site", help="Only this site (number)."),
    click.option("--account", help="Only this account (number) and its subsidiaries."),
    _product_option,
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
    print_list(totals, _COUNTERS, empty=_NO_USE, as_json=as_json, shape=lambda total: total._asdict())


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


@usage.command()
@click.option("--counter", help="This counter by firmware, segment or cohort; default: every counter.")
@click.option("--by", type=click.Choice(BREAKDOWNS), default="firmware", show_default=True, help="With --counter: break down by.")
@_product_option
@json_option
@click.pass_obj
def adoption(context: Context, counter: str | None, by: str, product: str | None, as_json: bool) -> None:
    """Show how many operating units used each counter in the last 7, 30 and 90 days.

    Reporting: the operating units that have this counter at all. Cohort: the quarter of installation, else of shipping.
    """
    with context.database().snapshot() as session:
        number = _product(session, product) if product else 0
        result = fleet_adoption.engagement(session, clock())
    rows = result.value.parts(counter, by, number) if counter else result.value.counters(number)
    print_list(rows, _ADOPTION, empty=_NO_USE, as_json=as_json, shape=fleet_adoption.adoption_shape)
    if rows and not as_json:
        click.echo(f"\nAs of {result.at:%Y-%m-%d %H:%M} UTC.")


@usage.command()
@_product_option
@json_option
@click.pass_obj
def milestones(context: Context, product: str | None, as_json: bool) -> None:
    """Show how long units take from shipping to deployment, to the first report, and to the first use of each counter.

    The shares after 30, 60 and 90 days are of the units that were shipped at least that long ago. First uses are of
    units that were shipped since use is measured: of older ones the first use may have been missed.
    """
    with context.database().snapshot() as session:
        number = _product(session, product) if product else 0
        rows = fleet_adoption.engagement(session, clock()).value.steps(number)
    print_list(rows, _MILESTONES, empty="No unit has a ship date.", as_json=as_json, shape=fleet_adoption.milestone_shape)


@usage.command()
@click.option("--counter", help="Only this counter.")
@click.option("--segment", help="Only accounts in this segment.")
@json_option
@click.pass_obj
def declining(context: Context, counter: str | None, segment: str | None, as_json: bool) -> None:
    """List accounts whose use declines over 12 complete weeks; those with many tickets come first.

    P: the probability of so many falls from week to week if there were no trend. Many tickets: more per unit than the whole fleet.
    """
    with context.database().snapshot() as session:
        result = declining_use.declining(session, clock()).value
    rows = declining_use.some(result, counter, segment)
    empty = f"No account declines, of {result.tested:,} accounts and counters with {WEEKS} weeks of use."
    print_list(rows, _DECLINING, empty=empty, as_json=as_json, shape=declining_use.shape)


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


def _share(units: int, reached: int) -> str | None:
    return f"{reached / units:.0%} of {units:,}" if units else None
