"""Invoices, and what of them is outstanding by age."""

from datetime import date

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import clock, read_only
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import MoneyOut, ReportingTotalOut, Schema, Text, money_out, reporting_out
from musterroll.domain.contracts import invoices as rules
from musterroll.domain.contracts.invoices import Age, AgeSum
from musterroll.domain.contracts.terms import Payment
from musterroll.domain.values.exchange import Exchange
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.contracts.invoices import InvoiceOf
from musterroll.usecases.contracts import invoices
from musterroll.usecases.contracts.invoices import InvoiceQuery

api = guarded("invoices", "contracts")


class InvoiceOut(Schema):
    ref: str
    account: str = Field(description="Number of the account.")
    account_name: str
    contract: str | None
    issued_on: date
    due_on: date
    amount: MoneyOut = Field(description="Of a credit note below zero.")
    left: MoneyOut | None = Field(description="Left to pay; below zero: not used yet of a credit note; null: paid or void.")
    age: Age | None = Field(description="Days overdue; null: nothing is left to pay.")
    payment: Payment
    paid_on: date | None


class AgeOut(Schema):
    age: Age = Field(description="Days overdue.")
    invoices: int
    amounts: list[MoneyOut]
    together: ReportingTotalOut | None = Field(description="In the reporting currency.")


class InvoicePage(Schema):
    items: list[InvoiceOut]
    next: str | None
    ageing: list[AgeOut] = Field(description="All outstanding invoices of the account, or of all.")


class InvoicesQuery(ListQuery):
    account: Text = Field(default="", max_length=80, description="Account number; includes subsidiaries.")
    age: Age | None = Field(default=None, description="Outstanding for so many days.")
    unpaid: bool = Field(default=False, description="Only what is outstanding.")
    overdue: bool = Field(default=False, description="Only what is overdue.")


@listing(api, "/invoices", InvoicePage, "Invoices by due date, the newest first, and what is outstanding by age", 404)
def list_invoices(query: InvoicesQuery) -> Response:
    now = clock()
    chosen = InvoiceQuery(query.account, query.age, query.unpaid, query.overdue)
    with read_only() as session:
        ages, exchange = invoices.ageing(session, now, query.account or None), exchange_rates.exchange(session, now.date())

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        shown, following = invoices.page(session, chosen, now, cursor, limit)
        return [_out(row, now.date()) for row in shown], following

    return listed(InvoicePage, query, "invoices", fetch, lambda: {"ageing": [age_out(of, exchange) for of in ages]})


def _out(row: InvoiceOf, on: date) -> InvoiceOut:
    return InvoiceOut(
        ref=row.ref,
        account=row.account_ref,
        account_name=row.account_name,
        contract=row.contract_ref,
        issued_on=row.issued_on,
        due_on=row.due_on,
        amount=money_out(row.amount),
        left=row.left and money_out(row.left),
        age=_age(row, on),
        payment=row.payment,
        paid_on=row.paid_on,
    )


def _age(row: InvoiceOf, on: date) -> Age | None:
    if row.left is None:
        return None
    return Age.CREDIT if row.left.amount < 0 else rules.age(row.due_on, on)


def age_out(of: AgeSum, exchange: Exchange) -> AgeOut:
    together = exchange.total(of.amounts)
    return AgeOut(age=of.age, invoices=of.invoices, amounts=list(map(money_out, of.amounts)), together=reporting_out(together))
