"""One unit: its coverage, status, history and actions, and the change just made."""

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role, allows
from musterroll.domain.units.lifecycle import moves_from
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.undo import own_changes
from musterroll.usecases.undo.own_changes import Made
from musterroll.usecases.units import history as unit_history
from musterroll.usecases.units.look_up import unit_card
from musterroll.usecases.units.notes import notes
from musterroll.usecases.units.related import related_units
from musterroll.usecases.warranty import periods as warranty_periods
from musterroll.web.charts.timeline import SPANS, span_for, timeline
from musterroll.web.charts.vitals import days, vitals
from musterroll.web.http.context import actor, clock, page, read_only
from musterroll.web.http.offline import about
from musterroll.web.http.security import allow_scanning
from musterroll.web.pages.labels import public_address

pages = Blueprint("unit", __name__)
pages.after_request(allow_scanning)

CHANGES, MESSAGES = 200, 200  # fetched for the pictures
SHOWN = 12  # listed


@pages.get("/units/<uid>")
def unit(uid: str) -> AnyResponse:
    return show(uid, clock())


@pages.get("/u/<uid>")
@pages.get("/U/<uid>")
def short(uid: str) -> AnyResponse:
    """The short address on labels and in messages."""
    return redirect(f"/units/{uid.lower() if request.path.startswith('/U/') else uid}")


def show(uid: str, now: datetime, refused: str | None = None, act: str = "", said: Mapping[str, str] | None = None) -> Response:
    """The page of a unit. After an action was `refused`, its form is open and holds what was typed (`said`). Raises NotFound."""
    may_act = allows(Role(actor().role), Role.TECHNICIAN)
    with read_only() as session:
        card = unit_card(session, uid, now)
        cover, around = coverage(session, uid, None, now), related_units(session, uid)
        changes = unit_history.transitions(session, uid, None, CHANGES)
        heard = unit_history.messages(session, uid, None, MESSAGES)
        noted, done = notes(session, uid), _done(session, uid)
        periods = warranty_periods.periods(session, uid) if may_act else []
    span = span_for(card, request.args.get("span"), now)
    text = page(
        "unit.html",
        now,
        card=card,
        cover=cover,
        around=around,
        span=span,
        spans=SPANS,
        line=timeline(card, changes, SPANS[span], now),
        vitals=vitals(card, heard),
        days=days(heard, now),
        changes=changes[:SHOWN],
        more_changes=len(changes) > SHOWN,
        messages=heard[:SHOWN],
        notes=noted,
        done=done,
        link=f"{public_address()}/u/{card.uid}",
        may_act=may_act and not around.merged_into,
        onward=moves_from(card.lifecycle),
        periods=[period for period in periods if period.voided_on is None and (period.ends_on is None or period.ends_on > now.date())],
        refused=refused,
        act=act,
        said=said or {},
    )
    return about(text, card)


def _done(session: Session, uid: str) -> Made | str | None:
    """What was just done, by the address: a change of this user's, or `held` and `released`."""
    asked = request.args.get("done", "")
    if asked in ("held", "released"):
        return asked
    return own_changes.made(session, uid, int(asked), actor().name) if asked.isascii() and asked.isdigit() and len(asked) < 19 else None
