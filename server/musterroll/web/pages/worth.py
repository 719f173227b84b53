"""Worth: the annual value of the contracts, what of it is at stake, and the accounts to call."""

from collections import Counter
from datetime import date
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, request

from musterroll.domain.access import Role
from musterroll.domain.contracts import invoices as invoice_rules
from musterroll.domain.contracts.book import ENDING
from musterroll.domain.values.errors import Conflict
from musterroll.storage.accounts import follow_ups as stored
from musterroll.usecases.accounts import follow_ups
from musterroll.usecases.accounts.follow_ups import Assignment
from musterroll.usecases.installed_base import worth as base_worth
from musterroll.usecases.installed_base.retention import QuarterRetention
from musterroll.usecases.installed_base.worth import WorthBreakdown
from musterroll.web.charts.lines import Lines, lines
from musterroll.web.http.context import actor, clock, needs, page, snapshot, transaction

pages = Blueprint("worth", __name__)

SHOWN = 20
BREAKDOWNS = (WorthBreakdown.SEGMENT, WorthBreakdown.PRODUCT)
PARTS = {  # of the annual value: a name, what it means, and where its units or contracts are listed
    "silent": ("Silent", "seats of deployed units that do not report", "/findings?kind=paid_but_silent"),
    "unused": ("Unused", "seats without a deployed or operating unit", "/findings?kind=sold_not_provisioned"),
    "overdue": ("Overdue", "contracts whose invoice is overdue", "/findings?kind=overdue_but_operating"),
    "ending": ("Ending", f"ends within {ENDING} days and does not auto-renew", f"/renewals?within={ENDING}&only=open"),
    "declining": ("Declining", "accounts whose installed base fell by 10 % or more", "/renewals?only=falling"),
}


@pages.get("/worth")
def overview() -> str:
    return _page()


@pages.post("/accounts/<ref>/follow-up")
@needs(Role.PLANNER)
def follow_up(ref: str) -> Response:
    """Assigns an account from the list of accounts to call."""
    try:
        to = Assignment(_field("assignee"), _day(_field("due_on")), _field("comment"), request.form.get("done") == "yes")
        with transaction() as session:
            follow_ups.follow_up(session, ref, to, actor().name, clock())
    except Conflict as refusal:
        return make_response(_page(str(refusal)), 409)
    return make_response(redirect("/worth#accounts", 303))


def _page(refused: str | None = None) -> str:
    now = clock()
    by = WorthBreakdown.PRODUCT if request.args.get("by") == WorthBreakdown.PRODUCT else WorthBreakdown.SEGMENT
    with snapshot() as session:
        counted = base_worth.worth(session, now)
        assigned = stored.by_account(session, [row.key for row in counted.value.accounts[:SHOWN]])
    worth = counted.value
    rows = worth.segments if by is WorthBreakdown.SEGMENT else worth.products
    words = {"parts_of_it": PARTS, "export": export, "refused": refused, "assigned": assigned}
    words |= {"overdue": invoice_rules.overdue(worth.ageing), "coming": {row.name: row for row in worth.forecast.coming}}
    words |= dict(zip(("kept_chart", "kept_currency"), retention_chart(worth.retention), strict=True))
    lists = {"accounts": worth.accounts[:SHOWN], "rows": rows[:SHOWN], "more": len(rows) - SHOWN, "by": by, "breakdowns": BREAKDOWNS}
    return page("worth.html", now, counted=counted, worth=worth, total=worth.total, **words, **lists)


def retention_chart(quarters: list[QuarterRetention]) -> tuple[Lines | None, str]:
    """Gross and net retention in percent by quarter, in the currency with the most priced terms. `quarters`: the newest first."""
    priced: Counter[str] = Counter()
    for of in quarters:
        priced.update({money.worth.currency: money.priced for money in of.money})
    currency = max(priced, key=lambda name: (priced[name], name), default="")
    rows = [(_begins(of.name), money) for of in reversed(quarters) for money in of.money if money.worth.currency == currency]
    known = [
        (day, money.gross_share, money.net_share) for day, money in rows if money.gross_share is not None and money.net_share is not None
    ]
    days = [day for day, _, _ in known]
    values = {"gross": [round(100 * gross) for _, gross, _ in known], "net": [round(100 * net) for _, _, net in known]}
    return lines(days, values) if len(days) > 1 else None, currency


def _begins(quarter: str) -> date:
    year, number = quarter.split(" Q")
    return date(int(year), 3 * int(number) - 2, 1)


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:600]


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Conflict("enter the due date as a day such as 2026-12-10", "bad_day") from None


def export(by: str, format_: str) -> str:
    return f"/api/v1/worth?{urlencode({'by': by, 'format': format_})}"
