"""Entries of the calendar: one date each, with a UID that stays the same when the date moves."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from musterroll.domain.contracts.terms import ContractTerms, Renewal
from musterroll.domain.values.dates import Span, last_day
from musterroll.domain.values.money import Money, format_sums


class EndKind(StrEnum):
    ENDS = "ends"
    RENEWS = "renews"
    NOTICE = "notice"
    WARRANTY = "warranty"


class EndDate(NamedTuple):
    """Something that ends on a date. `ref`: of a contract. `units`: how many lose their warranty. `account` and `site` are names."""

    uid: str
    how: EndKind
    on: date
    ref: str = ""
    account: str = ""
    site: str = ""
    units: int = 0
    worth: tuple[Money, ...] = ()  # by currency


class FeedEntry(NamedTuple):
    """A date in words. `path`: the page to open."""

    uid: str
    on: date
    title: str
    text: str
    path: str


def contract_ends(contract: ContractTerms, term: Span, renewal: Renewal) -> Iterator[tuple[str, EndKind, date]]:
    """The dates of a contract's term (UID, kind, date): the last covered day, and the last day on which notice stops the renewal."""
    name = f"contract-{contract.id}-{term.starts_on}"
    if term.ends_on is not None:
        yield f"{name}-end", EndKind.RENEWS if renewal.renews else EndKind.ENDS, last_day(term.ends_on)
    if renewal.notice_by is not None:
        yield f"{name}-notice", EndKind.NOTICE, renewal.notice_by


def feed_entry(end: EndDate) -> FeedEntry:
    """
    >>> feed_entry(EndDate("w", EndKind.WARRANTY, date(2026, 12, 1), account="Marram", site="Essen 1", units=12)).title
    'Essen 1 (Marram): warranty of 12 units ends'
    """
    if end.how is EndKind.WARRANTY:
        units = f"{end.units:,} unit{'' if end.units == 1 else 's'}"
        place = f"{end.site} ({end.account})" if end.site and end.account else end.site or end.account
        title = f"{place}: warranty of {units} ends" if place else f"Warranty of {units} ends"
        return FeedEntry(end.uid, end.on, title, "Last day covered.", "/fleet")
    amounts = [money for money in end.worth if money.amount]
    worth = f", {format_sums(amounts)} per year" if amounts else ""
    about = f"Contract {end.ref} of {end.account or 'no account'}{worth}."
    title = f"{end.account or end.ref}: {_TITLES[end.how].format(ref=end.ref)}"
    after = " After this day the contract auto-renews." if end.how is EndKind.NOTICE else ""
    return FeedEntry(end.uid, end.on, title, about + after, f"/contracts/{quote(end.ref, safe='')}")


_TITLES = {
    EndKind.ENDS: "contract {ref} expires",
    EndKind.RENEWS: "contract {ref} auto-renews",
    EndKind.NOTICE: "last day to give notice for contract {ref}",
}
