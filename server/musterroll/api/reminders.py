"""Reminders to customers: those that wait, released or dismissed, their rules and their texts."""

from datetime import date, datetime
from typing import Annotated, Any

from flask import Response
from pydantic import Field
from sqlalchemy import Row
from sqlmodel import Session

from musterroll.api.audit import ChangeOut, change_out
from musterroll.api.http.context import actor, answer, clock, context, no_content, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import NamedRef, RequestSchema, Schema, Text, named_ref
from musterroll.domain.access import Role, needs
from musterroll.domain.contacts.reminders import (
    LONGEST_BODY,
    LONGEST_SUBJECT,
    MOST_DAYS,
    ReminderKind,
    ReminderRule,
    ReminderState,
    filled,
    template_for,
)
from musterroll.domain.contacts.wording import Template
from musterroll.domain.values import cursors
from musterroll.storage.contacts import reminders as stored
from musterroll.usecases.contacts import due, reminders, templates

api = guarded("reminders", "contacts")
RowNumber = Annotated[int, Field(ge=1, le=2**53 - 1)]


class ReminderOut(Schema):
    id: int
    kind: ReminderKind
    state: ReminderState
    account: NamedRef | None
    email: str
    through: str = Field(description="Parent account whose contact it is, where the account has none; else empty.")
    language: str
    on: date = Field(description="Day it is about.")
    subject: str = Field(description="As it would be sent now.")
    text: str
    created_at: datetime
    decided_at: datetime | None
    decided_by: str


class ReminderPage(Schema):
    items: list[ReminderOut]
    next: str | None


class ReminderQuery(ListQuery):
    state: ReminderState | None = ReminderState.WAITING
    kind: ReminderKind | None = None


class ReminderChoice(RequestSchema):
    ids: list[RowNumber] | None = Field(
        default=None, max_length=reminders.AT_ONCE, description=f"Null: all, {reminders.AT_ONCE} at a time."
    )


class DismissBody(RequestSchema):
    ids: list[RowNumber] = Field(min_length=1, max_length=reminders.AT_ONCE)


class ReleasedOut(Schema):
    sent: int = Field(description="Put in the outbox.")
    lapsed: int = Field(description="Left out, as the consent is gone.")
    waiting: int = Field(description="Still waiting.")


class DismissedOut(Schema):
    dismissed: int


class RuleOut(Schema):
    kind: ReminderKind
    lead_days: int = Field(description="Days before; 0: off. Limits: any other number.")
    releases: bool = Field(description="Whether they go out without a person.")


class RulesOut(Schema):
    items: list[RuleOut]


class RuleBody(RequestSchema):
    lead_days: int = Field(ge=0, le=MOST_DAYS)
    releases: bool = False


class TextOut(Schema):
    kind: ReminderKind
    language: str
    subject: str
    body: str
    shipped: bool = Field(description="Whether it is the text as shipped.")


class TextsOut(Schema):
    items: list[TextOut]


class TextBody(RequestSchema):
    subject: Text = Field(min_length=1, max_length=LONGEST_SUBJECT)
    body: Text = Field(min_length=1, max_length=LONGEST_BODY)


class RulePath(RequestSchema):
    kind: ReminderKind


class TextPath(RequestSchema):
    kind: ReminderKind
    language: Text = Field(max_length=8)


@listing(api, "/reminders", ReminderPage, "Reminders to customers, newest first")
@needs(Role.PLANNER)
def list_reminders(query: ReminderQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        rows = stored.page(session, query.state, query.kind, cursors.number(cursor), limit + 1)
        shown, following = cursors.cut(rows, limit, lambda row: (row.id,))
        own = stored.templates(session)
        return [_out(row, own) for row in shown], following

    return listed(ReminderPage, query, "reminders", fetch)


@api.post("/reminders/release", summary="Send reminders that wait", responses={200: ReleasedOut, **documented(400, 409, 413, 415)})
@needs(Role.PLANNER)
def release_reminders(body: ReminderChoice) -> Response:
    """409 without a public address for their links. Consent is asked for again."""
    with transaction() as session:
        done = reminders.release(session, body.ids, actor(), context().settings.public_url, clock())
    return answer(ReleasedOut(**done._asdict()))


@api.post("/reminders/dismiss", summary="Do not send these reminders", responses={200: DismissedOut, **documented(400, 413, 415)})
@needs(Role.PLANNER)
def dismiss_reminders(body: DismissBody) -> Response:
    """They do not come again."""
    with transaction() as session:
        return answer(DismissedOut(dismissed=reminders.dismiss(session, body.ids, actor(), clock())))


@api.get("/reminder-rules", summary="When reminders are due", responses={200: RulesOut})
@needs(Role.PLANNER)
def list_reminder_rules() -> Response:
    with read_only() as session:
        return answer(RulesOut(items=[RuleOut(**rule._asdict()) for rule in due.effective_rules(session).values()]))


@api.put(
    "/reminder-rules/<kind>",
    summary="Set when a kind of reminder is due",
    responses={200: ChangeOut, 204: None, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.ADMIN)
def put_reminder_rule(path: RulePath, body: RuleBody) -> Response:
    """Can be undone. 204: nothing to change."""
    with transaction() as session:
        change = templates.set_rule(session, ReminderRule(path.kind, body.lead_days, body.releases), actor(), clock())
        return answer(change_out(change)) if change else no_content()


@api.get("/reminder-texts", summary="Texts of reminders by kind and language", responses={200: TextsOut})
@needs(Role.PLANNER)
def list_reminder_texts() -> Response:
    with read_only() as session:
        rows = templates.texts(session)
    return answer(TextsOut(items=[TextOut(**of.text._asdict(), kind=of.kind, language=of.language, shipped=of.shipped) for of in rows]))


@api.put(
    "/reminder-texts/<kind>/<language>",
    summary="Set the text of a reminder in one language",
    responses={200: ChangeOut, 204: None, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.ADMIN)
def put_reminder_text(path: TextPath, body: TextBody) -> Response:
    """400 names a placeholder that does not exist. Can be undone. 204: nothing to change."""
    with transaction() as session:
        change = templates.set_text(session, path.kind, path.language, Template(body.subject, body.body), actor(), clock())
        return answer(change_out(change)) if change else no_content()


@api.delete(
    "/reminder-texts/<kind>/<language>",
    summary="Use the shipped text of a reminder again",
    responses={200: ChangeOut, 204: None, **documented(400, 409)},
)
@needs(Role.ADMIN)
def delete_reminder_text(path: TextPath) -> Response:
    """Where none is shipped in the language, contacts get the English one. Can be undone. 204: nothing to change."""
    with transaction() as session:
        change = templates.remove_text(session, path.kind, path.language, actor(), clock())
        return answer(change_out(change)) if change else no_content()


def _out(row: Row[Any], own: dict[tuple[str, str], Template]) -> ReminderOut:
    language, template = template_for(row.kind, row.language, own)
    text = filled(template, row.facts, language)
    facts = {name: getattr(row, name) for name in ("id", "kind", "state", "email", "on", "created_at", "decided_at", "decided_by")}
    return ReminderOut(
        **facts,
        through=row.facts.get("through", ""),
        account=named_ref(row.account_ref, row.account_name),
        language=language,
        subject=text.subject,
        text=text.body,
    )
