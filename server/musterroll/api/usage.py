"""Use of the fleet: per day, week or month, adoption, milestones and declining use."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import clock, snapshot
from musterroll.api.http.lists import Fetch, ListQuery, Page, listed, listing
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Schema, Text
from musterroll.domain.usage.days import OPERATING
from musterroll.domain.usage.periods import Period
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import DomainError
from musterroll.usecases.usage import adoption, declining, history
from musterroll.usecases.usage.history import UsageScope

api = guarded("usage", "usage")
_USUAL = {Period.DAY: 30, Period.WEEK: 15, Period.MONTH: 12}


class CounterOut(Schema):
    counter: str = Field(description="`operating` counts seconds; others count as the maker defines.")
    use: float = Field(description="In the last 30 days.")
    unit_days: int = Field(description="Days with use, summed over the units.")
    first_on: date | None = Field(description="Of a unit or site: the first day with use, as far as it is known.")
    last_on: date | None


class CounterPage(Schema):
    items: list[CounterOut]
    next: str | None


class UseOut(Schema):
    start: date = Field(description="First day of the period, UTC.")
    use: float
    unit_days: int = Field(description="Days with use, summed over the units.")
    averaged: bool = Field(description="A part of it is averaged over a gap between two readings; of units and sites only.")


class UsePage(Schema):
    items: list[UseOut]
    next: str | None
    counter: str
    by: Period


class AdoptionOut(Schema):
    counter: str
    by: str = Field(description="firmware, segment or cohort (quarter of installation, else of shipping); empty: all units.")
    name: str
    operating: int = Field(description="Units that are deployed and operating.")
    reporting: int = Field(description="Of these, units that report this counter.")
    used_7: int = Field(description="Of these, units that used it in the last 7 days.")
    used_30: int
    used_90: int


class AdoptionPage(Schema):
    items: list[AdoptionOut]
    next: str | None
    at: datetime = Field(description="When it was counted; of a large fleet every ten minutes.")


class MilestoneOut(Schema):
    step: str = Field(description="`deployed`, `first report`, or a counter: its first use.")
    shipped: int = Field(description="Units with a ship date.")
    reached: int
    median_days: float | None = Field(description="From shipping, of those that reached it.")
    of_30: int = Field(description="Units shipped at least 30 days ago.")
    reached_30: int = Field(description="Of these, units that reached it within 30 days.")
    of_60: int
    reached_60: int
    of_90: int
    reached_90: int


class MilestonePage(Schema):
    items: list[MilestoneOut]
    next: str | None
    at: datetime = Field(description="When it was counted; of a large fleet every ten minutes.")


class DecliningOut(Schema):
    account: str
    name: str
    segment: str
    counter: str
    units: int = Field(description="Deployed units.")
    fall: float = Field(description="Share of use lost between the first and the last four weeks.")
    p: float = Field(description="Probability of so many falls from week to week without a trend (Mann-Kendall).")
    weeks: list[float] = Field(description="Use in each of 12 complete weeks, oldest first.")
    tickets: int = Field(description="Opened in the last 90 days.")
    many_tickets: bool = Field(description="More tickets per unit than the whole fleet.")


class DecliningPage(Schema):
    items: list[DecliningOut]
    next: str | None
    at: datetime = Field(description="When it was counted; of a large fleet every ten minutes.")
    since: date = Field(description="First day of the 12 weeks.")
    tested: int = Field(description="Accounts and counters with use in all of these weeks.")


class UsageScopeQuery(ListQuery):
    unit: Text | None = Field(default=None, max_length=64, description="Unit id; alone.")
    site: Text | None = Field(default=None, max_length=80, description="Number of a site; alone.")
    account: Text | None = Field(default=None, max_length=80, description="Number of an account, with its subsidiaries.")
    product: int | None = Field(default=None, ge=1, le=2**53 - 1, description="Product id.")

    def scope(self) -> UsageScope:
        if sum(map(bool, (self.unit, self.site, self.account or self.product))) > 1:
            raise DomainError("unit and site stand alone; account and product can be combined", "out_of_range")
        return UsageScope(self.unit, self.site, self.account, self.product)


class UseQuery(UsageScopeQuery):
    counter: Text = Field(default=OPERATING, max_length=80)
    by: Period = Period.DAY
    last: int | None = Field(default=None, ge=1, le=105, description="Periods; default: 30 days, 15 weeks or 12 months.")


class EngagementQuery(ListQuery):
    product: int = Field(default=0, ge=0, le=2**53 - 1, description="Product id; 0: all.")


class AdoptionQuery(EngagementQuery):
    counter: Text | None = Field(default=None, max_length=80, description="This counter, broken down; default: every counter.")
    by: Literal["firmware", "segment", "cohort"] = "firmware"


class DecliningQuery(ListQuery):
    counter: Text | None = Field(default=None, max_length=80)
    segment: Text | None = Field(default=None, max_length=120)


@listing(api, "/usage/counters", CounterPage, "Counters with their use in the last 30 days", 404)
def list_usage_counters(query: UsageScopeQuery) -> Response:
    with snapshot() as session:
        totals = history.counters(session, query.scope(), clock())
    items = [CounterOut(counter=total.name, **dict(list(total._asdict().items())[1:])) for total in totals]
    return listed(CounterPage, query, "counters", _pages(items))


@listing(api, "/usage", UsePage, "Use of a counter by day, week or month", 404)
def list_usage(query: UseQuery) -> Response:
    with snapshot() as session:
        rows = history.usage(session, query.scope(), query.counter, query.by, query.last or _USUAL[query.by], clock())
    items = [UseOut(**row._asdict()) for row in rows]
    return listed(UsePage, query, "usage", _pages(items), lambda: {"counter": query.counter, "by": query.by})


@listing(api, "/usage/adoption", AdoptionPage, "Operating units that used each counter in the last days")
def list_adoption(query: AdoptionQuery) -> Response:
    with snapshot() as session:
        result = adoption.engagement(session, clock())
    rows = result.value.parts(query.counter, query.by, query.product) if query.counter else result.value.counters(query.product)
    items = [AdoptionOut(**adoption.adoption_shape(row)) for row in rows]
    return listed(AdoptionPage, query, "adoption", _pages(items), lambda: {"at": result.at})


@listing(api, "/usage/milestones", MilestonePage, "Days from shipping to deployment, first report and first use")
def list_milestones(query: EngagementQuery) -> Response:
    with snapshot() as session:
        result = adoption.engagement(session, clock())
    items = [MilestoneOut(**adoption.milestone_shape(row)) for row in result.value.steps(query.product)]
    return listed(MilestonePage, query, "milestones", _pages(items), lambda: {"at": result.at})


@listing(api, "/usage/declining", DecliningPage, "Accounts whose use declines, those with many tickets first")
def list_declining(query: DecliningQuery) -> Response:
    with snapshot() as session:
        result = declining.declining(session, clock())
    items = [DecliningOut(**declining.shape(row)) for row in declining.some(result.value, query.counter, query.segment)]
    more = {"at": result.at, "since": result.value.since, "tested": result.value.tested}
    return listed(DecliningPage, query, "declining", _pages(items), lambda: more)


def _pages(items: Sequence[Any]) -> Fetch:
    """Pages of a list that is there as a whole, by the place in it."""

    def fetch(_: Session, cursor: str | None, limit: int) -> Page:
        start = max(cursors.number(cursor) or 0, 0)
        following = cursors.encode(start + limit) if start + limit < len(items) else None
        return list(items[start : start + limit]), following

    return fetch
