"""Segments: units to act on, with their count and annual value; some built in, others saved filters of the fleet."""

from urllib.parse import parse_qsl

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction
from musterroll.web.pages.fleet import address as fleet_address
from musterroll.web.pages.fleet import export

pages = Blueprint("segments", __name__)

ICONS = {
    "dormant": "volume-off",
    "over-quantity": "stack-2",
    "old-firmware": "replace",
    "old-model": "archive",
    "near-expiry": "calendar-event",
    "attach": "shield-check",
}


@pages.get("/segments")
def overview() -> str:
    now = clock()
    with read_only() as session:
        segments = [(segment, fleet_segments.size(session, segment, now)) for segment in fleet_segments.all_segments(session)]
    return page("segments.html", now, segments=segments, icons=ICONS, own=[segment for segment, _ in segments if segment.made_by])


@pages.get("/segments/<key>")
def detail(key: str) -> str:
    now = clock()
    with read_only() as session:
        segment = fleet_segments.segment(session, key)
        size, customers = fleet_segments.size(session, segment, now), fleet_segments.largest(session, segment, now)
    links = {"fleet_address": fleet_address, "export": export}
    return page("segment.html", now, segment=segment, size=size, customers=customers.value, icons=ICONS, **links)


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
        fleet_segments.delete(session, key)
    return redirect("/segments", 303)
