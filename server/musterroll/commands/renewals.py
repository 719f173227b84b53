"""`musterroll renewals`: contracts due."""

from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.rates import together
from musterroll.commands.tables import Column, Columns, json_option, print_json, print_table
from musterroll.domain.values.exchange import format_total
from musterroll.domain.values.money import format_sums
from musterroll.storage.contracts import exchange_rates
from musterroll.usecases.installed_base import renewals as contract_renewals
from musterroll.usecases.installed_base.renewals import DueContract, RenewalFilter

_DUE: Columns[DueContract] = (
    Column("CONTRACT", lambda due: due.ref),
    Column("ACCOUNT", lambda due: due.account or "-"),
    Column("LAST DAY", lambda due: due.ending.last_day),
    Column("AT TERM", lambda due: "auto-renews" if due.ending.renews else "expires"),
    Column("UNITS", lambda due: f"{due.seats:,}", right=True),
    Column("SILENT", lambda due: f"{due.silent:,}", right=True),
    Column("ANNUAL VALUE", lambda due: format_sums(due.worth) or "-", right=True),
    Column("LIMITS", lambda due: f"{len(due.limits)} near or used up" if due.limits else "", right=False),
    Column("AT RISK", lambda due: format_sums(due.risk) or "-", right=True),
)


@click.command()
@click.option("--account", help="Only this account (number) and its subsidiaries.")
@click.option("--within", type=click.IntRange(0, 3660), metavar="DAYS", help="Due within this many days; default: a year.")
@json_option
@click.pass_obj
def renewals(context: Context, account: str | None, within: int | None, as_json: bool) -> None:
    """List the contracts due within a year, in order of their end, with their annual value and what of it is at risk."""
    now = clock()
    with context.database().snapshot() as session:
        dues = contract_renewals.due_contracts(session, now, account).value.due
        due = contract_renewals.filtered(dues, RenewalFilter(within=within), now)
        sums, exchange = contract_renewals.total(due), exchange_rates.exchange(session, now.date())
    if as_json:
        worth = {"worth": _amounts(sums.worth), "risk": _amounts(sums.risk), "worth_together": together(exchange.total(sums.worth))}
        print_json({"contracts": sums.contracts, "seats": sums.seats, "priced": sums.priced, **worth, "items": list(map(_shape, due))})
        return
    if due:
        print_table(due, _DUE)
    worth_words = format_total(sums.worth, exchange) or "unknown (unpriced)"
    of_units = f" of {sums.priced:,} of {sums.seats:,} units that have a price" if sums.priced < sums.seats else ""
    click.echo(f"Total: {sums.contracts:,} contracts, annual value {worth_words}{of_units}")


def _shape(due: DueContract) -> dict[str, Any]:
    ending = {"last_day": due.ending.last_day.isoformat(), "renews": due.ending.renews}
    counts = {"seats": due.seats, "unpriced": due.unpriced, "silent": due.silent, "shared": len(due.shared), "limits": list(due.limits)}
    return {"contract": due.ref, "account": due.account_ref, **ending, **counts, "worth": _amounts(due.worth), "risk": _amounts(due.risk)}


def _amounts(sums: Any) -> dict[str, str]:
    return {money.currency: f"{money.amount:.2f}" for money in sums}
