"""What a technician does with a unit. Every action is confirmed on the unit's page and can be undone there."""

from collections.abc import Callable
from datetime import date, datetime

from flask import Blueprint, Response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.accounts import sites
from musterroll.storage.tables.audit import Change
from musterroll.storage.tables.units import Unit
from musterroll.storage.units.queries import unit_id
from musterroll.usecases.liveness import pause_alerts
from musterroll.usecases.undo import own_changes
from musterroll.usecases.units import incidents, notes
from musterroll.usecases.units import move as unit_move
from musterroll.usecases.units import replace as unit_replace
from musterroll.usecases.units.look_up import look_up, unit_card
from musterroll.usecases.warranty import periods as warranty_periods
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction
from musterroll.web.http.security import allow_scanning
from musterroll.web.pages import unit as unit_pages

pages = Blueprint("actions", __name__)
pages.after_request(allow_scanning)

CHOICES = 30  # sites shown to choose from
_LONGEST = 500  # characters of a reason


@pages.get("/units/<uid>/deploy")
@needs(Role.TECHNICIAN)
def choose(uid: str) -> str:
    """Where to deploy a unit: sites by what they or their accounts are called."""
    now, text = clock(), request.args.get("text", "").replace("\0", "").strip()[:100]
    with read_only() as session:
        card = unit_card(session, uid, now)
        unit = session.get_one(Unit, unit_id(session, uid))
        found = sites.choices(session, text, unit.account_id, CHOICES + 1)
    return page("deploy.html", now, card=card, text=text, sites=found[:CHOICES], more=len(found) > CHOICES)


@pages.post("/units/<uid>/move")
@needs(Role.TECHNICIAN)
def move(uid: str) -> AnyResponse:
    return _done(uid, "move", _move)


@pages.post("/units/<uid>/replace")
@needs(Role.TECHNICIAN)
def replace(uid: str) -> AnyResponse:
    return _done(uid, "replace", _replace)


@pages.post("/units/<uid>/void")
@needs(Role.TECHNICIAN)
def void(uid: str) -> AnyResponse:
    return _done(uid, "void", _void)


@pages.post("/units/<uid>/note")
@needs(Role.TECHNICIAN)
def note(uid: str) -> AnyResponse:
    return _done(uid, "note", lambda session, uid, now: notes.note(session, uid, _said("text"), actor=actor().name, now=now))


@pages.post("/units/<uid>/incidents")
@needs(Role.TECHNICIAN)
def open_incident(uid: str) -> AnyResponse:
    return _done(
        uid, "incident", lambda session, uid, now: incidents.open_incident(session, uid, _said("what"), actor=actor().name, now=now)
    )


@pages.post("/units/<uid>/incidents/close")
@needs(Role.TECHNICIAN)
def close_incident(uid: str) -> AnyResponse:
    return _done(
        uid, "incident", lambda session, uid, now: incidents.close_incident(session, uid, _said("ref"), actor=actor().name, now=now)
    )


@pages.post("/units/<uid>/undo/<int:number>")
@needs(Role.TECHNICIAN)
def undo(uid: str, number: int) -> AnyResponse:
    return _done(uid, "", lambda session, uid, now: own_changes.undo(session, uid, number, actor=actor().name, now=now))


@pages.post("/units/<uid>/hold")
@needs(Role.TECHNICIAN)
def hold(uid: str) -> AnyResponse:
    with transaction() as session:
        pause_alerts.pause_alerts(session, uid, actor().name, clock())
    return redirect(f"/units/{uid}?done=held", 303)


@pages.post("/units/<uid>/release")
@needs(Role.TECHNICIAN)
def release(uid: str) -> AnyResponse:
    with transaction() as session:
        pause_alerts.resume_alerts(session, uid, actor().name, clock())
    return redirect(f"/units/{uid}?done=released", 303)


def _done(uid: str, act: str, verb: Callable[[Session, str, datetime], Change]) -> AnyResponse:
    """Carry an act out and go back to the unit; what is refused is said there, with all that was typed."""
    now = clock()
    try:
        with transaction() as session:
            change = verb(session, uid, now)
    except NotFound:
        raise
    except DomainError as error:
        return _refused(uid, now, act, error)
    return redirect(f"/units/{uid}?done={change.id}", 303)


def _refused(uid: str, now: datetime, act: str, error: DomainError) -> Response:
    answer = unit_pages.show(uid, now, refused=str(error), act=act, said=request.form)
    answer.status_code = 409 if isinstance(error, Conflict) else 422
    return answer


def _move(session: Session, uid: str, now: datetime) -> Change:
    to = _said("to")
    if to not in set(Lifecycle) - {Lifecycle.UNRECORDED}:
        raise DomainError("choose where to move the unit")
    site = _said("site") or None
    return unit_move.move_unit(session, uid, Lifecycle(to), actor=actor().name, now=now, reason=_said("reason"), on=_day("on"), site=site)


def _replace(session: Session, uid: str, now: datetime) -> Change:
    becomes = _said("becomes")
    if becomes not in (Lifecycle.RETURNED, Lifecycle.RETIRED, Lifecycle.STOCK):
        raise DomainError("choose what happens to the replaced unit")
    other = _other(session, _said("by"), now)
    return unit_replace.replace(session, uid, other, actor=actor().name, now=now, reason=_said("reason"), becomes=Lifecycle(becomes))


def _other(session: Session, code: str, now: datetime) -> str:
    """The one unit a code names."""
    found = look_up(session, code, now)
    if len(found.units) > 1:
        raise Conflict(f"{len(found.units)} units have the serial {found.key}; scan the QR label, or enter the unit id")
    if not found.units:
        alike = [card.serial for card in [*found.twins, *found.near][:3]]
        raise Conflict(f"{found.problem}{'; did you mean ' + ' or '.join(alike) + '?' if alike else ''}")
    return found.units[0].uid


def _void(session: Session, uid: str, now: datetime) -> Change:
    number = _said("period")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        raise DomainError("choose the warranty period to void")
    return warranty_periods.void_of(session, uid, int(number), _day("on") or now.date(), _said("reason"), actor().name, now)


def _said(name: str) -> str:
    longest = notes.LONGEST + 1 if name == "text" else _LONGEST
    return request.form.get(name, "").replace("\0", "").strip()[:longest]


def _day(name: str) -> date | None:
    said = _said(name)
    try:
        return date.fromisoformat(said) if said else None
    except ValueError:
        raise DomainError(f"{said[:40]!r} is not a date; use the format 2026-03-31") from None
