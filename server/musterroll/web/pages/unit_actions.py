"""Actions of a technician on a unit. The unit's page confirms each and offers to undo it."""

from collections.abc import Callable
from datetime import date, datetime

from flask import Blueprint, Response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.units.lifecycle import MOVES, Lifecycle
from musterroll.domain.values import durations
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.accounts import sites
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.storage.units.unit_card import unit_id
from musterroll.usecases.enrolment import revocation
from musterroll.usecases.liveness import pause_alerts
from musterroll.usecases.undo import own_changes
from musterroll.usecases.units import incidents, notes
from musterroll.usecases.units import interval as unit_interval
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.units import replace as unit_replace
from musterroll.usecases.units.look_up import look_up, unit_card
from musterroll.usecases.warranty import periods as warranty_periods
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction
from musterroll.web.http.security import allow_scanning
from musterroll.web.pages import unit as unit_pages

pages = Blueprint("unit_actions", __name__)
pages.after_request(allow_scanning)

CHOICES = 30  # sites shown to choose from
_MAX_LENGTH = 500  # characters of a reason


@pages.get("/units/<uid>/deploy")
@needs(Role.TECHNICIAN)
def choose_site(uid: str) -> str:
    """The form to choose a site: search by name of site or account."""
    now, text = clock(), request.args.get("text", "").replace("\0", "").strip()[:100]
    with read_only() as session:
        card = unit_card(session, uid, now)
        unit = session.get_one(Unit, unit_id(session, uid))
        choices = sites.choices(session, text, unit.account_id, CHOICES + 1)
    return page("deploy.html", now, card=card, text=text, sites=choices[:CHOICES], more=len(choices) > CHOICES)


@pages.post("/units/<uid>/move")
@needs(Role.TECHNICIAN)
def move(uid: str) -> AnyResponse:
    return _run(uid, "move", _move)


@pages.post("/units/<uid>/replace")
@needs(Role.TECHNICIAN)
def replace(uid: str) -> AnyResponse:
    return _run(uid, "replace", _replace)


@pages.post("/units/<uid>/void")
@needs(Role.TECHNICIAN)
def void(uid: str) -> AnyResponse:
    return _run(uid, "void", _void)


@pages.post("/units/<uid>/note")
@needs(Role.TECHNICIAN)
def note(uid: str) -> AnyResponse:
    return _run(uid, "note", lambda session, uid, now: notes.note(session, uid, _field("text"), actor=actor().name, now=now))


@pages.post("/units/<uid>/interval")
@needs(Role.TECHNICIAN)
def interval(uid: str) -> AnyResponse:
    return _run(uid, "interval", _interval)


@pages.post("/units/<uid>/incidents")
@needs(Role.TECHNICIAN)
def open_incident(uid: str) -> AnyResponse:
    return _run(
        uid, "incident", lambda session, uid, now: incidents.open_incident(session, uid, _field("what"), actor=actor().name, now=now)
    )


@pages.post("/units/<uid>/incidents/close")
@needs(Role.TECHNICIAN)
def close_incident(uid: str) -> AnyResponse:
    return _run(
        uid, "incident", lambda session, uid, now: incidents.close_incident(session, uid, _field("ref"), actor=actor().name, now=now)
    )


@pages.post("/units/<uid>/undo/<int:number>")
@needs(Role.TECHNICIAN)
def undo(uid: str, number: int) -> AnyResponse:
    return _run(uid, "", lambda session, uid, now: own_changes.undo(session, uid, number, actor=actor().name, now=now))


@pages.post("/units/<uid>/hold")
@needs(Role.TECHNICIAN)
def pause_unit_alerts(uid: str) -> AnyResponse:
    with transaction() as session:
        pause_alerts.pause_alerts(session, uid, actor().name, clock())
    return redirect(f"/units/{uid}?done=held", 303)


@pages.post("/units/<uid>/release")
@needs(Role.TECHNICIAN)
def resume_unit_alerts(uid: str) -> AnyResponse:
    with transaction() as session:
        pause_alerts.resume_alerts(session, uid, actor().name, clock())
    return redirect(f"/units/{uid}?done=released", 303)


@pages.post("/units/<uid>/credential/revoke")
@needs(Role.ADMIN)
def revoke_credential(uid: str) -> AnyResponse:
    now = clock()
    try:
        with transaction() as session:
            revocation.revoke(session, uid, reason=_field("reason"), actor=actor().name, now=now)
    except NotFound:
        raise
    except DomainError as error:
        return _refused(uid, now, "revoke", error)
    return redirect(f"/units/{uid}#identity", 303)


def _run(uid: str, act: str, action: Callable[[Session, str, datetime], AuditChange]) -> AnyResponse:
    """Run an action and return to the unit; if refused, with the reason and the filled-in form."""
    now = clock()
    try:
        with transaction() as session:
            change = action(session, uid, now)
    except NotFound:
        raise
    except DomainError as error:
        return _refused(uid, now, act, error)
    return redirect(f"/units/{uid}?done={change.id}", 303)


def _refused(uid: str, now: datetime, act: str, error: DomainError) -> Response:
    answer = unit_pages.show(uid, now, refused=str(error), act=act, form=request.form)
    answer.status_code = 409 if isinstance(error, Conflict) else 422
    return answer


def _move(session: Session, uid: str, now: datetime) -> AuditChange:
    to = _field("to")
    if to not in MOVES:
        raise DomainError("choose where to move the unit")
    site = _field("site") or None
    return unit_move.move_unit(session, uid, Lifecycle(to), actor=actor().name, now=now, reason=_field("reason"), on=_day("on"), site=site)


def _replace(session: Session, uid: str, now: datetime) -> AuditChange:
    becomes = _field("becomes")
    if becomes not in (Lifecycle.RETURNED, Lifecycle.RETIRED, Lifecycle.STOCK):
        raise DomainError("choose what happens to the replaced unit")
    other = _replacement(session, _field("by"), now)
    return unit_replace.replace(session, uid, other, actor=actor().name, now=now, reason=_field("reason"), becomes=Lifecycle(becomes))


def _replacement(session: Session, code: str, now: datetime) -> str:
    """The unit ID for a code. Raises Conflict unless exactly one unit matches."""
    result = look_up(session, code, now)
    if len(result.units) > 1:
        raise Conflict(f"{len(result.units)} units have the serial {result.key}; scan the QR label, or enter the unit ID")
    if not result.units:
        alike = [card.serial for card in [*result.twins, *result.near][:3]]
        raise Conflict(f"{result.problem}{'; did you mean ' + ' or '.join(alike) + '?' if alike else ''}")
    return result.units[0].uid


def _void(session: Session, uid: str, now: datetime) -> AuditChange:
    number = _field("period")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise DomainError("choose the warranty period to void")
    return warranty_periods.void_of(session, uid, int(number), _day("on") or now.date(), _field("reason"), actor().name, now)


def _interval(session: Session, uid: str, now: datetime) -> AuditChange:
    seconds = durations.seconds(_field("interval")) if _field("interval") else None
    return unit_interval.set_interval(session, uid, seconds, actor=actor().name, now=now, reason=_field("reason"))


def _field(name: str) -> str:
    longest = notes.LONGEST + 1 if name == "text" else _MAX_LENGTH
    return request.form.get(name, "").replace("\0", "").strip()[:longest]


def _day(name: str) -> date | None:
    text = _field(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise DomainError(f"{text[:40]!r} is not a date; use the format 2026-03-31") from None
