"""Contacts: the list of people at customers."""

from urllib.parse import urlencode

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.contacts.consent import Consent
from musterroll.domain.values import cursors
from musterroll.storage.contacts import contacts as stored
from musterroll.storage.contacts.contacts import ContactFilter
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.contacts import contacts
from musterroll.web.http.context import actor, clock, needs, page, read_only, transaction

pages = Blueprint("contacts", __name__)

PAGE = 50
_PARAMS = ("text", "account", "consent")


@pages.get("/contacts")
@needs(Role.TECHNICIAN)
def overview() -> str:
    params = {name: request.args.get(name, "").replace("\0", "").strip()[:200] for name in _PARAMS}
    consent = Consent(params["consent"]) if params["consent"] in set(Consent) else None
    after = request.args.get("after") or None
    with read_only() as session:
        under = account(session, params["account"]).id if params["account"] else None
        rows = stored.page(session, ContactFilter(under, consent, params["text"]), cursors.number(after) or 0, PAGE + 1)
    shown, following = cursors.cut(rows, PAGE, lambda row: (row.id,))
    query = urlencode({name: value for name, value in params.items() if value})
    facts = {"rows": shown, "params": params, "query": query, "after": after, "following": following, "answers": list(Consent)}
    return page("contacts.html", clock(), **facts)


@pages.post("/contacts/<ref>/delete")
@needs(Role.PLANNER)
def delete(ref: str) -> Response:
    with transaction() as session:
        contacts.remove(session, ref, actor().name, clock())
    return redirect("/contacts", 303)
