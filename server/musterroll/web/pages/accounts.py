"""Accounts: the list, and one account with its subsidiaries."""

from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.contracts import invoices as invoice_rules
from musterroll.domain.findings.kinds import OF_CELL
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.values import cursors
from musterroll.storage.accounts import hierarchy as stored
from musterroll.storage.accounts.hierarchy import AccountFilter
from musterroll.storage.contacts import contacts as stored_contacts
from musterroll.storage.fleet import sums as fleet_sums
from musterroll.storage.liveness import outages
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.contracts import invoices
from musterroll.usecases.contracts.invoices import InvoiceQuery
from musterroll.usecases.customers.health import account_health
from musterroll.usecases.installed_base import account_overview
from musterroll.usecases.usage.history import UsageScope, label
from musterroll.web.http.context import clock, page, read_only
from musterroll.web.pages.outages import title as outage_title
from musterroll.web.pages.reconciliation import COLOURS
from musterroll.web.pages.usage import chart as usage_chart

pages = Blueprint("accounts", __name__)

PAGE, _CONTACTS, INVOICES = 50, 6, 6
_PARAMS = ("text", "segment", "country", "under")


@pages.get("/accounts")
def overview() -> str:
    params = {name: request.args.get(name, "").strip()[:200] for name in _PARAMS}
    after = request.args.get("after") or None
    with read_only() as session:
        under = account(session, params["under"]).id if params["under"] else None
        filters = AccountFilter(under, params["segment"] or None, params["country"] or None, params["text"])
        rows, following = cursors.cut(stored.page(session, filters, cursors.text(after), PAGE + 1), PAGE, lambda row: (row.ref,))
        sums = fleet_sums.each(session, [row.id for row in rows])
    query = urlencode({name: value for name, value in params.items() if value})
    return page("accounts.html", clock(), rows=rows, sums=sums, params=params, query=query, after=after, following=following)


@pages.get("/accounts/<ref>")
def detail(ref: str) -> str:
    now, alone = clock(), request.args.get("health") == "alone"
    with read_only() as session:
        overview = account_overview.account_overview(session, ref, now)
        open_outages = outages.of_account(session, overview.row.id)
        ages, (history, _) = invoices.ageing(session, now, ref), invoices.page(session, InvoiceQuery(ref), now, None, INVOICES)
        parts_of_health = account_health(session, ref, now, alone=alone, due=overview.dues.value.due)
        people = stored_contacts.of_account(session, overview.row.id, _CONTACTS + 1)
        use = usage_chart(session, UsageScope(account=ref), request.args, now)
    return page(
        "customer.html",
        now,
        overview=overview,
        outages=open_outages,
        use=use,
        people=people[:_CONTACTS],
        more_people=len(people) > _CONTACTS,
        use_label=label,
        parts_of_health=parts_of_health,
        alone=alone,
        ages=ages,
        overdue=invoice_rules.overdue(ages),
        history=history,
        on=now.date(),
        outage_title=outage_title,
        row=overview.row,
        cells=CELLS,
        of_cell=OF_CELL,
        colours=COLOURS,
        most_shown=account_overview.SHOWN,
    )
