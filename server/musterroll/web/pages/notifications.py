"""Notifications: rules of who receives which events and when, a test of each, and the state of every message."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from flask import Blueprint, Response, make_response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.channels import CHANNELS
from musterroll.domain.access import Role, needs
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.notifications.events import LEADS, EventKind
from musterroll.domain.notifications.retry import MessageState
from musterroll.domain.notifications.schedule import Frequency
from musterroll.domain.values.errors import DomainError
from musterroll.storage.notifications import outbox as stored_outbox
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.notifications import NotificationRule
from musterroll.usecases.notifications import outbox as notification_outbox
from musterroll.usecases.notifications import rules as notification_rules
from musterroll.usecases.notifications.rules import RuleDraft
from musterroll.usecases.segments import lists as segments
from musterroll.web.http.context import actor, clock, context, page, read_only, transaction
from musterroll.web.wording.notifications import DAYS, FREQUENCIES, clock_time

pages = Blueprint("notifications", __name__)

PAGE = 30
_SHOWN = 200  # events of one message


class RuleForm(NamedTuple):
    """The fields of the form: of a new rule, of one to change, or as submitted with an error."""

    name: str = ""
    way: str = next(iter(CHANNELS))
    address: str = ""
    kinds: Sequence[str] = (EventKind.STALE.value, EventKind.REVIVED.value)
    finding_kinds: Sequence[str] = ()
    segments: Sequence[str] = ()
    least_worth: str = ""
    leads: Sequence[str] = ("30", "7")
    account: str = ""
    pace: str = Frequency.IMMEDIATE.value
    gather_minutes: str = "5"
    hour: str = "7"
    weekday: str = "0"
    zone: str = "UTC"
    quiet_from: str = ""
    quiet_until: str = ""


@pages.get("/notifications")
@needs(Role.ADMIN)
def overview() -> str:
    state = _state()
    with read_only() as session:
        rules = stored_outbox.rules(session)
        latest = stored_outbox.latest_by_rule(session, [rule.id or 0 for rule in rules])
        places = {rule.account_id: session.get_one(Account, rule.account_id).name for rule in rules if rule.account_id}
        messages = stored_outbox.page(session, state, request.args.get("rule", type=int), request.args.get("before", type=int), PAGE + 1)
        backlog = stored_outbox.backlog(session)
        unset = notification_rules.unset_settings(session, context().settings)
    older = messages[PAGE - 1].message.id if len(messages) > PAGE else None
    facts = {"rules": rules, "latest": latest, "places": places, "backlog": backlog, "unset": unset}
    filters = {"state": state, "states": list(MessageState), "before": request.args.get("before", type=int), "older": older}
    return page("notifications.html", clock(), messages=messages[:PAGE], **facts, **filters)


@pages.get("/notifications/new")
@needs(Role.ADMIN)
def new() -> str:
    return _form(RuleForm(), None)


@pages.post("/notifications/new")
@needs(Role.ADMIN)
def make() -> AnyResponse:
    form = _submitted_form()
    try:
        with transaction() as session:
            segments.check(session, form.segments)
            rule, secret = notification_rules.create_rule(session, _draft(form), actor().name, clock())
    except DomainError as error:
        return make_response(_form(form, None, str(error)), 422)
    return _secret_shown(rule, secret) if secret else redirect("/notifications", 303)


@pages.get("/notifications/<int:rule_id>")
@needs(Role.ADMIN)
def edit(rule_id: int) -> str:
    with read_only() as session:
        rule = notification_rules.rule_by_id(session, rule_id)
        form = _form_of(session, rule)
    return _form(form, rule)


@pages.post("/notifications/<int:rule_id>")
@needs(Role.ADMIN)
def change(rule_id: int) -> AnyResponse:
    form = _submitted_form()
    try:
        with transaction() as session:
            segments.check(session, form.segments)
            rule = notification_rules.rule_by_id(session, rule_id)
            notification_rules.change_rule(session, rule_id, _draft(form._replace(way=rule.way)), actor().name, clock())
    except DomainError as error:
        return make_response(_form(form, rule, str(error)), 422)
    return redirect("/notifications", 303)


@pages.post("/notifications/<int:rule_id>/<any(pause, resume, remove, test):act>")
@needs(Role.ADMIN)
def act(rule_id: int, act: str) -> AnyResponse:
    now, who = clock(), actor().name
    with transaction() as session:
        if act == "test":
            notification_rules.test_rule(session, rule_id, now)
        elif act == "remove":
            notification_rules.remove_rule(session, rule_id, who, now)
        else:
            notification_rules.pause_rule(session, rule_id, act == "pause", who, now)
    return redirect("/notifications#outbox" if act == "test" else "/notifications", 303)


@pages.post("/notifications/<int:rule_id>/secret")
@needs(Role.ADMIN)
def renew_secret(rule_id: int) -> Response:
    with transaction() as session:
        secret = notification_rules.renew_secret(session, rule_id, actor().name, clock())
        rule = notification_rules.rule_by_id(session, rule_id)
    return _secret_shown(rule, secret)


@pages.get("/notifications/messages/<int:message_id>")
@needs(Role.ADMIN)
def message(message_id: int) -> str:
    with read_only() as session:
        entry = notification_outbox.message(session, message_id)
        events = notification_outbox.events(session, message_id, _SHOWN)
    return page("message.html", clock(), entry=entry, events=events)


@pages.post("/notifications/messages/<int:message_id>/retry")
@needs(Role.ADMIN)
def retry(message_id: int) -> AnyResponse:
    with transaction() as session:
        notification_outbox.retry(session, message_id, clock())
    return redirect("/notifications#outbox", 303)


def _form(form: RuleForm, rule: NotificationRule | None, error: str | None = None) -> str:
    with read_only() as session:
        known = segments.views(session)
    choices = {
        "segments": known,
        "kinds": list(EventKind),
        "finding_kinds": list(FindingKind),
        "leads": LEADS,
        "paces": FREQUENCIES,
        "days": DAYS,
    }
    return page("notification.html", clock(), form=form, rule=rule, error=error, **choices)


def _secret_shown(rule: NotificationRule, secret: str) -> Response:
    return make_response(page("notification_secret.html", clock(), rule=rule, secret=secret))


def _submitted_form() -> RuleForm:
    fields: dict[str, Any] = {name: request.form.getlist(name) for name in ("kinds", "finding_kinds", "leads", "segments")}
    for name, default in RuleForm._field_defaults.items():
        if isinstance(default, str):
            fields[name] = request.form.get(name, default).strip()[:500]
    return RuleForm(**fields)


def _draft(form: RuleForm) -> RuleDraft:
    """Raises DomainError."""
    if form.pace not in set(Frequency):
        raise DomainError("choose a frequency", "bad_choice")
    return RuleDraft(
        form.name,
        form.way,
        form.address,
        form.kinds,
        form.finding_kinds,
        _worth(form.least_worth),
        [_number(lead, "lead time") for lead in form.leads],
        form.account,
        Frequency(form.pace),
        _number(form.gather_minutes, "minutes to group for"),
        _number(form.hour, "hour"),
        _number(form.weekday, "weekday"),
        form.zone,
        (_minutes(form.quiet_from), _minutes(form.quiet_until)) if form.quiet_from and form.quiet_until else None,
        form.segments,
    )


def _form_of(session: Session, rule: NotificationRule) -> RuleForm:
    fields: dict[str, Any] = {
        name: getattr(rule, name) for name in ("name", "way", "address", "kinds", "finding_kinds", "segments", "zone")
    }
    return RuleForm(
        **fields,
        pace=rule.pace.value,
        least_worth="" if rule.least_worth is None else f"{rule.least_worth.normalize():f}",
        leads=[str(lead) for lead in rule.leads],
        account=session.get_one(Account, rule.account_id).ref if rule.account_id else "",
        **{name: str(getattr(rule, name)) for name in ("gather_minutes", "hour", "weekday")},
        quiet_from="" if rule.quiet_from is None else clock_time(rule.quiet_from),
        quiet_until="" if rule.quiet_until is None else clock_time(rule.quiet_until),
    )


def _state() -> MessageState | None:
    state = request.args.get("state", "")
    return MessageState(state) if state in set(MessageState) else None


def _number(text: str, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise DomainError(f"the {what} must be a whole number", "bad_number")
    return int(text)


def _worth(text: str) -> Decimal | None:
    try:
        amount = Decimal(text.replace(",", "")) if text else None
    except InvalidOperation:
        amount = Decimal(-1)
    if amount is not None and not (amount.is_finite() and 0 <= amount < 10**12):
        raise DomainError("the minimum annual value must be an amount such as 500", "bad_number")
    return amount


def _minutes(text: str) -> int:
    hour, _, minute = text.partition(":")
    if not (hour.isdigit() and minute[:2].isdigit() and int(hour) < 24 and int(minute[:2]) < 60):
        raise DomainError("enter quiet hours as 22:00", "bad_time")
    return int(hour) * 60 + int(minute[:2])
