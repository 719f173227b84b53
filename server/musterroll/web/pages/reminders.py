"""Reminders to customers: those that wait for a person, their texts, and the page behind a link to unsubscribe."""

from flask import Blueprint, Response, make_response, redirect, render_template, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.contacts.reminders import (
    EXAMPLE,
    MOST_DAYS,
    PLACEHOLDERS,
    ReminderKind,
    ReminderRule,
    ReminderState,
    checked,
    filled,
    template_for,
)
from musterroll.domain.contacts.wording import SHIPPED, Template
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.limits import RateLimit
from musterroll.storage.contacts import reminders as stored
from musterroll.usecases.contacts import due, reminders, templates
from musterroll.web.http.context import actor, clock, context, needs, page, read_only, transaction
from musterroll.web.http.security import private
from musterroll.web.wording.contacts import language_of

pages = Blueprint("reminders", __name__)
public = Blueprint("unsubscribe", __name__)

PAGE = 50
_visits = RateLimit(burst=60, seconds=2.0)  # of links to unsubscribe, by address


@pages.get("/contacts/reminders")
@needs(Role.PLANNER)
def overview() -> str:
    return _overview()


@pages.post("/contacts/reminders")
@needs(Role.PLANNER)
def decide() -> AnyResponse:
    """Release or dismiss the selected ones, or release all that wait."""
    act, now = request.form.get("act", ""), clock()
    ids = [int(value) for value in request.form.getlist("id") if value.isdecimal() and len(value) < 16]
    if act not in ("release", "release-all", "dismiss") or (act != "release-all" and not ids):
        return make_response(_overview(refused="select the reminders first"), 422)
    try:
        with transaction() as session:
            if act == "dismiss":
                message = f"{reminders.dismiss(session, ids, actor().name, now):,} dismissed."
            else:
                chosen = None if act == "release-all" else ids
                message = _says(reminders.release(session, chosen, actor().name, context().settings.public_url, now))
    except Conflict as refusal:
        return make_response(_overview(refused=str(refusal)), 409)
    return make_response(_overview(done=message))


@pages.get("/contacts/reminders/texts")
@needs(Role.ADMIN)
def texts() -> str:
    kind, language = _kind(request.args.get("kind", "")), request.args.get("language", "en")[:8]
    with read_only() as session:
        return _texts(session, kind, language)


@pages.post("/contacts/reminders/texts")
@needs(Role.ADMIN)
def save_text() -> AnyResponse:
    kind, language = _kind(request.form.get("kind", "")), request.form.get("language", "").strip()[:20]
    text = Template(request.form.get("subject", ""), request.form.get("body", ""))
    act = request.form.get("act")
    try:
        with transaction() as session:
            if act == "preview":
                return make_response(_texts(session, kind, language, checked(kind, text)))
            if act == "remove":
                templates.remove_text(session, kind, language, actor().name, clock())
            else:
                templates.set_text(session, kind, language, text, actor().name, clock())
    except DomainError as refusal:
        with read_only() as session:
            return make_response(_texts(session, kind, language, text, str(refusal)), 422)
    return redirect(f"/contacts/reminders/texts?kind={kind}&language={language}", 303)


@pages.post("/contacts/reminders/rules")
@needs(Role.ADMIN)
def save_rule() -> AnyResponse:
    kind, days = _kind(request.form.get("kind", "")), request.form.get("lead_days", "")
    if not (days.isascii() and days.isdigit() and len(days) < 5):
        raise DomainError(f"enter the days before as a number from 0 to {MOST_DAYS}", "bad_number")
    rule = ReminderRule(kind, int(days), request.form.get("releases") == "yes")
    with transaction() as session:
        templates.set_rule(session, rule, actor().name, clock())
    return redirect("/contacts/reminders", 303)


@public.get("/unsubscribe/<token>")
def ask(token: str) -> Response:
    """A question only: programs that follow links in e-mails must not unsubscribe anybody."""
    return _public(token, "ask")


@public.post("/unsubscribe/<token>")
def unsubscribe(token: str) -> Response:
    """One click (RFC 8058): no sign-in and no form token, as the link is signed."""
    return _public(token, "done")


def _public(token: str, state: str) -> Response:
    address = request.remote_addr or ""
    if _visits.wait(address):
        return Response("Too many requests; try again in a minute.\n", 429, content_type="text/plain; charset=utf-8")
    _visits.count(address)
    status = 200
    try:
        if state == "done":
            with context().database.transaction() as session:
                reminders.unsubscribe(session, token, clock())
        else:
            with context().database.read_only() as session:
                reminders.address_of(session, token)
    except NotFound:
        state, status = "bad", 404
    return private(make_response(render_template("unsubscribe.html", state=state, language=language_of(request)), status))


def _overview(refused: str | None = None, done: str | None = None) -> str:
    state = ReminderState(request.args["state"]) if request.args.get("state") in set(ReminderState) else ReminderState.WAITING
    before = request.args.get("before", type=int)
    with read_only() as session:
        rows = stored.page(session, state, None, before, PAGE + 1)
        own = stored.templates(session)
        rules, waiting = due.effective_rules(session), stored.waiting(session)
    previews = {}
    for row in rows[:PAGE]:
        language, template = template_for(row.kind, row.language, own)
        previews[row.id] = filled(template, row.facts, language)
    facts = {"rows": rows[:PAGE], "previews": previews, "older": rows[PAGE - 1].id if len(rows) > PAGE else None, "rules": rules}
    facts |= {"state": state, "states": list(ReminderState), "waiting": waiting, "public_url": context().settings.public_url}
    return page("reminders.html", clock(), **facts, refused=refused, done=done, at_once=reminders.AT_ONCE, mail=context().settings.smtp_url)


def _texts(session: Session, kind: ReminderKind, language: str, text: Template | None = None, refused: str | None = None) -> str:
    known = templates.texts(session)
    shown = text or next((of.text for of in known if (of.kind, of.language) == (kind, language)), Template("", ""))
    preview = None if refused or not shown.body else filled(shown, EXAMPLE, language)
    facts = {"known": known, "kind": kind, "language": language, "text": shown, "preview": preview, "refused": refused}
    shipped = [code for of, code in SHIPPED if of == kind]
    own = any((of.kind, of.language) == (kind, language) and not of.shipped for of in known)
    return page(
        "reminder_texts.html",
        clock(),
        **facts,
        own=own,
        shipped_languages=shipped,
        kinds=list(ReminderKind),
        placeholders=PLACEHOLDERS[kind],
    )


def _kind(value: str) -> ReminderKind:
    return ReminderKind(value) if value in set(ReminderKind) else ReminderKind.RENEWAL


def _says(done: reminders.Released) -> str:
    lapsed = f" {done.lapsed:,} left out, as the consent is gone." if done.lapsed else ""
    return f"{done.sent:,} released to the outbox.{lapsed} {done.waiting:,} still waiting."
