"""Segments: units to act on with counts, and their accounts for a CRM or mailing tool."""

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import actor, answer, clock, no_content, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import MoneyOut, ReportingTotalOut, RequestSchema, Schema, Text, money_out, reporting_out
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.domain.values.money import format_sums
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.fleet.segments import Customer
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.usecases.fleet.segments import Segment

api = guarded("segments", "segments")


class SegmentOut(Schema):
    key: str
    name: str
    says: str = Field(description="Why these units matter; empty for a saved filter.")
    filter: dict[str, str] = Field(description="As the parameters of /units.")
    made_by: str = Field(description="Who saved it; empty: built in.")


class SegmentList(Schema):
    items: list[SegmentOut]


class SegmentDetailOut(SegmentOut):
    units: int
    accounts: int
    worth: list[MoneyOut] = Field(description="Annual value: by contract line, else by list price.")
    worth_together: ReportingTotalOut | None = Field(description="The same in the reporting currency.")
    unpriced: int = Field(description="Number of unpriced units.")
    counted_at: datetime


class CustomerOut(Schema):
    account: str = Field(description="Account number; empty: units without an account.")
    name: str
    parent: str
    website: str
    phone: str
    postcode: str
    country: str
    segment: str
    units: int
    worth: str = Field(description="Annual value in words: `1,200.00 EUR + 30.00 USD`.")


class CustomerPage(Schema):
    items: list[CustomerOut]
    next: str | None


class SegmentPath(RequestSchema):
    key: Text = Field(max_length=40)


class SegmentBody(RequestSchema):
    name: Text = Field(min_length=1, max_length=80)
    filter: dict[str, Text] = Field(description="As the parameters of /units.")


@api.get("/segments", summary="Segments and saved filters", responses={200: SegmentList})
def list_segments() -> Response:
    with read_only() as session:
        return answer(SegmentList(items=[SegmentOut(**_facts(segment)) for segment in fleet_segments.all_segments(session)]))


@api.get("/segments/<key>", summary="One segment with its counts", responses={200: SegmentDetailOut, **documented(404)})
def get_segment(path: SegmentPath) -> Response:
    """For a large fleet, updated every ten minutes."""
    with read_only() as session:
        segment = fleet_segments.segment(session, path.key)
        now = clock()
        size = fleet_segments.size(session, segment, now)
        together = reporting_out(exchange_rates.exchange(session, now.date()).total(size.value.worth))
    counted: dict[str, Any] = {
        "units": size.value.units,
        "accounts": size.value.accounts,
        "unpriced": size.value.unpriced,
        "counted_at": size.at,
    }
    return answer(SegmentDetailOut(**_facts(segment), **counted, worth=list(map(money_out, size.value.worth)), worth_together=together))


@listing(api, "/segments/<key>/accounts", CustomerPage, "Accounts with units in a segment", 404)
def list_customers(path: SegmentPath, query: ListQuery) -> Response:
    now = clock()

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        segment = fleet_segments.segment(session, path.key)
        behind = fleet_segments.customers(session, segment, cursors.text(cursor), limit + 1, now)
        customers, following = cursors.cut(behind, limit, lambda customer: (customer.ref,))
        return [_customer(customer) for customer in customers], following

    return listed(CustomerPage, query, "segment-accounts", fetch)


@api.post("/segments", summary="Save a filter as a segment", responses={200: SegmentOut, **documented(400, 409)})
@needs(Role.PLANNER)
def save_segment(body: SegmentBody) -> Response:
    """Replaces an earlier filter of this name. Unknown parameters of the filter are ignored."""
    with transaction() as session:
        segment = fleet_segments.save(session, body.name, filter_words.read(body.filter), actor(), clock())
        return answer(SegmentOut(**_facts(segment)))


@api.delete("/segments/<key>", summary="Delete a saved filter", responses={204: None, **documented(404, 409)})
@needs(Role.PLANNER)
def delete_segment(path: SegmentPath) -> Response:
    with transaction() as session:
        fleet_segments.delete(session, path.key)
    return no_content()


def _facts(segment: Segment) -> dict[str, Any]:
    return {
        "key": segment.key,
        "name": segment.name,
        "says": segment.says,
        "filter": filter_words.words(segment.filters),
        "made_by": segment.made_by,
    }


def _customer(customer: Customer) -> CustomerOut:
    columns = {name: getattr(customer, name) for name in ("name", "website", "phone", "postcode", "country", "segment", "units")}
    return CustomerOut(account=customer.ref, parent=customer.parent_ref, **columns, worth=format_sums(customer.worth))
