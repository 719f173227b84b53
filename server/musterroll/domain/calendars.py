"""What a calendar of ends says: one day each, with a name that stays the same when the day moves."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple
from urllib.parse import quote

from musterroll.domain.dates import last_day
from musterroll.domain.money import Money

_MOST = 1000  # days of places; beyond that a day is told for all places together


class Entry(NamedTuple):
    """`uid` names it for good; `path` is where to look."""

    uid: str
    on: date
    title: str
    text: str
    path: str


class ContractDay(NamedTuple):
    """A contract's term: its last day, whether it renews itself, and until when notice stops that."""

    id: int
    ref: str
    account: str
    starts_on: date
    ends_on: date  # the first day without cover
    renews: bool
    notice_by: date | None
    worth: Money | None


class WarrantyDay(NamedTuple):
    """So many units of a place whose warranty ends."""

    place_id: str  # of account and site
    place: str
    ends_on: date  # the first day without cover
    units: int


def entries(contracts: Iterable[ContractDay], warranties: Sequence[WarrantyDay]) -> list[Entry]:
    """Ends of contracts, renewals, notice days and ends of warranty, by day."""
    found = [entry for one in contracts for entry in _contract(one)]
    return sorted([*found, *_warranties(warranties)], key=lambda entry: (entry.on, entry.uid))


def _contract(one: ContractDay) -> Iterable[Entry]:
    worth = f", {one.worth} a year" if one.worth and one.worth.amount else ""
    about = f"Contract {one.ref} of {one.account or 'no account'}{worth}."
    term, path = f"contract-{one.id}-{one.starts_on}", f"/contracts/{quote(one.ref, safe='')}"
    word = "renews itself" if one.renews else "ends"
    yield Entry(f"{term}-end", last_day(one.ends_on), f"{one.account or one.ref}: contract {one.ref} {word}", about, path)
    if one.notice_by is not None:
        title = f"{one.account or one.ref}: last day to give notice on {one.ref}"
        yield Entry(f"{term}-notice", one.notice_by, title, f"{about} After this day it renews itself.", path)


def _warranties(days: Sequence[WarrantyDay]) -> Iterable[Entry]:
    if len(days) > _MOST:
        together: Counter[date] = Counter()
        for one in days:
            together[one.ends_on] += one.units
        days = [WarrantyDay("all", "", on, units) for on, units in together.items()]
    for one in days:
        units = f"{one.units:,} unit{'' if one.units == 1 else 's'}"
        title = f"{one.place}: warranty of {units} ends" if one.place else f"Warranty of {units} ends"
        yield Entry(f"warranty-{one.place_id}-{one.ends_on}", last_day(one.ends_on), title, "The last covered day.", "/fleet")
