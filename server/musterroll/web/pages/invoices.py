"""Invoices: what is outstanding by age, and their history, of all accounts or of one with its subsidiaries."""

from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.contracts import invoices as rules
from musterroll.domain.contracts.invoices import Age
from musterroll.usecases.contracts import invoices
from musterroll.usecases.contracts.invoices import InvoiceQuery
from musterroll.web.http.context import clock, page, read_only

pages = Blueprint("invoices", __name__)

PAGE = 50


@pages.get("/invoices")
def overview() -> str:
    now, after = clock(), request.args.get("after") or None
    age = Age(request.args["age"]) if request.args.get("age") in set(Age) else None
    show = request.args.get("show", "")
    query = InvoiceQuery(request.args.get("account", "").strip()[:80], age, show == "unpaid", show == "overdue")
    with read_only() as session:
        ages = invoices.ageing(session, now, query.account or None)
        rows, following = invoices.page(session, query, now, after, PAGE)
    params = {"account": query.account, "age": age, "show": show}
    form = {name: value for name, value in params.items() if value}
    api = {"account": query.account, "age": age, **({show: "true"} if show in ("unpaid", "overdue") else {})}
    words = {"ages": ages, "overdue": rules.overdue(ages), "age": age, "show": show, "account": query.account, "on": now.date()}
    return page(
        "invoices.html",
        now,
        **words,
        **{"rows": rows, "after": after, "following": following, "query": urlencode(form)},
        export=lambda format_: f"/api/v1/invoices?{urlencode({**{k: v for k, v in api.items() if v}, 'format': format_})}",
    )
