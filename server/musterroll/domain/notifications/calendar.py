"""What a calendar of ends says: one day each, with a name that stays the same when the day moves."""

from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote

from musterroll.domain.contracts.terms import Contract, Renewal
from musterroll.domain.values.dates import Span, last_day
from musterroll.domain.values.money import Money


class How(StrEnum):
    ENDS = "ends"
    RENEWS = "renews"
    NOTICE = "notice"
    WARRANTY = "warranty"


class Day(NamedTuple):
    """Something that ends on a day. `ref` is of a contract, `units` those whose warranty ends; `account` and `site` are names."""

    uid: str
    how: How
    on: date
    ref: str = ""
    account: str = ""
    site: str = ""
    units: int = 0
    worth: Money | None = None


class Entry(NamedTuple):
    """A day in words. `path` is where to look."""

    uid: str
    on: date
    title: str
    text: str
    path: str


def days_of(contract: Contract, term: Span, renewal: Renewal) -> Iterator[tuple[str, How, date]]:
    """The days of a contract's term: its name, what it is, when. The last covered day, and the last one on which notice stops a renewal."""
    name = f"contract-{contract.id}-{term.starts_on}"
    if term.ends_on is not None:
        yield f"{name}-end", How.RENEWS if renewal.renews else How.ENDS, last_day(term.ends_on)
    if renewal.notice_by is not None:
        yield f"{name}-notice", How.NOTICE, renewal.notice_by


def entry(day: Day) -> Entry:
    """
    >>> entry(Day("w", How.WARRANTY, date(2026, 12, 1), account="Marram", site="Essen 1", units=12)).title
    'Essen 1 (Marram): warranty of 12 units ends'
    """
    if day.how is How.WARRANTY:
        units = f"{day.units:,} unit{'' if day.units == 1 else 's'}"
        place = f"{day.site} ({day.account})" if day.site and day.account else day.site or day.account
        title = f"{place}: warranty of {units} ends" if place else f"Warranty of {units} ends"
        return Entry(day.uid, day.on, title, "Last day covered.", "/fleet")
    worth = f", {day.worth} per year" if day.worth and day.worth.amount else ""
    about = f"Contract {day.ref} of {day.account or 'no account'}{worth}."
    title = f"{day.account or day.ref}: {_TITLES[day.how].format(ref=day.ref)}"
    after = " After this day the contract auto-renews." if day.how is How.NOTICE else ""
    return Entry(day.uid, day.on, title, about + after, f"/contracts/{quote(day.ref, safe='')}")


_TITLES = {
    How.ENDS: "contract {ref} expires",
    How.RENEWS: "contract {ref} auto-renews",
    How.NOTICE: "last day to give notice for contract {ref}",
}
