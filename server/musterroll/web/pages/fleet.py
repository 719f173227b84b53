"""The fleet: deployed and operating units, counts by state, and the list of units with filters, updated live."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.storage.liveness import outages
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet.pages import FleetFilter, fleet
from musterroll.web.http.context import clock, latest_base, page, read_only
from musterroll.web.pages.outages import title as outage_title

pages = Blueprint("fleet", __name__)

PAGE = 50
OUTAGES = 5  # that are named above the list
_IN_FORM = ("text", "lifecycle")  # fields of the form


@pages.get("/fleet")
def overview() -> str:
    now, filters, after = clock(), filter_words.read(request.args), request.args.get("after") or None
    with read_only() as session:
        base, _ = latest_base()(session, now)
        listed = fleet(session, filters, after, PAGE, now)
        open_outages = outages.listed(session, None, OUTAGES, only_open=True)
    links = {"address": address, "others": _others(filters), "export": export, "outages": open_outages, "outage_title": outage_title}
    return page("fleet.html", now, base=base, units=listed, filters=filters, after=after, **links)


def address(filters: FleetFilter, after: str | None = None, **changes: Any) -> str:
    """The address of the fleet with these filters, some of them changed.

    >>> address(FleetFilter(text="Z30"), liveness="stale")
    '/fleet?liveness=stale&text=Z30'
    """
    query = filter_words.words(filters._replace(**changes)) | ({"after": after} if after else {})
    return f"/fleet?{urlencode(query)}" if query else "/fleet"


def export(filters: FleetFilter, form: str) -> str:
    """The address of the same units as a file: csv or xlsx."""
    return f"/api/v1/units?{urlencode({'format': form, **filter_words.words(filters)})}"


def _others(filters: FleetFilter) -> dict[str, str]:
    """The filters that the form has no field for."""
    return {name: value for name, value in filter_words.words(filters).items() if name not in _IN_FORM}
