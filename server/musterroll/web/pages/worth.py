"""Worth: the annual value of the contracts, what of it is at stake, and the accounts to call."""

from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.contracts.book import ENDING
from musterroll.usecases.installed_base import worth as base_worth
from musterroll.usecases.installed_base.worth import WorthBreakdown
from musterroll.web.http.context import clock, page, snapshot

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
    now = clock()
    by = WorthBreakdown.PRODUCT if request.args.get("by") == WorthBreakdown.PRODUCT else WorthBreakdown.SEGMENT
    with snapshot() as session:
        counted = base_worth.worth(session, now)
    worth = counted.value
    rows = worth.segments if by is WorthBreakdown.SEGMENT else worth.products
    lists = {"accounts": worth.accounts[:SHOWN], "rows": rows[:SHOWN], "more": len(rows) - SHOWN, "by": by, "breakdowns": BREAKDOWNS}
    return page("worth.html", now, counted=counted, worth=worth, total=worth.total, parts_of_it=PARTS, export=export, **lists)


def export(by: str, format_: str) -> str:
    return f"/api/v1/worth?{urlencode({'by': by, 'format': format_})}"
