"""Contracts and renewals: contracts due, value at risk, the list, and one contract with its lines."""

from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.contracts.renewal_outcomes import Outcome
from musterroll.domain.contracts.renewals import ACTIVITY_DAYS
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.values import cursors
from musterroll.domain.values.dates import in_words
from musterroll.storage.contracts import lists as stored
from musterroll.storage.contracts.lists import ContractFilter
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.contracts import contract_card, limits
from musterroll.usecases.installed_base import renewals, retention
from musterroll.usecases.installed_base.renewals import Ratio, RenewalFilter, RenewalFlag
from musterroll.web.http.context import clock, page, read_only

pages = Blueprint("contracts", __name__)

PAGE = 50
LINES = 100
SHOWN = 200  # contracts shown in the list of renewals


class Rate(NamedTuple):
    """A share with its 95 % interval (Wilson)."""

    part: int
    whole: int
    share: float | None
    low: float
    high: float


class RenewalForm(NamedTuple):
    """The filters of the list of renewals: at most one period, one condition, one account."""

    month: str = ""  # 2026-11
    quarter: str = ""  # 2026 Q4
    within: str = ""  # days
    only: str = ""  # risk, falling, renewing, open
    account: str = ""


ONLY = {
    RenewalFlag.RISK: "with silent units",
    RenewalFlag.FALLING: "with declining usage",
    RenewalFlag.RENEWING: "auto-renewing",
    RenewalFlag.OPEN: "expiring unless renewed",
}


OUTCOMES = {
    Outcome.RENEWED: "at the same value",
    Outcome.UPSELL: "for more (upsell)",
    Outcome.DOWNSELL: "for less (downsell)",
    Outcome.REPLACED: "replaced by a contract for other units",
    Outcome.WON_BACK: "won back after a gap",
    Outcome.LOST: "lost",
}


@pages.get("/renewals")
def renewal_overview() -> str:
    now = clock()
    form = RenewalForm(**{name: request.args.get(name, "").strip()[:80] for name in RenewalForm._fields})
    with read_only() as session:
        dues = renewals.due_contracts(session, now, form.account or None)
        rates = renewals.rates(session, now)
        past = retention.past_renewals(session, now, form.account or None).value
    due, chosen = dues.value.due, renewals.filtered(dues.value.due, _narrow(form), now)
    return page(
        "renewals.html",
        now,
        **{"dues": dues, "form": form, "chosen": chosen[:SHOWN], "count": len(chosen), "sums": renewals.total(chosen)},
        **{"months": renewals.calendar(due, now), "quarters": renewals.quarters(due), "windows": renewals.windows(due, now)},
        **{"rates": rates, "attach": rate(rates.value.attach), "coverage": rate(rates.value.coverage), "title": _title(form)},
        **{"past": past, "outcome_of_term": OUTCOMES, "renewal_rate": rate(Ratio(past.renewed, len(past.terms)))},
        **{"only": ONLY, "here": here, "export": export, "falling": sum(renewal.falling for renewal in due), "back": ACTIVITY_DAYS},
    )


@pages.get("/contracts")
def overview() -> str:
    params = {name: request.args.get(name, "").strip()[:200] for name in ("text", "state", "account")}
    state = ContractState(params["state"]) if params["state"] in set(ContractState) else None
    after = request.args.get("after") or None
    with read_only() as session:
        owner = account(session, params["account"]).id if params["account"] else None
        fetched = stored.page(session, ContractFilter(owner, state, params["text"]), cursors.text(after), PAGE + 1)
    rows, following = cursors.cut(fetched, PAGE, lambda row: (row.ref,))
    query = urlencode({name: value for name, value in params.items() if value})
    words = {"params": params, "query": query, "states": list(ContractState), "after": after, "following": following}
    return page("contracts.html", clock(), contracts=rows, **words)


@pages.get("/contracts/<ref>")
def contract(ref: str) -> str:
    now = clock()
    with read_only() as session:
        card = contract_card.contract_card(session, ref, request.args.get("after", 0, int), LINES, now)
        limited = limits.limits(session, now, ref, None, 0, LINES).uses
    return page("contract.html", now, card=card, limits=limited, row=card.row, after=request.args.get("after", 0, int), today=now.date())


def here(form: RenewalForm, **changes: str) -> str:
    """The address of the page with these filters, some of them changed; a new period replaces the present one.

    >>> here(RenewalForm(month="2026-11", only="risk"), within="90")
    '/renewals?within=90&only=risk'
    """
    if changes.keys() & {"month", "quarter", "within"}:
        form = form._replace(month="", quarter="", within="")
    query = {name: value for name, value in form._replace(**changes)._asdict().items() if value}
    return f"/renewals?{urlencode(query)}" if query else "/renewals"


def export(form: RenewalForm, format_: str) -> str:
    """The same list as a file for a spreadsheet."""
    query = {name: value for name, value in form._asdict().items() if value}
    return f"/api/v1/renewals?{urlencode({'format': format_, **query})}"


def rate(share: Ratio) -> Rate:
    interval = renewals.interval(share)
    return Rate(share.part, share.whole, interval.share if share.whole else None, interval.low, interval.high)


def _narrow(form: RenewalForm) -> RenewalFilter:
    within = int(form.within) if form.within.isdecimal() else None
    return RenewalFilter(form.month, form.quarter, within, RenewalFlag(form.only) if form.only in set(RenewalFlag) else None)


def _title(form: RenewalForm) -> str:
    when = "the next twelve months"
    if form.month:
        try:
            first = date.fromisoformat(f"{form.month}-01")
            when = in_words(first).split(" ", 1)[1]
        except ValueError:
            when = form.month
    elif form.quarter:
        when = form.quarter
    elif form.within.isdecimal():
        when = f"the next {int(form.within)} days"
    return f"Due in {when}" + (f", {ONLY[RenewalFlag(form.only)]}" if form.only in ONLY else "")
