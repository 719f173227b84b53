"""Hand-overs of segments: the accounts at that moment, and what became of them."""

from datetime import datetime
from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.http.context import actor, answer, clock, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, RequestSchema, Schema, Text
from musterroll.api.segments import SegmentPath
from musterroll.domain.access import Role, needs
from musterroll.domain.segments.outcomes import HandOverOutcome, HandOverWay
from musterroll.domain.values import cursors
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import amounts_of, format_sums
from musterroll.storage.segments import hand_overs as stored
from musterroll.storage.segments.hand_overs import HandOverSize
from musterroll.usecases.segments import hand_over, lists
from musterroll.usecases.segments.hand_over import Receiver

api = guarded("hand-overs", "segments")
_MOST = 2**53 - 1


class HandOverOut(Schema):
    number: int
    at: datetime
    by: str
    way: HandOverWay
    receiver: str
    comment: str
    accounts: int
    renewed: int = Field(description="A contract term began since.")
    expanded: int = Field(description="More units deployed or under contract than then.")
    still_in: int = Field(description="Unchanged, and still in the segment.")
    no_longer_in: int = Field(description="Unchanged, but no longer in the segment.")
    lost: int = Field(description="Had a contract in force and has none now, or had deployed units and has none now.")


class HandOverPage(Schema):
    items: list[HandOverOut]
    next: str | None


class HandedAccountOut(Schema):
    account: str
    name: str
    website: str
    phone: str
    country: str
    units: int = Field(description="In the segment, at the hand-over.")
    worth: str
    why: str
    deployed: int = Field(description="Of the account, at the hand-over.")
    covered: int = Field(description="On contract lines, at the hand-over.")
    outcome: HandOverOutcome


class HandedAccountPage(Schema):
    items: list[HandedAccountOut]
    next: str | None


class HandOverBody(RequestSchema):
    way: HandOverWay
    receiver: Text = Field(default="", max_length=120, description="For assign the name of a user; else of a system or list.")
    due_on: Day | None = Field(default=None, description="Of the follow-ups, for assign.")
    comment: Text = Field(default="", max_length=500)


class HandOverPath(RequestSchema):
    number: int = Field(ge=1, le=_MOST)


@listing(api, "/segments/<key>/hand-overs", HandOverPage, "Hand-overs of a segment with what became of the accounts", 404)
def list_hand_overs(path: SegmentPath, query: ListQuery) -> Response:
    """Newest first. Counts are of the accounts that the caller may see."""

    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        segment = lists.view(session, path.key)
        rows = stored.of_segment(session, segment.key, limit + 1, cursors.number(cursor))
        page, following = cursors.cut(rows, limit, lambda row: (row.hand_over.id or 0,))
        return list(map(_out, page)), following

    return listed(HandOverPage, query, "hand-overs", fetch)


@api.post(
    "/segments/<key>/hand-overs",
    summary="Hand over the accounts of a segment",
    responses={200: HandOverOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.PLANNER)
def post_hand_over(path: SegmentPath, body: HandOverBody) -> Response:
    """Records the accounts. export: download them from the record; webhook: an event for notification rules; assign: follow-ups."""
    with transaction() as session:
        segment = lists.view(session, path.key)
        to = Receiver(body.way, body.receiver, body.due_on, body.comment)
        row = hand_over.hand_over(session, segment, to, actor(), clock())
        (size,) = stored.of_segment(session, segment.key, 1)
        assert size.hand_over.id == row.id
        return answer(_out(size))


@listing(api, "/hand-overs/<int:number>/accounts", HandedAccountPage, "Accounts of a hand-over", 404)
def list_handed_accounts(path: HandOverPath, query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        hand_over.known(session, path.number)
        rows = stored.accounts(session, path.number, cursors.text(cursor), limit + 1)
        page, following = cursors.cut(rows, limit, lambda row: (row.ref,))
        return list(map(_account, page)), following

    return listed(HandedAccountPage, query, "hand-over-accounts", fetch)


def _out(size: HandOverSize) -> HandOverOut:
    row = size.hand_over
    about = {"number": row.id, "at": from_ms(row.handed_at), "by": row.handed_by, "accounts": size.accounts}
    fields = {name: getattr(row, name) for name in ("way", "receiver", "comment")}
    counts: dict[str, Any] = {how.value.replace(" ", "_"): size.outcomes[how] for how in HandOverOutcome}
    return HandOverOut(**{**about, **fields, **counts})


def _account(row: Row[Any]) -> HandedAccountOut:
    names = ("name", "website", "phone", "country", "units", "why", "deployed", "covered", "outcome")
    return HandedAccountOut(account=row.ref, worth=format_sums(amounts_of(row.worth)), **{name: getattr(row, name) for name in names})
