"""Renewals: contracts due within a year with value and value at risk, and attach and coverage rates."""

from datetime import date, datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import answer, clock, read_only
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import (
    MoneyOut,
    NamedRef,
    ReportingTotalOut,
    Schema,
    Text,
    inline_enum,
    money_out,
    named_ref,
    reporting_out,
)
from musterroll.domain.contracts.renewal_outcomes import Outcome
from musterroll.domain.contracts.terms import Payment
from musterroll.domain.values import cursors
from musterroll.storage.contracts import exchange_rates
from musterroll.usecases.installed_base import renewals, retention
from musterroll.usecases.installed_base.renewals import DueContract, Ratio, RenewalFilter
from musterroll.usecases.installed_base.retention import EndedTerm, RetainedMoney

api = guarded("renewals", "contracts")
Only = Annotated[renewals.RenewalFlag, inline_enum(renewals.RenewalFlag)]


class RenewalOut(Schema):
    contract: str
    account: NamedRef | None
    last_day: date = Field(description="Last day of the current term.")
    renews: bool = Field(description="Renews automatically unless notice is given.")
    notice_by: date | None = Field(description="Last day to give notice before it renews.")
    seats: int
    unpriced: int = Field(description="Licences without a known price.")
    silent: int = Field(description="Silent units on its lines.")
    shared: int = Field(description="Of the silent units: on another contract as well; totals count them once.")
    worth: MoneyOut | None = Field(description="Annual value (ACV); null: unpriced.")
    worth_further: list[MoneyOut] = Field(description="Annual value of lines in other currencies.")
    risk: MoneyOut | None = Field(description="Annual value at risk (silent units).")
    risk_further: list[MoneyOut] = Field(description="Annual value at risk in other currencies.")
    payment: Payment | None = Field(description="Billing state.")
    base_then: int | None = Field(description="Installed base of the account about a month ago.")
    base_now: int | None
    falling: bool = Field(description="Declining usage: the installed base fell by a tenth or more.")
    limits: list[str] = Field(description="Limits of its lines of which 80 % or more is used, in words.")


class RenewalPage(Schema):
    items: list[RenewalOut]
    next: str | None
    counted_at: datetime
    contracts: int = Field(description="Number on all pages.")
    seats: int = Field(description="Units on their lines.")
    unpriced: int = Field(description="Of these: without a known price, so not in `worth`.")
    worth: list[MoneyOut]
    worth_together: ReportingTotalOut | None = Field(description="The same in the reporting currency.")
    risk: list[MoneyOut]


class ShareOut(Schema):
    """A share with its 95 % confidence interval (Wilson score)."""

    part: int
    whole: int
    share: float | None
    low: float
    high: float


class CoverRates(Schema):
    attach: ShareOut = Field(description="Share of deployed and operating units that are on a contract.")
    coverage: ShareOut = Field(description="Share of deployed units that are on a contract or in warranty.")
    counted_at: datetime


class PastTermOut(Schema):
    contract: str
    last_day: date = Field(description="Last day of the term that ended.")
    outcome: Annotated[Outcome, inline_enum(Outcome)] = Field(
        description="renewed, upsell or downsell (renewed for more or less), replaced (another contract followed, for other units), "
        "won back (the same units covered again after more than 90 days) or lost."
    )
    worth: MoneyOut | None = Field(description="Annual value (ACV) at the end of the term; null: unpriced.")
    retained: MoneyOut | None = Field(description="Annual value of what renewed it.")
    worth_further: list[MoneyOut] = Field(description="Annual value in other currencies.")
    retained_further: list[MoneyOut] = Field(description="Annual value of what renewed it, in other currencies.")
    by: list[str] = Field(description="The later contracts.")


class RetentionOut(Schema):
    """Of the priced terms in one currency."""

    priced: int = Field(description="Terms with a price in this currency.")
    worth: MoneyOut = Field(description="Annual value at the end of the terms.")
    gross: MoneyOut = Field(description="What renewals kept of it.")
    net: MoneyOut = Field(description="What renewals kept of it and added.")
    gross_share: float | None
    net_share: float | None


class PastTermPage(Schema):
    items: list[PastTermOut]
    next: str | None
    counted_at: datetime
    since: date = Field(description="First day counted.")
    rate: ShareOut = Field(description="Renewal rate: terms renewed, of those that ended.")
    outcomes: dict[str, int] = Field(description="Terms by outcome.")
    retention: list[RetentionOut]


class PastTermQuery(ListQuery):
    account: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")


class RenewalQuery(ListQuery):
    account: Text | None = Field(default=None, max_length=80, description="Account number; includes subsidiaries.")
    month: str = Field(default="", pattern=r"^(\d{4}-\d{2})?$", description="Month in which it is due, such as 2026-11.")
    quarter: str = Field(default="", pattern=r"^(\d{4} Q[1-4])?$", description="Quarter in which it is due, such as `2026 Q4`.")
    within: int | None = Field(default=None, ge=0, le=3660, description="Due within this many days.")
    only: Only | None = None


@listing(api, "/renewals", RenewalPage, "Contracts due within a year, in order of their end", 404)
def list_renewals(query: RenewalQuery) -> Response:
    """For a large fleet, updated every ten minutes."""
    now = clock()
    summary: dict[str, Any] = {}

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        dues = renewals.due_contracts(session, now, query.account)
        due = renewals.filtered(dues.value.due, RenewalFilter(query.month, query.quarter, query.within, query.only), now)
        sums = renewals.total(due)
        summary.update(
            counted_at=dues.at, contracts=sums.contracts, worth=list(map(money_out, sums.worth)), risk=list(map(money_out, sums.risk))
        )
        summary.update(seats=sums.seats, unpriced=sums.unpriced)
        summary.update(worth_together=reporting_out(exchange_rates.exchange(session, now.date()).total(sums.worth)))
        begin = cursors.number(cursor) or 0
        behind = begin + limit
        return [_out(row) for row in due[begin:behind]], cursors.encode(behind) if len(due) > behind else None

    return listed(RenewalPage, query, "renewals", fetch, lambda: summary)


@listing(api, "/renewals/past", PastTermPage, "Contract terms that ended in the last three years, and what became of them", 404)
def list_past_renewals(query: PastTermQuery) -> Response:
    """A contract renews another if it covers at least half of the same units and begins within 90 days of its end, or names it."""
    now = clock()
    summary: dict[str, Any] = {}

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        past = retention.past_renewals(session, now, query.account)
        ended = past.value
        summary.update(counted_at=past.at, since=ended.since, rate=share_out(Ratio(ended.renewed, len(ended.terms))))
        summary.update(outcomes={outcome.value: count for outcome, count in ended.outcomes.items()})
        summary.update(retention=list(map(retention_out, ended.money)))
        begin = cursors.number(cursor) or 0
        behind = begin + limit
        return [_past_term(term) for term in ended.terms[begin:behind]], cursors.encode(behind) if len(ended.terms) > behind else None

    return listed(PastTermPage, query, "past-renewals", fetch, lambda: summary)


@api.get("/renewals/rates", summary="Contract attach rate and coverage rate", responses={200: CoverRates})
def get_rates() -> Response:
    with read_only() as session:
        rates = renewals.rates(session, clock())
    return answer(CoverRates(attach=share_out(rates.value.attach), coverage=share_out(rates.value.coverage), counted_at=rates.at))


def share_out(share: Ratio) -> ShareOut:
    interval = renewals.interval(share)
    return ShareOut(part=share.part, whole=share.whole, share=interval.share if share.whole else None, low=interval.low, high=interval.high)


def retention_out(of: RetainedMoney) -> RetentionOut:
    money = {name: money_out(getattr(of, name)) for name in ("worth", "gross", "net")}
    return RetentionOut(priced=of.priced, **money, gross_share=of.gross_share, net_share=of.net_share)


def _past_term(term: EndedTerm) -> PastTermOut:
    worth, retained = list(map(money_out, term.worth)), list(map(money_out, term.retained))
    return PastTermOut(
        contract=term.ref,
        last_day=term.last_day,
        outcome=term.outcome,
        by=list(term.by),
        worth=worth[0] if worth else None,
        retained=retained[0] if retained else None,
        worth_further=worth[1:],
        retained_further=retained[1:],
    )


def _out(due: DueContract) -> RenewalOut:
    return RenewalOut(
        contract=due.ref,
        account=named_ref(due.account_ref or None, due.account or None),
        **due.ending._asdict(),
        **{name: getattr(due, name) for name in ("seats", "unpriced", "silent", "falling")},
        worth=money_out(due.worth[0]) if due.worth else None,
        worth_further=list(map(money_out, due.worth[1:])),
        shared=len(due.shared),
        risk=money_out(due.risk[0]) if due.risk else None,
        risk_further=list(map(money_out, due.risk[1:])),
        payment=Payment(due.payment) if due.payment else None,
        base_then=due.activity.then if due.activity else None,
        base_now=due.activity.now if due.activity else None,
        limits=list(due.limits),
    )
