"""Messages that were rejected, and why."""

from flask import Blueprint, request

from musterroll.domain.access import Role
from musterroll.domain.values import cursors
from musterroll.usecases.messages.quarantine import quarantined_messages
from musterroll.web.http.context import clock, needs, page, read_only

pages = Blueprint("quarantine", __name__)

PAGE = 50
CODES = {
    **{"bad_text": "Invalid text", "duplicate_key": "Duplicate key", "foreign_topic": "Unknown topic", "missing_field": "Missing field"},
    **{"not_finite": "Not a finite number", "not_json": "Not valid JSON", "not_utf8": "Not valid UTF-8", "out_of_range": "Out of range"},
    **{
        "too_deep": "Nested too deeply",
        "too_large": "Too large",
        "undecodable": "Could not be decoded",
        "unknown_unit": "Unknown unit",
        "unstorable": "Could not be saved",
    },
    **{"wrong_type": "Wrong type"},
}


@pages.get("/quarantine")
@needs(Role.ADMIN)
def overview() -> str:
    before = request.args.get("before") or None
    with read_only() as session:
        fetched = quarantined_messages(session, cursors.number(before), PAGE + 1)
    messages, older = cursors.cut(fetched, PAGE, lambda row: (row.id,))
    return page("quarantine.html", clock(), codes=CODES, items=messages, older=older, before=before, preview=preview)


def preview(payload: bytes) -> str:
    """A payload in readable form: text if it is text, else hexadecimal. Control and direction marks are made visible.

    >>> preview(b'{"a":1}'), preview(b"\\x00\\xff\\x10"), preview("a\\u202eb".encode())
    ('{"a":1}', '00 ff 10', 'a\\\\u202eb')
    """
    try:
        text = payload.decode()
    except UnicodeDecodeError:
        return payload.hex(" ")
    if "\0" in text:
        return payload.hex(" ")
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
