"""`musterroll worth`: the annual value of the contract lines in force, and what of it is at stake."""

from collections.abc import Callable, Iterable
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_json, print_table
from musterroll.domain.contracts.book import MONEY, Worth, rank
from musterroll.domain.values.exchange import Exchange, format_total
from musterroll.domain.values.money import Money, format_sums
from musterroll.storage.contracts import exchange_rates
from musterroll.usecases.installed_base import worth as base_worth
from musterroll.usecases.installed_base.renewals import RenewalSum
from musterroll.usecases.installed_base.retention import RetainedMoney
from musterroll.usecases.installed_base.worth import KindWorth, WorthBreakdown, WorthOf, WorthOverview


def _money(name: str) -> Callable[[WorthOf], str]:
    return lambda row: format_sums(getattr(row.worth, name), short=True)


_ROWS: Columns[WorthOf] = (
    Column("", lambda row: f"{row.key} {row.name}" if row.name != row.key else row.key or "unknown"),
    Column("UNITS", lambda row: f"{row.worth.seats:,}", right=True),
    *(
        Column(heading, _money(name), right=True)
        for heading, name in (("ANNUAL VALUE", "value"), ("AT STAKE", "stake"), ("SILENT", "silent"), ("UNUSED", "unused"))
    ),
    *(Column(name.upper(), _money(name), right=True) for name in ("overdue", "ending", "declining")),
)
_KINDS: Columns[KindWorth] = (
    Column("FINDING", lambda row: row.kind.label),
    Column("COUNT", lambda row: f"{row.findings:,}", right=True),
    Column("ANNUAL VALUE", lambda row: format_sums(row.worth, short=True), right=True),
)


@click.command()
@click.option(
    "--by",
    default=WorthBreakdown.ACCOUNT.value,
    show_default=True,
    type=click.Choice([by.value for by in WorthBreakdown]),
    help="Break down by.",
)
@limit_option("rows", 20)
@json_option
@click.pass_obj
def worth(context: Context, by: str, limit: int, as_json: bool) -> None:
    """Annual value of the contract lines in force, and what of it is at stake (silent, unused, overdue, ending, declining)."""
    now = clock()
    with context.database().snapshot() as session:
        counted = base_worth.worth(session, now)
        rows = base_worth.breakdown(session, WorthBreakdown(by), now).value
        exchange = exchange_rates.exchange(session, now.date())
    overview = counted.value
    if as_json:
        facts = {"on": overview.on, "counted_at": counted.at.isoformat(), "total": _shape(overview.total), "by": by}
        print_json({**facts, "rows": [{"key": row.key, "name": row.name, **_shape(row.worth)} for row in rows], **_further(overview)})
        return
    _print_total(overview, exchange)
    most = sorted(rows, key=lambda row: (-rank(row.worth.stake, exchange), row.key))
    print_table(most[:limit], _ROWS)
    if len(rows) > limit:
        click.echo(f"{limit:,} of {len(rows):,}, those with the most at stake; --json has all")
    if overview.findings:
        click.echo()
        print_table(overview.findings, _KINDS)


def _print_total(overview: WorthOverview, exchange: Exchange) -> None:
    total, due = overview.total, overview.next_quarter
    stake = format_total(total.stake, exchange, short=True) or "nothing"
    click.echo(f"Annual value on {overview.on}: {format_total(total.value, exchange, short=True) or 'unpriced'}")
    click.echo(f"  {total.priced:,} of {total.seats:,} units priced; at stake {stake}")
    value = format_total(due.worth, exchange, short=True) or "unpriced"
    click.echo(f"  due in {due.name}: {due.contracts:,} contracts, {value}\n")


def _further(overview: WorthOverview) -> dict[str, Any]:
    kinds = [{"kind": row.kind.value, "findings": row.findings, "worth": _amounts(row.worth)} for row in overview.findings]
    renewals = [
        {
            "quarter": row.name,
            "contracts": row.contracts,
            "renewing": row.renewing,
            "worth": _amounts(row.worth),
            "risk": _amounts(row.risk),
        }
        for row in overview.renewals
    ]
    past = [
        {"quarter": row.name, "due": row.due, "renewed": row.renewed, "retention": [_kept(money) for money in row.money]}
        for row in overview.retention
    ]
    ages = [{"age": of.age, "invoices": of.invoices, "amounts": _amounts(of.amounts)} for of in overview.ageing]
    coming = [
        {
            "quarter": row.name,
            "due": row.due,
            "renewed": row.renewed and row.renewed._asdict(),
            "values": [{"due": _amounts([value.due])[0], "renewed": value.renewed and value.renewed._asdict()} for value in row.values],
        }
        for row in overview.forecast.coming
    ]
    tests = [{"of": test.of, "held": test.held, "quarters": test.quarters, "grade": test.grade} for test in overview.forecast.tests]
    usage = overview.usage and {
        **overview.usage._asdict(),
        "unit_days": overview.usage.unit_days and overview.usage.unit_days._asdict(),
        "amounts": [{**of._asdict(), "revenue": of.revenue._asdict()} for of in overview.usage.amounts],
        "test": overview.usage.test and {name: getattr(overview.usage.test, name) for name in ("held", "quarters", "grade")},
    }
    return {
        "usage_revenue": usage,
        "forecast": {"coming": coming, "tests": tests},
        "ageing": ages,
        "findings": kinds,
        "renewals": renewals,
        "retention": past,
    }


def _kept(of: RetainedMoney) -> dict[str, Any]:
    amounts = {name: f"{getattr(of, name).amount.normalize():f}" for name in ("worth", "gross", "net")}
    return {"currency": of.worth.currency, "priced": of.priced, **amounts}


def _shape(of: Worth) -> dict[str, Any]:
    return {**of._asdict(), **_of(of, *MONEY)}


def _of(row: Worth | RenewalSum, *names: str) -> dict[str, list[dict[str, str]]]:
    return {name: _amounts(getattr(row, name)) for name in names}


def _amounts(amounts: Iterable[Money]) -> list[dict[str, str]]:
    return [{"amount": f"{money.amount.normalize():f}", "currency": money.currency} for money in amounts]
