"""Accounts: the list, and one with all below it."""

from urllib.parse import urlencode

from flask import Blueprint, request

from musterroll.domain.findings import OF_CELL
from musterroll.domain.reconciliation import CELLS
from musterroll.registry import account_cards
from musterroll.registry.accounts import account
from musterroll.storage import accounts as stored
from musterroll.storage import fleet_sums
from musterroll.storage.accounts import Wanted
from musterroll.web.door import clock, page, reading
from musterroll.web.reconciliation import COLOURS

pages = Blueprint("accounts", __name__)

PAGE = 50
_ASKED = ("text", "segment", "country", "under")


@pages.get("/accounts")
def overview() -> str:
    asked = {name: request.args.get(name, "").strip()[:200] for name in _ASKED}
    after = request.args.get("after") or None
    with reading() as session:
        under = account(session, asked["under"]).id if asked["under"] else None
        wanted = Wanted(under, asked["segment"] or None, asked["country"] or None, asked["text"])
        rows = stored.page(session, wanted, after, PAGE + 1)
        sums = fleet_sums.each(session, [row.id for row in rows[:PAGE]])
    following = rows[PAGE - 1].ref if len(rows) > PAGE else None
    query = urlencode({name: value for name, value in asked.items() if value})
    return page("accounts.html", clock(), rows=rows[:PAGE], sums=sums, asked=asked, query=query, after=after, following=following)


@pages.get("/accounts/<ref>")
def one(ref: str) -> str:
    now = clock()
    with reading() as session:
        opened = account_cards.opened(session, ref, now)
    return page(
        "customer.html", now, opened=opened, row=opened.row, cells=CELLS, of_cell=OF_CELL, colours=COLOURS, most_shown=account_cards.SHOWN
    )
