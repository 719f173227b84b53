"""Incidents: the list, and one incident with its unit."""

from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.storage.units import incidents as stored
from musterroll.storage.units.incidents import IncidentFilter
from musterroll.usecases.accounts.hierarchy import account
from musterroll.web.http.context import clock, page, read_only

pages = Blueprint("incidents", __name__)

PAGE = 50
_PARAMS = ("text", "show", "account", "site", "category")
_OPEN = {"open": True, "closed": False}


@pages.get("/incidents")
def overview() -> str:
    params = {name: request.args.get(name, "").replace("\0", "").strip()[:120] for name in _PARAMS}
    before = request.args.get("before") or None
    with read_only() as session:
        account_id = account(session, params["account"]).id if params["account"] else None
        wanted = IncidentFilter(account_id, category=params["category"] or None, open=_OPEN.get(params["show"]))
        wanted = wanted._replace(begins=params["text"] or None, site=params["site"] or None)
        listed = stored.page(session, wanted, cursors.number(before), PAGE + 1)
    rows, following = cursors.cut(listed, PAGE, lambda row: (row.id,))
    query = urlencode({name: value for name, value in params.items() if value})
    return page("incidents.html", clock(), rows=rows, params=params, query=query, before=before, following=following)


@pages.get("/incidents/<path:ref>")
def detail(ref: str) -> str:
    with read_only() as session:
        row = stored.by_ref(session, ref)
    if row is None:
        raise NotFound(f"there is no incident {ref[:80]!r}")
    return page("incident.html", clock(), row=row)
