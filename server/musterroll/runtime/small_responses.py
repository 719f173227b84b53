"""Responses as small as they can be: compressed, and 304 to whoever has the same one already.

Tags are of one person: the session or token that asks is part of them, so a tag learnt elsewhere matches nothing. Whether a response
may be stored is not decided here.
"""

import gzip
import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable, Iterator
from io import BytesIO

from flask import Flask, Response, request

_LEVEL = 5  # of 9; the pages become 2 % smaller with 6, for a third more time
_SMALLEST = 400  # bytes; shorter responses would hardly shrink
_PADDING = 64  # bytes at most, so that lengths do not reveal a form token beside a text of the address (BREACH)
_TYPES = re.compile(r"text/|image/svg|application/(json|problem\+json|javascript|xml)")
_FORM_TOKEN = re.compile(rb'name="csrf_token" value="[^"]*"')  # another on every page, and each valid as long as the session
_TAGGED = re.compile(r"text/html|application/json")


def install(app: Flask) -> None:
    """Before anything else is registered: the last function registered for the end of a request runs first."""
    app.after_request(_shrink)


def _shrink(answer: Response) -> Response:
    if answer.direct_passthrough or "Content-Encoding" in answer.headers or not _TYPES.match(answer.content_type or ""):
        return answer
    answer.vary.add("Accept-Encoding")
    if not answer.is_streamed and _not_modified(answer):
        return answer
    if request.accept_encodings.quality("gzip") and request.method != "HEAD":
        _compress(answer)
    return answer


def _not_modified(answer: Response) -> bool:
    """Whether the asker has this response. Gives a tag to what has none."""
    if request.method not in ("GET", "HEAD") or answer.status_code != 200:
        return False
    if "ETag" not in answer.headers and _TAGGED.match(answer.content_type or ""):
        answer.set_etag(_tag(answer.get_data()), weak=True)
    if "ETag" in answer.headers and "If-None-Match" in request.headers:
        answer.make_conditional(request)
    return answer.status_code == 304


def _tag(body: bytes) -> str:
    asker = f"{request.headers.get('Authorization')}\0{sorted(request.cookies.items())}".encode()
    return hashlib.blake2b(_FORM_TOKEN.sub(b"", body), digest_size=12, key=hashlib.blake2b(asker).digest()).hexdigest()


def _compress(answer: Response) -> None:
    if answer.is_streamed:
        pieces = answer.response
        answer.call_on_close(getattr(pieces, "close", lambda: None))
        answer.response = _compressed(pieces)
        answer.headers.pop("Content-Length", None)
    elif len(body := answer.get_data()) >= _SMALLEST:
        file = BytesIO()
        with gzip.GzipFile("x" * secrets.randbelow(_PADDING), "wb", _LEVEL, file, mtime=0) as packed:
            packed.write(body)
        answer.set_data(file.getvalue())
    else:
        return
    answer.headers["Content-Encoding"] = "gzip"


def _compressed(pieces: Iterable[str | bytes]) -> Iterator[bytes]:
    """Of an export; it contains no form token."""
    packer = zlib.compressobj(_LEVEL, wbits=31)
    for piece in pieces:
        if packed := packer.compress(piece.encode() if isinstance(piece, str) else piece):
            yield packed
    yield packer.flush()
