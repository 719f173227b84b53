"""The calendar of contract ends, notice deadlines and warranty ends: its page, and the feed under a secret address."""

from datetime import UTC, datetime, time, timedelta

from flask import Blueprint, Response, make_response, redirect, request
from icalendar import Calendar, Event
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role, needs
from musterroll.domain.notifications.calendar import Entry
from musterroll.domain.values.errors import NotFound
from musterroll.usecases.notifications import calendar as notification_calendar
from musterroll.web.http.context import actor, clock, context, page, read_only

pages = Blueprint("calendar", __name__)
feed = Blueprint("calendar_feed", __name__)

_SHOWN = 60


@pages.get("/calendar")
@needs(Role.VIEWER)
def own() -> str:
    return _own()


@pages.post("/calendar")
@needs(Role.VIEWER)
def make() -> Response:
    with context().database.transaction() as session:
        token = notification_calendar.make(session, actor().user_id, clock())
    return make_response(_own(f"{_home()}/calendar/{token}.ics"))


@pages.post("/calendar/revoke")
@needs(Role.VIEWER)
def revoke() -> AnyResponse:
    with context().database.transaction() as session:
        notification_calendar.revoke(session, actor().user_id, clock())
    return redirect("/calendar", 303)


@feed.get("/calendar/<token>.ics")
def read(token: str) -> Response:
    now = clock()
    try:
        with context().database.read_only() as session:
            reader = notification_calendar.reader(session, token, now)
    except NotFound:
        return Response("There is no such calendar.\n", 404, content_type="text/plain; charset=utf-8")
    if not reader.noted:
        with context().database.transaction() as session:
            notification_calendar.note_read(session, reader.feed_id, now)
    with context().database.read_only(reader.within) as session:
        entries = notification_calendar.upcoming(session, now.date() - timedelta(31))
    answer = Response(written(entries, _home(), now), content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, max-age=3600"
    answer.headers["Content-Disposition"] = 'inline; filename="musterroll.ics"'
    return answer


def written(entries: list[Entry], home: str, now: datetime) -> bytes:
    """Entries as whole days of an iCalendar (RFC 5545)."""
    made = Calendar()
    made.add("prodid", "-//Musterroll//Ends//EN")
    made.add("version", "2.0")
    made.add("calscale", "GREGORIAN")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", "Musterroll")
    stamp = datetime.combine(now.astimezone(UTC).date(), time(), UTC)  # so that an unchanged day reads the same all day
    for one in entries:
        event = Event()
        event.add("uid", f"{one.uid}@musterroll")
        event.add("dtstamp", stamp)
        event.add("dtstart", one.on)
        event.add("dtend", one.on + timedelta(1))
        event.add("summary", one.title)
        event.add("description", one.text)
        event.add("url", f"{home}{one.path}")
        event.add("transp", "TRANSPARENT")
        made.add_component(event)
    body: bytes = made.to_ical()
    return body


def _own(address: str | None = None) -> str:
    now = clock()
    with context().database.read_only() as session:
        kept = notification_calendar.own(session, actor().user_id)
    with read_only() as session:
        ahead = notification_calendar.upcoming(session, now.date(), _SHOWN + 1)
    return page("calendar.html", now, kept=kept, address=address, entries=ahead[:_SHOWN], more=len(ahead) > _SHOWN)


def _home() -> str:
    return (context().settings.public_url or request.url_root).rstrip("/")
