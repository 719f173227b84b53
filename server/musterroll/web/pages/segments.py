"""Segments in groups with their size, one with its accounts, and saving a filter of the fleet as one."""

from urllib.parse import parse_qsl

from flask import Blueprint, redirect, request
from sqlmodel import Session
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.segments.outcomes import MEANS, HandOverOutcome
from musterroll.domain.segments.ready_made import SegmentGroup
from musterroll.domain.values.instants import from_ms
from musterroll.storage.segments import hand_overs as stored_hand_overs
from musterroll.storage.segments import pairs as stored_pairs
from musterroll.storage.segments.members import Size
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.usecases.segments import lists
from musterroll.web.charts.lines import Lines, lines
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction
from musterroll.web.pages.fleet import address as fleet_address
from musterroll.web.pages.fleet import export

pages = Blueprint("segments", __name__)

HAND_OVERS = 10  # shown
ICONS = {
    **{"dormant": "volume-off", "valuable-dormant": "volume-off", "at-risk": "alert-triangle", "lapsed": "arrow-back-up"},
    **{"near-end": "calendar-event", "notice-due": "clock-exclamation", "near-expiry": "shield-x", "attach": "shield-check"},
    **{"upsell": "scale", "over-quantity": "stack-2", "cross-sell": "arrows-join", "old-firmware": "replace", "old-model": "archive"},
    **{"feature-unused": "help-circle", "low-engagement": "trending-down", "heavy-users": "heartbeat", "frequent-buyers": "package"},
}


@pages.get("/segments")
def overview() -> str:
    now = clock()
    with read_only() as session:
        views = lists.views(session)
        sizes = lists.sizes(session, views, now)
    by_group = {group: [view for view in views if view.group is group] for group in SegmentGroup}
    stamps = [size.at for view in views if view.filters is None and (size := sizes[view.key]).at]
    return page("segments.html", now, by_group=by_group, sizes=sizes, icons=ICONS, at=min(stamps, default=None))


@pages.get("/segments/<key>")
def detail(key: str) -> str:
    now = clock()
    with read_only() as session:
        view = lists.view(session, key)
        size, accounts = lists.size(session, view, now), lists.largest(session, view, now)
        days = lists.history(session, view, now)
        handed = stored_hand_overs.of_segment(session, key, HAND_OVERS)
        undecided = _undecided(session) if key == "cross-sell" and actor().within is None else 0
    shown = {"segment": view, "size": size, "accounts": accounts, "days": days[::-1], "drawn": _drawn(days), "handed": handed}
    words = {"outcomes": list(HandOverOutcome), "means": MEANS, "from_ms": from_ms, "undecided": undecided}
    return page("segment.html", now, icons=ICONS, fleet_address=fleet_address, export=export, **shown, **words)


@pages.post("/segments")
@needs(Role.PLANNER)
def save() -> Response:
    filters = filter_words.read(dict(parse_qsl(request.form.get("filter", ""))))
    with transaction() as session:
        segment = fleet_segments.save(session, request.form.get("name", ""), filters, actor().name, clock())
    return redirect(f"/segments/{segment.key}", 303)


@pages.post("/segments/<key>/delete")
@needs(Role.PLANNER)
def delete(key: str) -> Response:
    with transaction() as session:
        lists.delete(session, key)
    return redirect("/segments", 303)


def _undecided(session: Session) -> int:
    return sum(of.confirmed is None for of in stored_pairs.known(session))


def _drawn(days: list[Size]) -> Lines | None:
    return lines([day.on for day in days], {"accounts": [day.accounts for day in days]})
