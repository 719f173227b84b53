"""Contracts and renewals: contracts due, value at risk, the list, and one contract with its lines."""

from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.values import cursors
from musterroll.domain.values.dates import in_words
from musterroll.storage.contracts import lists as stored
from musterroll.storage.contracts.lists import ContractFilter
from musterroll.usecases.accounts.hierarchy import account
from musterroll.usecases.contracts import contract_card
from musterroll.usecases.installed_base import renewals
from musterroll.usecases.installed_base.renewals import Ratio, RenewalFilter, RenewalFlag
from musterroll.web.http.context import clock, page, read_only

pages = Blueprint("contracts", __name__)

PAGE = 50
LINES = 100
SHOWN = 200  # contracts of a list of renewals


class Rate(NamedTuple):
    """A share with its 95 % interval (Wilson)."""

    part: int
    whole: int
    share: float | None
    low: float
    high: float


class Narrowed(NamedTuple):
    """What a list of renewals is narrowed to: at most one stretch of time, and only what is at risk or falling."""

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


@pages.get("/renewals")
def calendar() -> str:
    now = clock()
    asked = Narrowed(**{name: request.args.get(name, "").strip()[:80] for name in Narrowed._fields})
    with read_only() as session:
        told = renewals.due_contracts(session, now, asked.account or None)
        rates = renewals.rates(session, now)
    due, chosen = told.value.due, renewals.filtered(told.value.due, _narrow(asked), now)
    return page(
        "renewals.html",
        now,
        **{"told": told, "asked": asked, "chosen": chosen[:SHOWN], "count": len(chosen), "sums": renewals.total(chosen)},
        **{"months": renewals.calendar(due, now), "quarters": renewals.quarters(due), "windows": renewals.windows(due, now)},
        **{"rates": rates, "attach": rate(rates.value.attach), "coverage": rate(rates.value.coverage), "title": _title(asked)},
        **{"only": ONLY, "here": here, "export": export, "falling": sum(one.falling for one in due), "back": renewals.BACK},
    )


@pages.get("/contracts")
def overview() -> str:
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("text", "state", "account")}
    state = ContractState(asked["state"]) if asked["state"] in set(ContractState) else None
    after = request.args.get("after") or None
    with read_only() as session:
        owner = account(session, asked["account"]).id if asked["account"] else None
        behind = stored.page(session, ContractFilter(owner, state, asked["text"]), cursors.text(after), PAGE + 1)
    rows, following = cursors.cut(behind, PAGE, lambda row: (row.ref,))
    query = urlencode({name: value for name, value in asked.items() if value})
    words = {"asked": asked, "query": query, "states": list(ContractState), "after": after, "following": following}
    return page("contracts.html", clock(), found=rows, **words)


@pages.get("/contracts/<ref>")
def contract(ref: str) -> str:
    now = clock()
    with read_only() as session:
        opened = contract_card.contract_card(session, ref, request.args.get("after", 0, int), LINES, now)
    return page("contract.html", now, opened=opened, row=opened.row, after=request.args.get("after", 0, int), today=now.date())


def here(asked: Narrowed, **changes: str) -> str:
    """The page's address with what the list is narrowed to, some of it changed; a stretch of time takes the place of another.

    >>> here(Narrowed(month="2026-11", only="risk"), within="90")
    '/renewals?within=90&only=risk'
    """
    if changes.keys() & {"month", "quarter", "within"}:
        asked = asked._replace(month="", quarter="", within="")
    query = {name: value for name, value in asked._replace(**changes)._asdict().items() if value}
    return f"/renewals?{urlencode(query)}" if query else "/renewals"


def export(asked: Narrowed, form: str) -> str:
    """The same list as a file for a spreadsheet."""
    query = {name: value for name, value in asked._asdict().items() if value}
    return f"/api/v1/renewals?{urlencode({'format': form, **query})}"


def rate(share: Ratio) -> Rate:
    found = renewals.interval(share)
    return Rate(share.part, share.whole, found.share if share.whole else None, found.low, found.high)


def _narrow(asked: Narrowed) -> RenewalFilter:
    within = int(asked.within) if asked.within.isdecimal() else None
    return RenewalFilter(asked.month, asked.quarter, within, RenewalFlag(asked.only) if asked.only in set(RenewalFlag) else None)


def _title(asked: Narrowed) -> str:
    when = "the next twelve months"
    if asked.month:
        try:
            first = date.fromisoformat(f"{asked.month}-01")
            when = in_words(first).split(" ", 1)[1]
        except ValueError:
            when = asked.month
    elif asked.quarter:
        when = asked.quarter
    elif asked.within.isdecimal():
        when = f"the next {int(asked.within)} days"
    return f"Due in {when}" + (f", {ONLY[RenewalFlag(asked.only)]}" if asked.only in ONLY else "")
