"""One unit: its coverage, status, history and actions, and the change just made."""

from collections.abc import Mapping
from datetime import datetime

from flask import Blueprint, Response, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role, allows
from musterroll.domain.units.lifecycle import moves_from
from musterroll.storage.liveness import outages
from musterroll.storage.units.unit_card import unit_id
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.enrolment import revocation
from musterroll.usecases.findings.more_evidence import unit_doubts
from musterroll.usecases.undo import own_changes
from musterroll.usecases.undo.own_changes import OwnChange
from musterroll.usecases.units import history as unit_history
from musterroll.usecases.units.look_up import unit_card
from musterroll.usecases.units.notes import notes
from musterroll.usecases.units.related import related_units
from musterroll.usecases.usage.history import UsageScope, label
from musterroll.usecases.warranty import periods as warranty_periods
from musterroll.web.charts.timeline import SPANS, span_for, timeline
from musterroll.web.charts.vitals import operating_days, vitals
from musterroll.web.http.context import actor, clock, page, read_only
from musterroll.web.http.offline import unit_response
from musterroll.web.http.security import allow_scanning
from musterroll.web.pages.labels import public_address
from musterroll.web.pages.outages import title as outage_title
from musterroll.web.pages.usage import chart as usage_chart

pages = Blueprint("unit", __name__)
pages.after_request(allow_scanning)

CHANGES, MESSAGES = 200, 200  # fetched for the charts
SHOWN = 12  # in the lists


@pages.get("/units/<uid>")
def unit(uid: str) -> AnyResponse:
    return show(uid, clock())


@pages.get("/u/<uid>")
@pages.get("/U/<uid>")
def short(uid: str) -> AnyResponse:
    """The short address on labels and in messages."""
    return redirect(f"/units/{uid.lower() if request.path.startswith('/U/') else uid}")


def show(uid: str, now: datetime, refused: str | None = None, act: str = "", form: Mapping[str, str] | None = None) -> Response:
    """The page of a unit. After a refused action `act`, its form is open, with the values of `form`. Raises NotFound."""
    may_act = allows(Role(actor().role), Role.TECHNICIAN)
    with read_only() as session:
        card = unit_card(session, uid, now)
        cover, related = coverage(session, uid, None, now), related_units(session, uid)
        changes = unit_history.transitions(session, uid, None, CHANGES)
        messages = unit_history.messages(session, uid, None, MESSAGES)
        doubts = unit_doubts(session, unit_id(session, card.uid))
        outage = outages.of_unit(session, unit_id(session, card.uid) or 0)
        credential = revocation.last(session, card.uid)
        unit_notes, done = notes(session, uid), _done(session, uid)
        periods = warranty_periods.periods(session, uid) if may_act else []
        use = usage_chart(session, UsageScope(unit=card.uid), request.args, now)
    span = span_for(card, request.args.get("span"), now)
    text = page(
        "unit.html",
        now,
        card=card,
        cover=cover,
        related=related,
        span=span,
        spans=SPANS,
        line=timeline(card, changes, SPANS[span], now),
        vitals=vitals(card, messages),
        days=operating_days(messages, now),
        use=use,
        use_label=label,
        changes=changes[:SHOWN],
        more_changes=len(changes) > SHOWN,
        messages=messages[:SHOWN],
        notes=unit_notes,
        doubts=doubts,
        outage=outage and outage.outage,
        outage_title=outage_title,
        done=done,
        link=f"{public_address()}/u/{card.uid}",
        credential=credential,
        may_act=may_act and not related.merged_into,
        onward=moves_from(card.lifecycle),
        periods=[period for period in periods if period.voided_on is None and (period.ends_on is None or period.ends_on > now.date())],
        refused=refused,
        act=act,
        form=form or {},
    )
    return unit_response(text, card)


def _done(session: Session, uid: str) -> OwnChange | str | None:
    """The action just done, from the query: a change by this user, or `held` or `released`."""
    done = request.args.get("done", "")
    if done in ("held", "released"):
        return done
    return own_changes.own_changes(session, uid, int(done), actor().name) if done.isascii() and done.isdigit() and len(done) < 19 else None
