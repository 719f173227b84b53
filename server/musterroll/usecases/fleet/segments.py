"""Segments: named filters of the fleet, built in or saved by users."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.enrolment.claim_rules import text
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.domain.values.money import Money
from musterroll.storage.fleet import saved_filters
from musterroll.storage.fleet import segments as segment_sums
from musterroll.storage.fleet.segments import Customer
from musterroll.storage.tables.fleet import SavedFilter
from musterroll.usecases.fleet import filter_words
from musterroll.usecases.fleet import pages as fleet_pages
from musterroll.usecases.fleet.pages import FleetFilter

SHOWN = 20  # accounts
_LONGEST = 80
_DEPLOYED = Lifecycle.DEPLOYED


class Segment(NamedTuple):
    """`key`: as in URLs; saved segments have a number as key, and `made_by`."""

    key: str
    name: str
    says: str  # what to do about these units
    filters: FleetFilter
    made_by: str = ""


class SegmentSize(NamedTuple):
    """Units, accounts and annual value: by contract line, else by list price."""

    units: int
    accounts: int
    worth: tuple[Money, ...]
    unpriced: int


BUILT_IN = (
    Segment(
        "dormant",
        "At-risk revenue",
        "Deployed but silent, with or without a contract. Call before they cancel.",
        FleetFilter(lifecycle=_DEPLOYED, cells="110 010"),
    ),
    Segment(
        "over-quantity",
        "Over quantity",
        "Operating beyond the quantity their account has bought. Sell additional units.",
        FleetFilter(cells="011", over=True),
    ),
    Segment(
        "old-firmware",
        "Outdated firmware",
        "Operating on older firmware than the latest for the product. Upgrade.",
        FleetFilter(lifecycle=_DEPLOYED, operating=True, outdated=True),
    ),
    Segment(
        "old-model",
        "Ageing hardware",
        "Operating, installed five or more years ago. Offer a replacement.",
        FleetFilter(operating=True, age="5"),
    ),
    Segment(
        "near-expiry",
        "Warranty expiring",
        "Deployed without a contract; warranty ends within 90 days. Offer a contract.",
        FleetFilter(lifecycle=_DEPLOYED, cells="011 010", ending=90),
    ),
    Segment(
        "attach",
        "Attach opportunity",
        "Operating and in warranty, without a contract. Offer a service contract.",
        FleetFilter(cells="011", warranty=True),
    ),
)


def all_segments(session: Session) -> list[Segment]:
    """Built-in segments, then saved ones by name."""
    return [*BUILT_IN, *(_saved(row) for row in saved_filters.all_filters(session))]


def segment(session: Session, key: str) -> Segment:
    """Raises NotFound."""
    builtin = next((candidate for candidate in BUILT_IN if candidate.key == key), None)
    if builtin is not None:
        return builtin
    row = saved_filters.get(session, int(key)) if key.isdecimal() and len(key) < 18 else None
    if row is None:
        raise NotFound(f"there is no segment {key[:40]!r}")
    return _saved(row)


def save(session: Session, name: str, filters: FleetFilter, actor: str, now: datetime) -> Segment:
    """Save a filter under a name, replacing one of that name. Raises Conflict without a name or without a filter."""
    name, words = text("segment name", name, _LONGEST), filter_words.words(filters)
    if not name:
        raise Conflict("enter a segment name")
    if not words:
        raise Conflict("filter the fleet first; a segment needs at least one filter")
    return _saved(saved_filters.save(session, SavedFilter(name=name, words=words, made_at=to_ms(now), made_by=actor)))


def delete(session: Session, key: str) -> None:
    """Raises NotFound, and Conflict for a built-in segment."""
    if segment(session, key) in BUILT_IN:
        raise Conflict(f"{segment(session, key).name} is a built-in segment and cannot be deleted")
    saved_filters.delete(session, int(key))


def customers(session: Session, segment: Segment, after: str | None, limit: int, now: datetime) -> list[Customer]:
    """Accounts with units in a segment, by number, after the account `after`."""
    where = fleet_pages.all_conditions(session, segment.filters, now)
    return [] if where is None else segment_sums.customers(session, where, after, limit)


def counted(session: Session, segment: Segment, now: datetime) -> tuple[SegmentSize, list[Customer]]:
    """The size of a segment, and the accounts with the most units in it."""
    where = fleet_pages.all_conditions(session, segment.filters, now)
    sums = [] if where is None else segment_sums.by_owner(session, where)
    units = Counter[int]()
    for row in sums:
        units[row.owner] += row.units
    largest = set(sorted(units, key=lambda owner: (-units[owner], owner))[:SHOWN])
    customers = segment_sums.described(session, (row for row in sums if row.owner in largest))
    unpriced = sum(row.units - row.priced for row in sums)
    size = SegmentSize(units.total(), sum(owner > 0 for owner in units), segment_sums.worth(sums), unpriced)
    return size, sorted(customers, key=lambda customer: (-customer.units, customer.ref))


def _saved(row: SavedFilter) -> Segment:
    filters = filter_words.read(row.words)
    return Segment(str(row.id), row.name, "", filters, row.made_by)
