"""The block `live` of a page, which a tab asks for every few seconds: after the first time only the pieces that changed.

A piece is an element with an id, from `data-piece` to `<!--/piece-->` in a template; pieces do not contain each other. The tab sends the
marks of the pieces it shows, so nothing is stored here, and any process can answer.
"""

import hashlib
import re
from base64 import urlsafe_b64encode

from flask import Response, after_this_request, request

_PIECE = re.compile(r'(<\w+ id="([\w-]+)") data-piece(.*?)<!--/piece-->', re.DOTALL)
# What differs though nothing happened: the tab itself renews "3 minutes ago" from the time beside it.
_FLEETING = re.compile(r'(name="csrf_token" value=")[^"]*|(<time [^>]*>)[^<]*')
_REST = "live-rest"  # the mark of all that is outside the pieces


def changes(block: str) -> str:
    """The whole block, or the pieces of it that the tab does not show yet; nothing, and 204, if it shows all."""
    shown = set(request.headers.get("X-Pieces", "").split())
    rest = _mark(_PIECE.sub(r"\2", block))
    marked = [(name, _mark(body), start, body) for start, name, body in _PIECE.findall(block)]
    if rest not in shown:
        whole = iter(marked)
        return _PIECE.sub(lambda _: _written(*next(whole)), block) + f'<span id="{_REST}" data-piece="{rest}" hidden></span>'
    after_this_request(_leave_the_rest)
    return "".join(_partial(piece) for piece in marked if piece[1] not in shown)


def _partial(piece: tuple[str, str, str, str]) -> str:
    return f'<hx-partial hx-target="#{piece[0]}" hx-swap="outerMorph">{_written(*piece)}</hx-partial>'


def _leave_the_rest(answer: Response) -> Response:
    answer.headers["HX-Reswap"] = "none"
    if not answer.get_data():
        answer.status_code = 204
    return answer


def _written(_name: str, mark: str, start: str, body: str) -> str:
    return f'{start} data-piece="{mark}"{body}'


def _mark(text: str) -> str:
    digest = hashlib.blake2b(_FLEETING.sub(r"\1\2", text).encode(), digest_size=6).digest()
    return urlsafe_b64encode(digest).decode()
