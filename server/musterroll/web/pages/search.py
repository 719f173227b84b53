"""The search over all records and pages: a results page, whose part `live` is shown below the field in the header while one types."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.usecases.search.hits import Group, Kind
from musterroll.usecases.search.search import LONGEST, search
from musterroll.web.http import menu
from musterroll.web.http.context import actor, clock, page, read_only

pages = Blueprint("search", __name__)

KINDS = {
    Kind.UNIT: ("Units", "device-laptop", "/fleet"),
    Kind.ACCOUNT: ("Accounts", "building", "/accounts"),
    Kind.SITE: ("Sites", "map-pin", "/sites"),
    Kind.CONTRACT: ("Contracts", "file-text", "/contracts"),
    Kind.INCIDENT: ("Incidents", "tool", "/incidents"),
    Kind.PRODUCT: ("Products", "package", ""),
    Kind.CONTACT: ("Contacts", "users", "/contacts"),
    Kind.USER: ("Users", "user", ""),
}  # heading, icon, and the list that looks for the same text


@pages.get("/search")
def overview() -> str | Response:
    now, text = clock(), request.args.get("q", "").strip()[:LONGEST]
    with read_only() as session:
        groups = search(session, text, now, Role(actor().role))
    entries = [entry for entry in menu.entries(actor()) if text and text.lower() in entry.name.lower()]
    exact = _only_exact(groups)
    if exact and not entries and request.headers.get("HX-Request-Type") != "partial":
        return redirect(exact)  # as after a scan: one thing has this number
    return page("search.html", now, text=text, matches=groups, entries=entries, kinds=KINDS)


def _only_exact(groups: list[Group]) -> str | None:
    """The page of the only record that matches, if the text is its number or name."""
    hits = [hit for group in groups for hit in group.hits]
    return hits[0].address if len(hits) == 1 and hits[0].exact else None
