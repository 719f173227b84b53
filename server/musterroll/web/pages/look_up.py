"""Look-up: one field, one answer. For phones, gloves and wedge scanners."""

from flask import Blueprint, Response, make_response, request

from musterroll.domain.units import scan_codes as codes
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.units.related import related_units
from musterroll.web.http.context import clock, page, read_only
from musterroll.web.http.offline import about
from musterroll.web.http.security import allow_scanning

pages = Blueprint("looking_up", __name__)
pages.after_request(allow_scanning)


@pages.get("/")
def look() -> Response:
    now, code = clock(), request.args.get("code", "").strip()
    if not code:
        return make_response(page("look_up.html", now, code="", found=None))
    with read_only() as session:
        found = look_up(session, code, now)
        only = found.units[0].uid if len(found.units) == 1 else None
        cover = coverage(session, only, None, now) if only else None
        around = related_units(session, only) if only else None
    readable = bool(found.key or codes.read_code(code).uid)
    text = page("look_up.html", now, code=code, found=found, readable=readable, cover=cover, around=around)
    return about(text, found.units[0] if only else None)
