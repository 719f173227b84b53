"""Look-up of a unit: one field, one answer; for phones, gloves and keyboard-wedge scanners."""

from flask import Blueprint, Response, make_response, request

from musterroll.domain.units import scan_codes as codes
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.units.look_up import look_up
from musterroll.usecases.units.related import related_units
from musterroll.web.http.context import clock, page, read_only
from musterroll.web.http.offline import unit_response
from musterroll.web.http.security import allow_scanning

pages = Blueprint("look_up", __name__)
pages.after_request(allow_scanning)


@pages.get("/")
def overview() -> Response:
    now, code = clock(), request.args.get("code", "").strip()
    if not code:
        return make_response(page("look_up.html", now, code="", result=None))
    with read_only() as session:
        result = look_up(session, code, now)
        only = result.units[0].uid if len(result.units) == 1 else None
        cover = coverage(session, only, None, now) if only else None
        related = related_units(session, only) if only else None
    readable = bool(result.key or codes.read_code(code).uid)
    text = page("look_up.html", now, code=code, result=result, readable=readable, cover=cover, related=related)
    return unit_response(text, result.units[0] if only else None)
