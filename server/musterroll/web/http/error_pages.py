"""Error pages: what went wrong, and what to do next."""

import logging

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from musterroll.domain.values.errors import Conflict, DomainError, Forbidden, NotFound
from musterroll.usecases.access.sessions import Actor
from musterroll.web.http.context import clock, page
from musterroll.web.http.sign_in import session_user

_log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[DomainError], int], ...] = ((NotFound, 404), (Forbidden, 403), (Conflict, 409))
_TITLES = {
    400: "Invalid request",
    403: "Access denied",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "File too large",
    429: "Too many requests",
}
_SENTENCES = {
    403: "Your role does not include this page.",
    404: "Check the address, or look up the unit.",
    405: "This address only accepts a form. Go back and submit the form again.",
    413: "The file is larger than this page accepts. Send a smaller file.",
    429: "You have opened too many pages. Wait a minute; scripts should use an API token.",
    500: "The error was logged. No partial changes were saved.",
}


def install(app: Flask) -> None:
    """Error pages for every address outside /api, which has its own format."""
    app.register_error_handler(HTTPException, _http_error_page)


def domain_error_page(error: DomainError) -> Response:
    """The page for a refused action."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
    if error.code == "bad_cursor":
        return _page(status, "start from the first page", "This link has expired")
    return _page(status, str(error))


def server_error_page(error: Exception) -> Response:
    """The page for a server error: no details on the page, all of them in the log."""
    _log.exception("a page failed: %s %s", request.method, request.path)
    return _page(500, _SENTENCES[500])


def _http_error_page(error: HTTPException) -> Response | HTTPException:
    if request.path.startswith("/api/") or error.response is not None or (error.code or 500) < 400:
        return error
    status = error.code or 500
    return _page(status, _SENTENCES.get(status) or error.description or "", "Page not found" if status == 404 else None)


def handle_errors(pages: Blueprint) -> None:
    pages.register_error_handler(DomainError, domain_error_page)
    pages.register_error_handler(Exception, server_error_page)
    pages.register_error_handler(HTTPException, _http_error_page)


def _signed_in_user() -> Actor | None:
    """The user who is signed in, for the menu; None if that cannot be read."""
    try:
        return g.get("actor") or session_user(request)
    except Exception:  # the database may be what failed
        return None


def _page(status: int, sentence: str, title: str | None = None) -> Response:
    sentence = sentence[:1].upper() + sentence[1:].rstrip(".") + "."
    title = title or _TITLES.get(status, "Something went wrong")
    g.actor = _signed_in_user()
    text = page("failure.html", clock(), title=title, status=status, sentence=sentence)
    return Response(text, status, content_type="text/html; charset=utf-8")
