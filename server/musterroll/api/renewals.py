"""Renewals: contracts that end within a year, what is in question, and how much of the fleet is covered."""

from datetime import date, datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import answer, clock, reading
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import MoneyOut, Named, Shape, Text, in_line, money_out, named, numbers
from musterroll.domain.contracts.terms import Payment
from musterroll.usecases.installed_base import renewals
from musterroll.usecases.installed_base.renewals import Due, Narrow, Share

api = guarded("renewals", "contracts")
Only = Annotated[renewals.Only, in_line(renewals.Only)]


class RenewalOut(Shape):
    contract: str
    account: Named | None
    last_day: date = Field(description="Of the term in force.")
    renews: bool = Field(description="By itself, unless somebody gives notice.")
    notice_by: date | None = Field(description="The last day on which notice stops its renewal.")
    seats: int
    unpriced: int = Field(description="Seats without a known price.")
    silent: int = Field(description="Units on its lines that are silent.")
    worth: MoneyOut = Field(description="A year of its lines.")
    risk: MoneyOut = Field(description="A year of the seats whose units are silent.")
    payment: Payment | None = Field(description="As billing says.")
    base_then: int | None = Field(description="The account's installed base about a month ago.")
    base_now: int | None
    falling: bool = Field(description="It lost a tenth or more.")


class RenewalPage(Shape):
    items: list[RenewalOut]
    next: str | None
    counted_at: datetime
    contracts: int = Field(description="On all pages together.")
    worth: list[MoneyOut]
    risk: list[MoneyOut]


class ShareOut(Shape):
    """A share with its 95 % score interval (Wilson)."""

    part: int
    whole: int
    share: float | None
    low: float
    high: float


class CoverRates(Shape):
    attach: ShareOut = Field(description="On a contract, of the deployed and operating.")
    coverage: ShareOut = Field(description="On a contract or in warranty, of the deployed.")
    counted_at: datetime


class RenewalQuery(ListQuery):
    account: Text | None = Field(default=None, max_length=80, description="The account's number; with all accounts below it.")
    month: str = Field(default="", pattern=r"^(\d{4}-\d{2})?$", description="As 2026-11.")
    quarter: str = Field(default="", pattern=r"^(\d{4} Q[1-4])?$", description="As `2026 Q4`.")
    within: int | None = Field(default=None, ge=0, le=3660, description="Days.")
    only: Only | None = None


@listing(api, "/renewals", RenewalPage, "Contracts that end within a year, the first to end first", 404)
def list_renewals(query: RenewalQuery) -> Response:
    """Of a large fleet it is counted every ten minutes."""
    now = clock()
    told: dict[str, Any] = {}

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        found = renewals.dues(session, now, query.account)
        due = renewals.narrowed(found.value.due, Narrow(query.month, query.quarter, query.within, query.only), now)
        sums = renewals.total(due)
        told.update(
            counted_at=found.at, contracts=sums.contracts, worth=list(map(money_out, sums.worth)), risk=list(map(money_out, sums.risk))
        )
        begin = (numbers(cursor, 1) or (0,))[0]
        behind = begin + limit
        return [_out(one) for one in due[begin:behind]], str(behind) if len(due) > behind else None

    return listed(RenewalPage, query, "renewals", fetch, lambda: told)


@api.get("/renewals/rates", summary="Contract attach rate and coverage rate", responses={200: CoverRates})
def get_rates() -> Response:
    with reading() as session:
        found = renewals.rates(session, clock())
    return answer(CoverRates(attach=share_out(found.value.attach), coverage=share_out(found.value.coverage), counted_at=found.at))


def share_out(share: Share) -> ShareOut:
    found = renewals.interval(share)
    return ShareOut(part=share.part, whole=share.whole, share=found.share if share.whole else None, low=found.low, high=found.high)


def _out(due: Due) -> RenewalOut:
    return RenewalOut(
        contract=due.ref,
        account=named(due.account_ref or None, due.account or None),
        **due.ending._asdict(),
        **{name: getattr(due, name) for name in ("seats", "unpriced", "silent", "falling")},
        worth=money_out(due.worth),
        risk=money_out(due.risk),
        payment=Payment(due.payment) if due.payment else None,
        base_then=due.activity.then if due.activity else None,
        base_now=due.activity.now if due.activity else None,
    )
