"""Segments: accounts and units to act on, with their size by day, for a CRM or mailing tool."""

from datetime import date, datetime
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
from musterroll.domain.segments.ready_made import SegmentGroup
from musterroll.domain.values.money import format_sums
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.segments.members import Size
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.usecases.segments import lists
from musterroll.usecases.segments.lists import SegmentAccount, SegmentView

api = guarded("segments", "segments")


class SegmentOut(Schema):
    key: str
    group: SegmentGroup
    name: str
    says: str = Field(description="What to do; empty for a saved filter.")
    rule: str = Field(description="Which accounts, with all numbers; empty for filters of the fleet.")
    counts: str = Field(description="What its units and their annual value are.")
    source: str
    filter: dict[str, str] | None = Field(description="As the parameters of /units; null: worked out by the rule.")
    made_by: str = Field(description="Who saved it; empty: built in.")


class SegmentList(Schema):
    items: list[SegmentOut]


class SegmentDetailOut(SegmentOut):
    units: int
    accounts: int
    worth: list[MoneyOut] = Field(description="Annual value of the priced units.")
    worth_together: ReportingTotalOut | None = Field(description="The same in the reporting currency.")
    unpriced: int = Field(description="Number of unpriced units.")
    counted_at: datetime | None = Field(description="null: not counted yet.")


class SegmentAccountOut(Schema):
    account: str = Field(description="Account number; empty: units without an account.")
    name: str
    parent: str
    website: str
    phone: str
    postcode: str
    country: str
    segment: str
    units: int
    priced: int | None = Field(description="Units with a price; null: not known.")
    worth: str = Field(description="Annual value in words: `1,200.00 EUR + 30.00 USD`.")
    why: str = Field(description="Why it is in the segment; empty for filters of the fleet.")
    entered_on: date | None = Field(description="Since when it has been in the segment; null for filters of the fleet.")
    contact: str = Field(description="Name of a contact: of the whole account before a site, with consent before without.")
    contact_role: str
    contact_email: str = Field(description="Empty where the contact has refused e-mails.")
    contact_phone: str
    contact_consent: str = Field(description="To e-mails: yes, no, unknown; empty: no contact.")


class SegmentAccountPage(Schema):
    items: list[SegmentAccountOut]
    next: str | None


class SegmentSizeOut(Schema):
    on: date
    accounts: int
    units: int
    priced: int
    worth: list[MoneyOut]


class SegmentSizePage(Schema):
    items: list[SegmentSizeOut]
    next: str | None


class SegmentPath(RequestSchema):
    key: Text = Field(max_length=40)


class HistoryQuery(ListQuery):
    days: int = Field(default=lists.HISTORY_DAYS, ge=1, le=400, description="How many days back.")


class SegmentBody(RequestSchema):
    name: Text = Field(min_length=1, max_length=80)
    filter: dict[str, Text] = Field(description="As the parameters of /units.")


@api.get("/segments", summary="Segments and saved filters", responses={200: SegmentList})
def list_segments() -> Response:
    with read_only() as session:
        return answer(SegmentList(items=[SegmentOut(**_facts(segment)) for segment in lists.views(session)]))


@api.get("/segments/<key>", summary="One segment with its counts", responses={200: SegmentDetailOut, **documented(404)})
def get_segment(path: SegmentPath) -> Response:
    """Counted every 15 minutes and after each import; filters of a small fleet on request."""
    with read_only() as session:
        segment = lists.view(session, path.key)
        now = clock()
        size = lists.size(session, segment, now)
        together = reporting_out(exchange_rates.exchange(session, now.date()).total(size.worth))
    counts: dict[str, Any] = {"units": size.units, "accounts": size.accounts, "unpriced": size.units - size.priced, "counted_at": size.at}
    return answer(SegmentDetailOut(**_facts(segment), **counts, worth=list(map(money_out, size.worth)), worth_together=together))


@listing(api, "/segments/<key>/accounts", SegmentAccountPage, "Accounts in a segment", 404)
def list_segment_accounts(path: SegmentPath, query: ListQuery) -> Response:
    now = clock()

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        rows, following = lists.accounts(session, lists.view(session, path.key), cursor, limit, now)
        return list(map(_account, rows)), following

    return listed(SegmentAccountPage, query, "segment-accounts", fetch)


@listing(api, "/segments/<key>/history", SegmentSizePage, "Size of a segment by day", 404)
def list_segment_history(path: SegmentPath, query: HistoryQuery) -> Response:
    """Oldest first. Empty for users limited to some accounts."""
    now = clock()

    def fetch(session: Session, _cursor: str | None, _limit: int) -> Page:
        return list(map(_size, lists.history(session, lists.view(session, path.key), now, query.days))), None

    return listed(SegmentSizePage, query, "segment-history", fetch)


@api.post("/segments", summary="Save a filter as a segment", responses={200: SegmentOut, **documented(400, 409)})
@needs(Role.PLANNER)
def save_segment(body: SegmentBody) -> Response:
    """Replaces an earlier filter of this name. Unknown parameters of the filter are ignored."""
    with transaction() as session:
        saved = fleet_segments.save(session, body.name, filter_words.read(body.filter), actor(), clock())
        return answer(SegmentOut(**_facts(lists.view(session, saved.key))))


@api.delete("/segments/<key>", summary="Delete a saved filter", responses={204: None, **documented(404, 409)})
@needs(Role.PLANNER)
def delete_segment(path: SegmentPath) -> Response:
    with transaction() as session:
        lists.delete(session, path.key)
    return no_content()


def _facts(segment: SegmentView) -> dict[str, Any]:
    facts = {name: getattr(segment, name) for name in ("key", "group", "name", "rule", "counts", "source", "made_by")}
    return {**facts, "says": segment.action, "filter": None if segment.filters is None else filter_words.words(segment.filters)}


def _account(row: SegmentAccount) -> SegmentAccountOut:
    contact = {f"contact_{name}": getattr(row.contact, name) for name in ("role", "email", "phone", "consent")}
    return SegmentAccountOut(account=row.ref, **row._asdict() | {"worth": format_sums(row.worth), "contact": row.contact.name, **contact})


def _size(size: Size) -> SegmentSizeOut:
    counts = {name: getattr(size, name) for name in ("on", "accounts", "units", "priced")}
    return SegmentSizeOut(**counts, worth=list(map(money_out, size.worth)))
