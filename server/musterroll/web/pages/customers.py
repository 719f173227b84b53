"""Customers: ever and now, dormant, lapsed and won back, retention by cohort, churn, and the customers behind each number."""

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.customers.counts import quarter_name
from musterroll.domain.customers.health import trend_words
from musterroll.domain.customers.standing import GAP, Cause
from musterroll.domain.values import cursors
from musterroll.storage.contracts import exchange_rates
from musterroll.usecases.customers import base, lists
from musterroll.usecases.customers.lists import CustomerFilter, Sort, Who
from musterroll.web.charts.customers import retention_chart
from musterroll.web.http.context import clock, page, snapshot

pages = Blueprint("customers", __name__)

SHOWN = 12  # rows of a breakdown
PAGE = 50  # customers of a list
MONTHS = (12, 24, 36, 48, 60)  # of the table of retention
BREAKDOWNS = ("segment", "country", "month")
SORTS = {Sort.UNITS: "Most units first", Sort.VALUE: "Most annual value first", Sort.STAKE: "Most at stake first"}
WORDS = {
    Who.EVER: "Customers ever",
    Who.NOW: "Customers now",
    Who.OPERATING: "Customers with operating units",
    Who.DORMANT: "Dormant customers",
    Who.LAPSED: "Lapsed customers",
    Who.WON_BACK: "Customers won back",
    Who.CHURNED: "Churned in the last quarter",
}


@pages.get("/customers")
def overview() -> str:
    now, rolled = clock(), request.args.get("rolled") == "yes"
    by = request.args.get("by", "")
    by = by if by in BREAKDOWNS else BREAKDOWNS[0]
    with snapshot() as session:
        counted = base.customers(session, now)
    of = counted.value.of(rolled)
    groups = {"segment": of.segments, "country": of.countries, "month": of.months}[by]
    groups = groups if by == "month" else sorted(groups, key=lambda group: (-group.counts.ever, group.key))
    return page(
        "customers.html",
        now,
        **{"counted": counted, "of": of, "rolled": rolled, "by": by, "breakdowns": BREAKDOWNS, "who": Who, "gap": GAP.days},
        **{"quarter": quarter_name(counted.value.quarter), "began": counted.value.quarter.starts_on},
        **{"shown": groups[:SHOWN], "more": len(groups) - SHOWN, "chart": retention_chart(of.curves), "months": MONTHS},
        here=lambda **changes: here("/customers", {"rolled": "yes" if rolled else None, "by": by}, changes),
        listed=lambda **changes: here("/customers/list", {"rolled": "yes" if rolled else None}, changes),
        export=lambda format_: here("/api/v1/customers", {"rolled": "true" if rolled else None}, {"format": format_}),
    )


@pages.get("/customers/list")
def listed() -> str:
    now, rolled, filters = clock(), request.args.get("rolled") == "yes", _filter()
    sort = Sort(request.args["sort"]) if request.args.get("sort") in set(Sort) else Sort.UNITS
    start = max(cursors.number(request.args.get("after") or None) or 0, 0)
    with snapshot() as session:
        counted, exchange = base.rows(session, rolled, now), exchange_rates.exchange(session, now.date())
    rows = lists.ordered(lists.filtered(counted.value, filters), sort, exchange)
    shown = rows[start : start + PAGE]
    given = {"who": filters.who, "segment": filters.segment, "country": filters.country, "first": filters.first, "cause": filters.cause}
    params = {
        "rolled": "yes" if rolled else None,
        "sort": None if sort is Sort.UNITS else sort.value,
        **{name: value or None if name == "first" else value for name, value in given.items()},
    }
    following = cursors.encode(start + PAGE) if start + PAGE < len(rows) else None
    api = {**params, "sort": None, "rolled": "true" if rolled else None}
    return page(
        "customer_list.html",
        now,
        **{
            "counted": counted,
            "rows": shown,
            "count": len(rows),
            "filters": filters,
            "rolled": rolled,
            "words": WORDS,
            "causes": list(Cause),
            "sort": sort,
            "sorts": SORTS,
            "trend_words": trend_words,
        },
        **{"following": following, "start": start, "on": now.date()},
        here=lambda **changes: here("/customers/list", params, changes),
        export=lambda format_: here("/api/v1/customers", api, {"format": format_}),
    )


def _filter() -> CustomerFilter:
    args = request.args
    who = Who(args["who"]) if args.get("who") in set(Who) else Who.EVER
    cause = Cause(args["cause"]) if args.get("cause") in set(Cause) else None
    return CustomerFilter(who, args.get("segment"), args.get("country"), args.get("first", "")[:20], cause)


def here(path: str, params: dict[str, Any], changes: dict[str, Any]) -> str:
    query = urlencode({name: str(value) for name, value in {**params, **changes}.items() if value is not None})
    return f"{path}?{query}" if query else path
