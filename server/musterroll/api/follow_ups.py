"""Follow-ups: who calls an account, until when."""

from datetime import date
from typing import Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, no_content, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import Day, NamedRef, RefPath, RequestSchema, Schema, Text
from musterroll.domain.access import Role, needs
from musterroll.domain.values import cursors
from musterroll.storage.accounts import follow_ups as stored
from musterroll.storage.accounts.follow_ups import FollowUpFilter
from musterroll.usecases.accounts import follow_ups
from musterroll.usecases.accounts.follow_ups import Assignment

api = guarded("follow-ups", "accounts")


class FollowUpOut(Schema):
    account: NamedRef
    assignee: str = Field(description="Name of the user who follows up.")
    due_on: date | None
    comment: str
    done: bool


class FollowUpPage(Schema):
    items: list[FollowUpOut]
    next: str | None


class FollowUpBody(RequestSchema):
    assignee: Text = Field(min_length=1, max_length=120, description="Name of an active user.")
    due_on: Day | None = None
    comment: Text = Field(default="", max_length=follow_ups.LONGEST)
    done: bool = False


class FollowUpQuery(ListQuery):
    assignee: Text = Field(default="", max_length=120, description="Name of a user.")
    done: bool | None = None
    due_by: Day | None = Field(default=None, description="Due on this day or before.")


@listing(api, "/follow-ups", FollowUpPage, "Follow-ups of accounts: who calls them, until when")
def list_follow_ups(query: FollowUpQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        filters = FollowUpFilter(query.assignee, query.done, query.due_by)
        rows, following = cursors.cut(stored.page(session, filters, cursors.number(cursor) or 0, limit + 1), limit, lambda row: (row.id,))
        return list(map(_out, rows)), following

    return listed(FollowUpPage, query, "follow-ups", fetch)


@api.put(
    "/accounts/<ref>/follow-up",
    summary="Assign an account to a user, with a due date and a comment",
    responses={200: ChangeOut, 204: None, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.PLANNER)
def put_follow_up(path: RefPath, body: FollowUpBody) -> Response:
    """Replaces the follow-up of the account. Can be undone. 204: nothing to change."""
    to = Assignment(body.assignee, body.due_on, body.comment, body.done)
    with transaction() as session:
        change = follow_ups.follow_up(session, path.ref, to, actor(), clock())
        return answer(change_out(change)) if change else no_content()


def _out(row: Row[Any]) -> FollowUpOut:
    account = NamedRef(ref=row.ref, name=row.name)
    return FollowUpOut(account=account, assignee=row.assignee, due_on=row.due_on, comment=row.comment, done=row.done)
