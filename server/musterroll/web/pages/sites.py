"""Sites: the list, and one site with its place, people, units, incidents and last work."""

from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.access import Role, allows
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.accounts import sites as stored
from musterroll.storage.contacts import contacts as stored_contacts
from musterroll.storage.liveness.states import hearing
from musterroll.storage.units import at_site
from musterroll.storage.units import incidents as stored_incidents
from musterroll.storage.units.incidents import IncidentFilter
from musterroll.usecases.accounts.hierarchy import account
from musterroll.web.http.context import actor, clock, page, read_only

pages = Blueprint("sites", __name__)

PAGE, SHOWN = 50, 6


@pages.get("/sites")
def overview() -> str:
    params = {name: request.args.get(name, "").strip()[:200] for name in ("text", "account")}
    after = request.args.get("after") or None
    with read_only() as session:
        account_id = account(session, params["account"]).id if params["account"] else None
        listed = stored.page(session, account_id, params["text"], cursors.text(after), PAGE + 1)
    rows, following = cursors.cut(listed, PAGE, lambda row: (row.ref,))
    query = urlencode({name: value for name, value in params.items() if value})
    return page("sites.html", clock(), rows=rows, params=params, query=query, after=after, following=following)


@pages.get("/sites/<path:ref>")
def detail(ref: str) -> str:
    now = clock()
    with read_only() as session:
        site = stored.by_ref(session, ref) if "\0" not in ref else None
        if site is None:
            raise NotFound(f"there is no site {ref[:80]!r}")
        states = at_site.deployed_by_state(session, site.id, hearing(session), to_ms(now))
        incidents = stored_incidents.page(session, IncidentFilter(site_id=site.id, open=True), None, SHOWN + 1)
        note, closed = at_site.last_note(session, site.id), at_site.last_closed(session, site.id)
        may_see_people = allows(Role(actor().role), Role.TECHNICIAN)
        people = stored_contacts.of_site(session, site.id, SHOWN) if may_see_people else []
    work = {"note": note, "closed": closed, "incidents": incidents[:SHOWN], "more": len(incidents) > SHOWN}
    return page("site.html", now, row=site, states=states, people=people, may_see_people=may_see_people, **work)
