"""`musterroll customers`: customers ever and now, lapsed, won back, and the health of one account."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_json, print_list, print_table
from musterroll.domain.customers.cohorts import RetentionCurve
from musterroll.domain.customers.counts import CustomerGroup, quarter_name
from musterroll.domain.customers.health import HealthPart
from musterroll.domain.values.money import Money, format_sums
from musterroll.storage.contracts import exchange_rates
from musterroll.usecases.customers import base, health, lists
from musterroll.usecases.customers.base import CustomerRow
from musterroll.usecases.customers.lists import CustomerFilter, Sort, Who


def _count(name: str) -> Callable[[CustomerGroup], str]:
    return lambda group: f"{getattr(group.counts, name):,}"


def _share(month: int) -> Callable[[RetentionCurve], str]:
    def share(curve: RetentionCurve) -> str:
        point = curve.at(month)
        if point is None:
            return "" if curve.points else "too few"
        return f"{100 * point.share:.1f} % ({100 * point.low:.0f} to {100 * point.high:.0f} %)"

    return share


def _shape(row: CustomerRow) -> dict[str, Any]:
    def amounts(of: Iterable[Money]) -> list[dict[str, str]]:
        return [{"amount": f"{money.amount.normalize():f}", "currency": money.currency} for money in of]

    return {**row._asdict(), **{name: amounts(getattr(row, name)) for name in ("owed", "worth", "stake")}}


_GROUPS: Columns[CustomerGroup] = (
    Column("", lambda group: group.key or "not on record"),
    *(
        Column(heading, _count(name), right=True)
        for heading, name in (
            *(("EVER", "ever"), ("NOW", "now"), ("OPERATING", "operating"), ("DORMANT", "dormant")),
            *(("LAPSED", "lapsed"), ("WON BACK", "won_back"), ("CHURNED", "churned")),
        )
    ),
)
_CURVES: Columns[RetentionCurve] = (
    Column("FIRST PURCHASE", lambda curve: curve.cohort),
    Column("CUSTOMERS", lambda curve: f"{curve.customers:,}", right=True),
    Column("LAPSED", lambda curve: f"{curve.lapsed:,}", right=True),
    *(Column(f"{month} MONTHS", _share(month), right=True) for month in (12, 24, 36)),
)
_ROWS: Columns[CustomerRow] = (
    Column("ACCOUNT", lambda row: row.ref),
    Column("NAME", lambda row: row.name),
    Column("STANDING", lambda row: row.standing),
    Column("FIRST PURCHASE", lambda row: row.first_on),
    Column("LAPSED", lambda row: row.lapsed_on),
    Column("WHAT ENDED LAST", lambda row: row.cause and f"{row.cause} {row.contract}".strip()),
    Column("OPERATING", lambda row: f"{row.operating:,} of {row.deployed:,}", right=True),
    Column("ANNUAL VALUE", lambda row: format_sums(row.worth, short=True), right=True),
    Column("AT STAKE", lambda row: format_sums(row.stake, short=True), right=True),
    Column("TICKETS", lambda row: f"{row.tickets:,}", right=True),
    Column("OVERDUE", lambda row: f"{row.overdue:,}", right=True),
    Column("DUE", lambda row: row.due_on),
)
_PARTS: Columns[HealthPart] = (
    Column("PART", lambda part: part.name),
    Column("NUMBER", lambda part: part.number, right=True),
    Column("OF", lambda part: part.of),
    Column("SOURCE", lambda part: part.source),
    Column("AS OF", lambda part: part.as_of),
    Column("ATTENTION", lambda part: part.attention),
)
_rolled_option = click.option("--rolled", is_flag=True, help="Count each account together with all its subsidiaries.")


@click.group()
def customers() -> None:
    """Customers: accounts with a contract in force or a unit deployed, now or in the past."""


@customers.command()
@_rolled_option
@click.option("--by", default="segment", show_default=True, type=click.Choice(["segment", "country", "month"]), help="Break down by.")
@json_option
@click.pass_obj
def show(context: Context, rolled: bool, by: str, as_json: bool) -> None:
    """Count customers ever, now, with operating units, dormant, lapsed, won back and churned in the last quarter."""
    now = clock()
    with context.database().snapshot() as session:
        counted = base.customers(session, now)
    of, quarter = counted.value.of(rolled), quarter_name(counted.value.quarter)
    groups = {"segment": of.segments, "country": of.countries, "month": of.months}[by]
    if as_json:
        curves = [{**curve._asdict(), "points": [point._asdict() for point in curve.points]} for curve in of.curves]
        facts = {"counted_at": counted.at.isoformat(), "rolled": rolled, "accounts": of.accounts, "quarter": quarter, "opening": of.opening}
        parts = [{"key": key, "now": counts.now, **counts._asdict()} for key, counts in groups]
        total = {"now": of.counts.now, **of.counts._asdict()}
        print_json({**facts, "total": total, "causes": of.causes, "by": by, "groups": parts, "retention": curves})
        return
    each = "each with its subsidiaries" if rolled else "each account for itself"
    click.echo(f"{of.counts.now:,} customers now of {of.counts.ever:,} ever and {of.accounts:,} accounts, {each}; churned: in {quarter}\n")
    print_table([CustomerGroup("total", of.counts), *groups], _GROUPS)
    if of.curves:
        click.echo("\nRetention: share not lapsed after the first purchase, with its 95 % range")
        print_table(of.curves, _CURVES)


@customers.command("list")
@_rolled_option
@click.option("--who", default=Who.EVER.value, show_default=True, type=click.Choice([who.value for who in Who]), help="Which customers.")
@click.option("--segment", help="Only this segment.")
@click.option("--country", help="Only this country.")
@click.option("--first", default="", metavar="MONTH", help="First purchase in this month (2026-11) or year.")
@click.option("--sort", type=click.Choice([sort.value for sort in Sort]), default="units", show_default=True, help="The largest first.")
@limit_option("customers")
@json_option
@click.pass_obj
def list_(context: Context, /, rolled: bool, who: str, sort: str, limit: int, as_json: bool, **filters: Any) -> None:
    """List customers with their annual value and the numbers of their health."""
    now = clock()
    with context.database().snapshot() as session:
        every, exchange = base.rows(session, rolled, now).value, exchange_rates.exchange(session, now.date())
    rows = lists.ordered(lists.filtered(every, CustomerFilter(Who(who), **filters)), Sort(sort), exchange)
    shown = rows if as_json else rows[:limit]
    print_list(shown, _ROWS, empty="No such customers.", as_json=as_json, shape=_shape)
    if len(rows) > len(shown):
        click.echo(f"{len(shown):,} of {len(rows):,}; --json has all")


@customers.command("health")
@click.argument("account")
@click.option("--alone", is_flag=True, help="Without subsidiaries.")
@json_option
@click.pass_obj
def health_(context: Context, account: str, alone: bool, as_json: bool) -> None:
    """Show the health of an ACCOUNT (number) by parts, each with its number, source and day."""
    with context.database().snapshot() as session:
        of = health.account_health(session, account, clock(), alone=alone)
    if as_json:
        print_json({"account": account, "subsidiaries": of.subsidiaries, "parts": [part._asdict() for part in of.parts]})
        return
    click.echo(f"{account} with {of.subsidiaries:,} subsidiaries" if of.subsidiaries else f"{account} for itself")
    print_table(of.parts, _PARTS)
