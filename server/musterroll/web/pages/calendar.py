"""Calendar of contract ends, notice deadlines and warranty ends: the page, and the feed at a secret address."""

from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, Response, make_response, redirect, request
from icalendar import Calendar, Event
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role, needs
from musterroll.domain.notifications.calendar import FeedEntry
from musterroll.domain.values.errors import NotFound
from musterroll.usecases.notifications import calendar as notification_calendar
from musterroll.web.http.context import actor, clock, context, page, read_only

pages = Blueprint("calendar", __name__)
feed = Blueprint("calendar_feed", __name__)

_SHOWN = 60


@pages.get("/calendar")
@needs(Role.VIEWER)
def overview() -> str:
    return _overview_page()


@pages.post("/calendar")
@needs(Role.VIEWER)
def create() -> Response:
    with context().database.transaction() as session:
        token = notification_calendar.create_feed(session, actor().user_id, clock())
    return make_response(_overview_page(f"{_public_address()}/calendar/{token}.ics"))


@pages.post("/calendar/revoke")
@needs(Role.VIEWER)
def revoke() -> AnyResponse:
    with context().database.transaction() as session:
        notification_calendar.revoke_feed(session, actor().user_id, clock())
    return redirect("/calendar", 303)


@feed.get("/calendar/<token>.ics")
def read(token: str) -> Response:
    now = clock()
    try:
        with context().database.read_only() as session:
            reader = notification_calendar.feed_reader(session, token, now)
    except NotFound:
        return Response("There is no such calendar.\n", 404, content_type="text/plain; charset=utf-8")
    if not reader.recorded:
        with context().database.transaction() as session:
            notification_calendar.record_read(session, reader.feed_id, now)
    with context().database.read_only(reader.within) as session:
        entries = notification_calendar.upcoming(session, now.date() - timedelta(31))
    answer = Response(icalendar(entries, _public_address(), now), content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    answer.headers["Content-Disposition"] = 'inline; filename="musterroll.ics"'
    return answer


def icalendar(entries: list[FeedEntry], home: str, now: datetime) -> bytes:
    """Entries as all-day events of an iCalendar (RFC 5545)."""
    calendar = Calendar()
    calendar.add("prodid", "-//Musterroll//Ends//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Musterroll")
    stamp = datetime.combine(now.astimezone(UTC).date(), time(), UTC)  # so that the feed is the same all day if nothing changed
    for entry in entries:
        event = Event()
        event.add("uid", f"{entry.uid}@musterroll")
        event.add("dtstamp", stamp)
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + timedelta(1))
        event.add("summary", entry.title)
        event.add("description", entry.text)
        event.add("url", f"{home}{entry.path}")
        event.add("transp", "TRANSPARENT")
        calendar.add_component(event)
    body: bytes = calendar.to_ical()
    return body


def _overview_page(address: str | None = None) -> str:
    now = clock()
    with context().database.read_only() as session:
        own_feed = notification_calendar.feed_of(session, actor().user_id)
    with read_only() as session:
        ahead = notification_calendar.upcoming(session, now.date(), _SHOWN + 1)
    return page("calendar.html", now, own_feed=own_feed, address=address, entries=ahead[:_SHOWN], more=len(ahead) > _SHOWN)


def _public_address() -> str:
    return (context().settings.public_url or request.url_root).rstrip("/")
