"""Pages for what went wrong: the sentence, and what to do next."""

import logging

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from musterroll.domain.values.errors import Conflict, Forbidden, NotFound, Refusal
from musterroll.usecases.access.sessions import Actor
from musterroll.web.http.context import clock, page
from musterroll.web.http.sign_in import person

_log = logging.getLogger(__name__)

_STATUS: tuple[tuple[type[Refusal], int], ...] = ((NotFound, 404), (Forbidden, 403), (Conflict, 409))
_TITLES = {
    429: "Not so fast",
    400: "That did not fit",
    403: "Not for you",
    404: "Not on the roll",
    405: "Not that way",
    409: "That stands against the record",
    413: "Too large",
}
_SENTENCES = {
    403: "Your role does not allow this page.",
    404: "There is no page at this address. Check it, or look the unit up.",
    413: "That is more than this page takes in. Send a smaller file.",
    500: "The registry failed on this page. It is written to the log; nothing you entered was half done.",
    429: "You opened more pages than people do. Wait a minute; programs use an API token.",
    405: "This address is not opened that way. Go back and use the form.",
}


def install(app: Flask) -> None:
    """Error pages for every address outside /api, which answers in its own way."""
    app.register_error_handler(HTTPException, _of_http)


def refused(error: Refusal) -> Response:
    """The page for a verb's no."""
    status = next((status for kind, status in _STATUS if isinstance(error, kind)), 400)
    return _page(status, str(error))


def broken(error: Exception) -> Response:
    """The page for our own fault: no detail to strangers, everything to the log."""
    _log.exception("a page failed: %s %s", request.method, request.path)
    return _page(500, _SENTENCES[500])


def _of_http(error: HTTPException) -> Response | HTTPException:
    if request.path.startswith("/api/") or error.response is not None or (error.code or 500) < 400:
        return error
    status = error.code or 500
    return _page(status, _SENTENCES.get(status) or error.description or "")


def guard(pages: Blueprint) -> None:
    pages.register_error_handler(Refusal, refused)
    pages.register_error_handler(Exception, broken)
    pages.register_error_handler(HTTPException, _of_http)


def _person() -> Actor | None:
    """Whoever is signed in, so that the way on is shown; nobody where even that cannot be told."""
    try:
        return g.get("actor") or person(request)
    except Exception:  # the database may be what failed
        return None


def _page(status: int, sentence: str) -> Response:
    said = sentence[:1].upper() + sentence[1:]
    g.actor = _person()
    text = page("failure.html", clock(), title=_TITLES.get(status, "Something broke"), status=status, sentence=said.rstrip(".") + ".")
    return Response(text, status, content_type="text/html; charset=utf-8")
