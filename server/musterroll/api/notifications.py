"""Notifications: detected events, notification rules, and the outbox."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from flask import Response
from pydantic import Field
from sqlmodel import Session

from musterroll.api.http.context import actor, answer, clock, no_content, read_only, transaction
from musterroll.api.http.lists import ListQuery, Page, listed, listing
from musterroll.api.http.problems import documented
from musterroll.api.http.routing import guarded
from musterroll.api.http.schemas import MoneyOut, NumberPath, Price, RequestSchema, Schema, Text, money_out
from musterroll.channels import CHANNELS
from musterroll.domain.access import Role, needs
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.notifications.events import LEADS, Event, EventKind
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.notifications.schedule import Frequency
from musterroll.domain.values import cursors
from musterroll.domain.values.instants import from_ms
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.notifications import Notification, NotificationRule
from musterroll.usecases.notifications import outbox as notification_outbox
from musterroll.usecases.notifications import rules as notification_rules
from musterroll.usecases.notifications.rules import RuleDraft
from musterroll.usecases.segments import lists as segments

api = guarded("notifications", "notifications")
ChannelName = Annotated[str, Field(pattern=f"^({'|'.join(CHANNELS)})$", json_schema_extra={"enum": [*CHANNELS]})]
EventKindName = Annotated[str, Field(pattern=f"^({'|'.join(EventKind)})$")]
SegmentKey = Annotated[Text, Field(max_length=32)]
Minute = Annotated[int, Field(ge=0, le=1439)]


class NotificationRuleBody(RequestSchema):
    """Which events go to which recipient, and when."""

    name: Text = Field(max_length=120)
    way: ChannelName
    address: Text = Field(max_length=500, description=f"By channel: {', '.join(channel.address_hint for channel in CHANNELS.values())}.")
    kinds: list[EventKindName] = Field(min_length=1)
    finding_kinds: list[FindingKind] = Field(default=[], description="Only these kinds of findings; empty: all.")
    segments: list[SegmentKey] = Field(
        default=[], max_length=50, description="Of events about segments only those of these keys; empty: all. 404 for an unknown one."
    )
    least_worth: Decimal | None = Field(
        default=None, ge=0, lt=10**12, description="Minimum annual value of findings, per account and kind."
    )
    leads: list[int] = Field(default=[30, 7], description=f"Days before an end date: any of {', '.join(map(str, LEADS))}.")
    account: Text = Field(default="", max_length=80, description="Account number; includes subsidiaries. Empty: all accounts.")
    pace: Frequency = Frequency.IMMEDIATE
    gather_minutes: int = Field(
        default=5, ge=0, le=240, description="For immediate notifications: group events until none has come for this many minutes."
    )
    hour: int = Field(default=7, ge=0, le=23, description="Hour of a digest.")
    weekday: int = Field(default=0, ge=0, le=6, description="Weekday of a weekly digest; 0 is Monday.")
    zone: Text = Field(default="UTC", max_length=60, description="IANA time zone.")
    quiet_from: Minute | None = Field(default=None, description="Start of quiet hours, in minutes after midnight.")
    quiet_until: Minute | None = Field(default=None, description="End of quiet hours, in minutes after midnight.")


class NotificationRuleOut(Schema):
    id: int
    name: str
    way: ChannelName
    address: str
    kinds: list[str]
    finding_kinds: list[str]
    segments: list[str]
    least_worth: Price | None
    leads: list[int]
    account: str
    pace: Frequency
    gather_minutes: int
    hour: int
    weekday: int
    zone: str
    quiet_from: int | None
    quiet_until: int | None
    paused_at: datetime | None
    created_at: datetime
    created_by: str


class NotificationRuleMade(NotificationRuleOut):
    secret: str | None = Field(description="Signing secret, if the channel signs its messages. Shown only once.")


class NotificationRuleList(Schema):
    items: list[NotificationRuleOut]


class PauseBody(RequestSchema):
    paused: bool


class NotificationOut(Schema):
    id: int
    key: str = Field(description="Message ID for the receiver, the same at every attempt.")
    rule: int
    way: ChannelName
    address: str
    title: str
    signals: int
    test: bool
    state: MessageState
    attempts: int
    created_at: datetime
    next_at: datetime | None = Field(description="Time of the next attempt.")
    sent_at: datetime | None
    error: str


class NotificationPage(Schema):
    items: list[NotificationOut]
    next: str | None


class NotificationQuery(ListQuery):
    state: MessageState | None = None
    rule: int | None = Field(default=None, ge=1, le=2**53 - 1)


class SignalOut(Schema):
    id: int
    kind: EventKindName
    at: datetime
    since: datetime | None
    account: str
    site: str
    units: int
    serial: str = Field(description="Serial of one of the units.")
    variant: str
    lead: int | None = Field(description="Days before the end date.")
    on: date | None
    worth: Price | None = Field(description="Annual value.")
    currency: str | None
    worth_further: list[MoneyOut] = Field(description="Annual values in further currencies.")
    detail: str


class SignalPage(Schema):
    items: list[SignalOut]
    next: str | None


@listing(api, "/signals", SignalPage, "Detected events, newest first")
@needs(Role.ADMIN)
def list_signals(query: ListQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        recent = stored_events.recent(session, cursors.number(cursor), limit + 1)
        events, following = cursors.cut(recent, limit, lambda event: (event.id,))
        return [_event_out(event) for event in events], following

    return listed(SignalPage, query, "signals", fetch)


@api.get("/notification-rules", summary="Notification rules", responses={200: NotificationRuleList})
@needs(Role.ADMIN)
def list_rules() -> Response:
    with read_only() as session:
        return answer(NotificationRuleList(items=[_rule_out(session, rule) for rule in stored_outbox.rules(session)]))


@api.post(
    "/notification-rules", summary="Create a notification rule", responses={201: NotificationRuleMade, **documented(400, 404, 413, 415)}
)
@needs(Role.ADMIN)
def make_rule(body: NotificationRuleBody) -> Response:
    with transaction() as session:
        segments.check(session, body.segments)
        rule, secret = notification_rules.create_rule(session, _draft(body), actor(), clock())
        return answer(NotificationRuleMade(**_rule_out(session, rule).model_dump(), secret=secret), 201)


@api.put(
    "/notification-rules/<int:number>",
    summary="Change a notification rule",
    responses={200: NotificationRuleOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.ADMIN)
def change_rule(path: NumberPath, body: NotificationRuleBody) -> Response:
    with transaction() as session:
        segments.check(session, body.segments)
        return answer(_rule_out(session, notification_rules.change_rule(session, path.number, _draft(body), actor(), clock())))


@api.post(
    "/notification-rules/<int:number>/pause",
    summary="Pause or resume a notification rule",
    responses={204: None, **documented(400, 404, 413, 415)},
)
@needs(Role.ADMIN)
def pause_rule(path: NumberPath, body: PauseBody) -> Response:
    """Events that occur while a rule is paused are not sent later."""
    with transaction() as session:
        notification_rules.pause_rule(session, path.number, body.paused, actor(), clock())
    return no_content()


@api.delete(
    "/notification-rules/<int:number>", summary="Delete a notification rule", responses={204: None, **documented(400, 404, 413, 415)}
)
@needs(Role.ADMIN)
def remove_rule(path: NumberPath) -> Response:
    """Messages not yet sent are cancelled."""
    with transaction() as session:
        notification_rules.remove_rule(session, path.number, actor(), clock())
    return no_content()


@api.post(
    "/notification-rules/<int:number>/test",
    summary="Send a test message",
    responses={202: NotificationOut, **documented(400, 404, 413, 415)},
)
@needs(Role.ADMIN)
def test_rule(path: NumberPath) -> Response:
    """Queues a test message, which is sent immediately."""
    with transaction() as session:
        message = notification_rules.test_rule(session, path.number, clock())
        return answer(_message_out(message, notification_rules.rule_by_id(session, path.number)), 202)


@listing(api, "/notifications", NotificationPage, "Messages in the outbox, newest first")
@needs(Role.ADMIN)
def list_messages(query: NotificationQuery) -> Response:
    def fetch(session: Session, cursor: str | None, limit: int) -> Page:
        page = stored_outbox.page(session, query.state, query.rule, cursors.number(cursor), limit + 1)
        rows, following = cursors.cut(page, limit, lambda row: (row.message.id,))
        return [_message_out(row.message, row.rule) for row in rows], following

    return listed(NotificationPage, query, "notifications", fetch)


@api.post(
    "/notifications/<int:number>/retry",
    summary="Retry a message now",
    responses={202: NotificationOut, **documented(400, 404, 409, 413, 415)},
)
@needs(Role.ADMIN)
def retry(path: NumberPath) -> Response:
    with transaction() as session:
        message = notification_outbox.retry(session, path.number, clock())
        return answer(_message_out(message, notification_outbox.message(session, path.number).rule), 202)


def _draft(body: NotificationRuleBody) -> RuleDraft:
    fields = body.model_dump(exclude={"quiet_from", "quiet_until"})
    quiet = None if body.quiet_from is None or body.quiet_until is None else (body.quiet_from, body.quiet_until)
    return RuleDraft(**fields, quiet=quiet)


def _rule_out(session: Session, rule: NotificationRule) -> NotificationRuleOut:
    account = session.get_one(Account, rule.account_id).ref if rule.account_id else ""
    return NotificationRuleOut(
        **{name: getattr(rule, name) for name in NotificationRuleOut.model_fields if name != "account"}, account=account
    )


def _message_out(message: Notification, rule: NotificationRule) -> NotificationOut:
    fields = {name: getattr(message, name) for name in ("id", "key", "title", "signals", "test", "state", "attempts", "error")}
    return NotificationOut(
        **fields,
        rule=rule.id or 0,
        way=rule.way,
        address=rule.address,
        created_at=from_ms(message.created_at),
        next_at=from_ms(message.next_at) if message.state is MessageState.WAITING else None,
        sent_at=None if message.sent_at is None else from_ms(message.sent_at),
    )


def _event_out(event: Event) -> SignalOut:
    fields = {name: getattr(event, name) for name in ("id", "kind", "units", "serial", "variant", "lead", "on", "detail")}
    return SignalOut(
        **fields,
        at=from_ms(event.at),
        since=None if event.since is None else from_ms(event.since),
        account=event.account_ref,
        site=event.site_ref,
        worth=event.worth.amount if event.worth else None,
        currency=event.worth.currency if event.worth else None,
        worth_further=list(map(money_out, event.further)),
    )
