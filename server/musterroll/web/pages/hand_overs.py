"""Handing over a segment, and deciding which products go together."""

from datetime import date

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.segments.outcomes import HandOverWay
from musterroll.domain.values.errors import Conflict
from musterroll.storage.segments import pairs as stored_pairs
from musterroll.usecases.segments import hand_over, lists, pairs
from musterroll.usecases.segments.hand_over import Receiver
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("hand_overs", __name__)


@pages.post("/segments/<key>/hand-over")
@needs(Role.PLANNER)
def hand(key: str) -> Response:
    way = _field("way")
    if way not in set(HandOverWay):
        raise Conflict("choose export, webhook or assign", "bad_way")
    to = Receiver(HandOverWay(way), _field("receiver"), _day(_field("due_on")), _field("comment"))
    with transaction() as session:
        hand_over.hand_over(session, lists.view(session, key), to, actor().name, clock())
    return redirect(f"/segments/{key}#hand-overs", 303)


@pages.get("/segment-pairs")
@needs(Role.VIEWER, everywhere=True)
def overview() -> str:
    with read_only() as session:
        return page("segment_pairs.html", clock(), pairs=stored_pairs.known(session))


@pages.post("/segment-pairs/<int:a_id>/<int:b_id>")
@needs(Role.PLANNER, everywhere=True)
def decide(a_id: int, b_id: int) -> Response:
    with transaction() as session:
        pairs.decide(session, a_id, b_id, confirmed=_field("confirmed") == "yes", actor=actor().name, now=clock())
    return redirect(f"/segment-pairs#pair-{a_id}-{b_id}", 303)


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:600]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Conflict("enter the due date as a day such as 2026-12-10", "bad_day") from None
