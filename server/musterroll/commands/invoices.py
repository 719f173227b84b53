"""`musterroll invoices`: what is outstanding by age, and the invoices."""

from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_json, print_table
from musterroll.domain.contracts import invoices as rules
from musterroll.domain.contracts.invoices import Age, AgeSum
from musterroll.domain.values.exchange import format_total
from musterroll.domain.values.money import Money, format_money
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.contracts.invoices import InvoiceOf
from musterroll.usecases.contracts import invoices as outstanding
from musterroll.usecases.contracts.invoices import InvoiceQuery

_ROWS: Columns[InvoiceOf] = (
    Column("INVOICE", lambda row: row.ref),
    Column("ACCOUNT", lambda row: f"{row.account_ref} {row.account_name}"),
    Column("ISSUED", lambda row: row.issued_on),
    Column("DUE", lambda row: row.due_on),
    Column("AMOUNT", lambda row: format_money(row.amount), right=True),
    Column("LEFT TO PAY", lambda row: row.left and format_money(row.left), right=True),
    Column("PAID", lambda row: row.paid_on or (None if row.left else row.payment)),
)


@click.command()
@click.option("--account", help="Only this account (number) and its subsidiaries.")
@click.option("--age", type=click.Choice([age.value for age in Age]), help="Only what is outstanding for so many days.")
@click.option("--unpaid", is_flag=True, help="Only what is outstanding.")
@click.option("--overdue", is_flag=True, help="Only what is overdue.")
@limit_option("invoices", 20)
@json_option
@click.pass_obj
def invoices(context: Context, account: str | None, age: str | None, unpaid: bool, overdue: bool, limit: int, as_json: bool) -> None:
    """What of the invoices is outstanding by age and currency, and the invoices by due date, the newest first."""
    now = clock()
    query = InvoiceQuery(account or "", Age(age) if age else None, unpaid, overdue)
    with context.database().snapshot() as session:
        ages, rows = outstanding.ageing(session, now, account), outstanding.page(session, query, now, None, limit)[0]
        exchange = exchange_rates.exchange(session, now.date())
    if as_json:
        print_json({"ageing": list(map(_age, ages)), "invoices": list(map(_shape, rows))})
        return
    columns: Columns[AgeSum] = (
        Column("DAYS OVERDUE", lambda of: of.age),
        Column("INVOICES", lambda of: f"{of.invoices:,}", right=True),
        Column("LEFT TO PAY", lambda of: format_total(of.amounts, exchange), right=True),
    )
    late = rules.overdue(ages)
    print_table(ages, columns)
    sums = f"{late.invoices:,} invoices, {format_total(late.amounts, exchange)}" if late.invoices else "nothing"
    click.echo(f"overdue: {sums}\n")
    print_table(rows, _ROWS)


def _age(of: AgeSum) -> dict[str, Any]:
    return {"age": of.age, "invoices": of.invoices, "amounts": [_money(money) for money in of.amounts]}


def _shape(row: InvoiceOf) -> dict[str, Any]:
    facts = {"ref": row.ref, "account": row.account_ref, "contract": row.contract_ref, "issued_on": row.issued_on, "due_on": row.due_on}
    money = {"amount": _money(row.amount), "left": row.left and _money(row.left)}
    return {**facts, **money, "payment": row.payment, "paid_on": row.paid_on}


def _money(money: Money) -> dict[str, str]:
    return {"amount": f"{money.amount.normalize():f}", "currency": money.currency}
