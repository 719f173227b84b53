"""Segments: units to act on, by name, with their count and what they are worth; one's own are saved filters of the fleet."""

from urllib.parse import parse_qsl

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.permission import Role
from musterroll.registry import fleet_words, segments
from musterroll.web.door import actor, clock, needs, page, reading, writing
from musterroll.web.fleet import address as fleet_address
from musterroll.web.fleet import export

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
    with reading() as session:
        found = [(one, segments.size(session, one, now)) for one in segments.listed(session)]
    return page("segments.html", now, found=found, icons=ICONS, own=[one for one, _ in found if one.made_by])


@pages.get("/segments/<key>")
def one(key: str) -> str:
    now = clock()
    with reading() as session:
        found = segments.segment(session, key)
        size, customers = segments.size(session, found, now), segments.largest(session, found, now)
    links = {"fleet_address": fleet_address, "export": export}
    return page("segment.html", now, segment=found, size=size, customers=customers.value, icons=ICONS, **links)


@pages.post("/segments")
@needs(Role.PLANNER)
def save() -> Response:
    filters = fleet_words.read(dict(parse_qsl(request.form.get("filter", ""))))
    with writing() as session:
        made = segments.save(session, request.form.get("name", ""), filters, actor().name, clock())
    return redirect(f"/segments/{made.key}", 303)


@pages.post("/segments/<key>/delete")
@needs(Role.PLANNER)
def delete(key: str) -> Response:
    with writing() as session:
        segments.delete(session, key)
    return redirect("/segments", 303)
