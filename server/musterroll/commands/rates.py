"""`musterroll rates`: exchange rates and the reporting currency."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.exchange import ReportingTotal
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.money import ExchangeRate
from musterroll.usecases.contracts import reporting_currency

_ACTOR = "command line"
_RATES: Columns[ExchangeRate] = (
    Column("DATE", lambda row: row.on),
    Column("RATE", lambda row: f"1 {row.base} = {row.rate.normalize():f} {row.currency}"),
)


def together(total: ReportingTotal | None) -> dict[str, Any] | None:
    """A total in the reporting currency as JSON."""
    if total is None:
        return None
    rates = [{"currency": rate.currency, "rate": f"{rate.rate:.8f}", "on": rate.on.isoformat()} for rate in total.rates]
    amount = {"amount": f"{total.total.amount:.2f}", "currency": total.total.currency}
    return {**amount, "rates": rates, "missing": list(total.missing)}


@click.group()
def rates() -> None:
    """Exchange rates, for one total in a reporting currency. To import a list: musterroll import rates FILE."""


@rates.command("list")
@limit_option("rates", default=50)
@json_option
@click.pass_obj
def list_(context: Context, limit: int, as_json: bool) -> None:
    """List exchange rates, those added last first."""
    with context.database().snapshot() as session:
        rows = exchange_rates.page(session, None, limit)
    empty = "No exchange rates. To import a list: musterroll import rates FILE"
    print_list(rows, _RATES, empty=empty, as_json=as_json, shape=lambda row: row.model_dump(mode="json", exclude={"id"}))


@rates.command("set")
@click.argument("on", type=click.DateTime(["%Y-%m-%d"]))
@click.argument("base")
@click.argument("currency")
@click.argument("rate")
@click.pass_obj
def set_(context: Context, on: datetime, base: str, currency: str, rate: str) -> None:
    """Set the rate of a day, as in: musterroll rates set 2026-11-27 EUR USD 1.0832 (one EUR is 1.0832 USD)."""
    try:
        value = Decimal(rate)
    except InvalidOperation:
        raise DomainError(f"{rate[:20]!r} is not a number such as 1.0832") from None
    with context.database().transaction() as session:
        change = reporting_currency.set_rate(session, on.date(), base.upper(), currency.upper(), value, _ACTOR, clock())
        _saved(change)


@rates.command("reporting")
@click.argument("currency", required=False)
@click.pass_obj
def reporting(context: Context, currency: str | None) -> None:
    """Show or choose the reporting CURRENCY, such as EUR; `none` for none."""
    database = context.database()
    if currency is None:
        with database.snapshot() as session:
            chosen = exchange_rates.option(session)
        click.echo((chosen.value if chosen else "") or "none")
        return
    with database.transaction() as session:
        _saved(reporting_currency.choose(session, "" if currency == "none" else currency.upper(), _ACTOR, clock()))


def _saved(change: AuditChange) -> None:
    click.echo(f"Saved. To undo: musterroll changes undo {change.id}")
