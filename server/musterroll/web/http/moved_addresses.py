"""Addresses that pages used to have, so that links in old mails and bookmarks still work."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

MOVED = {"people": "users", "proposals": "possible-duplicates"}

pages = Blueprint("moved_addresses", __name__)


@pages.get(f"/<any({', '.join(MOVED)}):old>")
@pages.get(f"/<any({', '.join(MOVED)}):old>/<path:rest>")
def moved(old: str, rest: str = "") -> Response:
    """Redirect permanently to the same page under its present name, query included."""
    path = f"/{MOVED[old]}/{rest}" if rest else f"/{MOVED[old]}"
    query = request.query_string.decode()
    return redirect(f"{path}?{query}" if query else path, 301)
