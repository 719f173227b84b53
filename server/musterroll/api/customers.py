"""Customers: ever and now, with the numbers of their health; and the health of one account by parts."""

from datetime import date, datetime

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import answer, clock, read_only, snapshot
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import MoneyOut, RefPath, RequestSchema, Schema, Text, money_out
from musterroll.domain.customers.counts import CustomerCounts, quarter_name
from musterroll.domain.customers.standing import Cause, Standing
from musterroll.domain.values import cursors
from musterroll.usecases.customers import base, health, lists
from musterroll.usecases.customers.base import CustomerBase, CustomerRow
from musterroll.usecases.customers.lists import CustomerFilter, Who

api = guarded("customers", "accounts")


class CustomerOut(Schema):
    ref: str
    name: str
    parent: str = Field(description="Number of the parent account.")
    segment: str
    country: str
    accounts: int = Field(description="Accounts counted together: itself and, rolled up, its subsidiaries.")
    standing: Standing
    first_on: date | None = Field(
        description="First purchase: a contract began, or a unit that was deployed was bought, shipped or installed."
    )
    lapsed_on: date | None = Field(description="First day without a contract in force or a unit deployed.")
    won_back_on: date | None = Field(description="A customer again from this day, after it had lapsed.")
    churned: bool = Field(description="Lapsed in the last quarter.")
    cause: Cause | None = Field(description="What ended last, of customers that lapsed or churned.")
    contract: str = Field(description="The contract that ended last.")
    reason: str = Field(description="Why it was cancelled, where records say.")
    deployed: int
    operating: int
    covered: int = Field(description="Deployed units on a contract or in warranty.")
    tickets: int = Field(description="Opened in the last 90 days.")
    contracts: int = Field(description="In force.")
    billed: int = Field(description="Of these: with a payment state.")
    overdue: int
    owed: list[MoneyOut] = Field(description="Left to pay of overdue invoices.")
    counter: str = Field(description="The counter that the trend of use is of; `operating` counts seconds.")
    fall: float | None = Field(description="Share of use lost between the first and the last four of 12 complete weeks.")
    p: float | None = Field(description="Probability of so many falls from week to week without a trend (Mann-Kendall).")
    declining: bool
    due_on: date | None = Field(description="Last day of the first term that ends within twelve months.")
    due_contract: str
    renews: bool = Field(description="That contract renews automatically.")
    worth: list[MoneyOut] = Field(description="Annual value of its contract lines in force.")
    stake: list[MoneyOut] = Field(description="What of the annual value is at stake, each amount once.")


class CustomerCountsOut(Schema):
    key: str
    ever: int
    now: int
    operating: int
    dormant: int
    lapsed: int
    won_back: int
    churned: int


class RetentionPointOut(Schema):
    month: int
    observed: int = Field(description="Customers observed for so long.")
    share: float = Field(description="Of the customers, have not lapsed until then (Kaplan-Meier).")
    low: float = Field(description="95 % range.")
    high: float


class RetentionCurveOut(Schema):
    cohort: str = Field(description="Year of first purchase; `all`: of all customers.")
    customers: int
    lapsed: int
    points: list[RetentionPointOut] = Field(description="Empty: too few customers.")


class CustomerPage(Schema):
    items: list[CustomerOut]
    next: str | None
    at: datetime = Field(description="When it was counted; of a large fleet every ten minutes.")
    accounts: int = Field(description="Accounts on record.")
    total: CustomerCountsOut
    quarter: str = Field(description="The last quarter that is over.")
    opening: int = Field(description="Customers when it began.")
    causes: dict[str, int] = Field(description="What ended last, of those who churned in it.")
    segments: list[CustomerCountsOut]
    countries: list[CustomerCountsOut]
    months: list[CustomerCountsOut] = Field(description="By month of first purchase, the newest first.")
    retention: list[RetentionCurveOut]


class CustomerQuery(ListQuery):
    rolled: bool = Field(default=False, description="Each account together with its subsidiaries; default: each for itself.")
    who: Who = Field(default=Who.EVER, description="`won_back` are customers now; `churned`: in the last quarter.")
    segment: Text | None = Field(default=None, max_length=80)
    country: Text | None = Field(default=None, max_length=60)
    first: Text = Field(default="", max_length=20, description="First purchase: a month such as 2026-11, a year, or `unknown`.")
    cause: Cause | None = None

    def filter(self) -> CustomerFilter:
        return CustomerFilter(self.who, self.segment, self.country, self.first, self.cause)


class HealthPartOut(Schema):
    key: str
    name: str
    number: str
    of: str = Field(description="What the number is of.")
    source: str
    as_of: date | None = Field(description="Day of the source; null: there is none.")
    attention: str = Field(description="Why it needs attention; empty: it does not.")


class HealthOut(Schema):
    account: str
    subsidiaries: int = Field(description="Counted with the account.")
    parts: list[HealthPartOut]


class HealthQuery(RequestSchema):
    alone: bool = Field(default=False, description="Without subsidiaries.")


@listing(api, "/customers", CustomerPage, "Customers, with the numbers of their health")
def list_customers(query: CustomerQuery) -> Response:
    now = clock()
    with snapshot() as session:
        counted, every = base.customers(session, now), base.rows(session, query.rolled, now).value
    rows = lists.filtered(every, query.filter())

    def fetch(_: Session, cursor: str | None, limit: int) -> Page:
        after = cursors.text(cursor)
        behind = [row for row in rows if after is None or row.ref > after]
        shown, following = cursors.cut(behind, limit, lambda row: (row.ref,))
        return list(map(_row, shown)), following

    of = counted.value.of(query.rolled)
    more = {"at": counted.at, "quarter": quarter_name(counted.value.quarter), **_summary(of)}
    return listed(CustomerPage, query, "customers", fetch, lambda: more)


@api.get("/accounts/<ref>/health", summary="The health of an account by parts", responses={200: HealthOut, **documented(404)})
def get_account_health(path: RefPath, query: HealthQuery) -> Response:
    with read_only() as session:
        of = health.account_health(session, path.ref, clock(), alone=query.alone)
    return answer(HealthOut(account=path.ref, subsidiaries=of.subsidiaries, parts=[HealthPartOut(**part._asdict()) for part in of.parts]))


def _row(row: CustomerRow) -> CustomerOut:
    money = {name: list(map(money_out, getattr(row, name))) for name in ("owed", "worth", "stake")}
    return CustomerOut(**{**row._asdict(), **money})


def _summary(of: CustomerBase) -> dict[str, object]:
    groups = {name: [_counts(key, counts) for key, counts in getattr(of, name)] for name in ("segments", "countries", "months")}
    curves = [
        RetentionCurveOut(**{**curve._asdict(), "points": [RetentionPointOut(**point._asdict()) for point in curve.points]})
        for curve in of.curves
    ]
    causes = {cause.value: number for cause, number in of.causes.items()}
    return {
        "accounts": of.accounts,
        "total": _counts("", of.counts),
        "opening": of.opening,
        "causes": causes,
        "retention": curves,
        **groups,
    }


def _counts(key: str, counts: CustomerCounts) -> CustomerCountsOut:
    return CustomerCountsOut(key=key, now=counts.now, **counts._asdict())
