"""Filters that ask for an account take its name as well: the address is then written anew with the number."""

from urllib.parse import urlencode

from flask import redirect, request
from werkzeug.wrappers import Response

from musterroll.storage.accounts import hierarchy
from musterroll.web.http.context import read_only

_FILTERS = ("account", "under")  # parameters that name one account


def number_for_name() -> Response | None:
    """Runs before every page. Nothing happens where the text is a number, or not the name of exactly one account."""
    given = {name: text for name in _FILTERS if (text := request.args.get(name, "").strip())}
    if not given or request.method != "GET":
        return None
    with read_only() as session:
        numbers = {name: account.ref for name, text in given.items() if (account := hierarchy.named(session, text))}
    changed = {name: ref for name, ref in numbers.items() if ref != given[name]}
    arguments = [(name, changed.get(name, text)) for name, text in request.args.items(multi=True)]
    return redirect(f"{request.path}?{urlencode(arguments)}") if changed else None
