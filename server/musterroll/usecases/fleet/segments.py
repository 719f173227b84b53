"""Segments: named filters of the fleet, built in or saved by users."""

from datetime import datetime
from typing import Any, NamedTuple

from pydantic import TypeAdapter
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
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure

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


def size(session: Session, segment: Segment, now: datetime) -> CountedFigure[SegmentSize]:
    return cached_figures.counted_figure(session, figure(segment), now)


def figure(segment: Segment) -> Figure[SegmentSize]:
    return Figure(f"segment:{segment.key}", TypeAdapter(SegmentSize), lambda session, now: _size(session, segment, now))


def figures(session: Session) -> list[Figure[Any]]:
    return [make(segment) for segment in all_segments(session) for make in (figure, largest_figure)]


def customers(session: Session, segment: Segment, after: str | None, limit: int, now: datetime) -> list[Customer]:
    """Accounts with units in a segment, by number, after the account `after`."""
    where = fleet_pages.all_conditions(session, segment.filters, now)
    return [] if where is None else segment_sums.customers(session, where, after, limit)


def largest(session: Session, segment: Segment, now: datetime) -> CountedFigure[list[Customer]]:
    """The accounts with the most units in a segment, largest first."""
    return cached_figures.counted_figure(session, largest_figure(segment), now)


def largest_figure(segment: Segment) -> Figure[list[Customer]]:
    return Figure(f"segment-accounts:{segment.key}", TypeAdapter(list[Customer]), lambda session, now: _largest(session, segment, now))


def _largest(session: Session, segment: Segment, now: datetime) -> list[Customer]:
    where = fleet_pages.all_conditions(session, segment.filters, now)
    return [] if where is None else segment_sums.largest(session, where, SHOWN)


def _size(session: Session, segment: Segment, now: datetime) -> SegmentSize:
    where = fleet_pages.all_conditions(session, segment.filters, now)
    if where is None:
        return SegmentSize(0, 0, (), 0)
    sums = segment_sums.sums(session, where)
    return SegmentSize(sums.units, segment_sums.accounts(session, where), sums.worth, sums.unpriced)


def _saved(row: SavedFilter) -> Segment:
    filters = filter_words.read(row.words)
    return Segment(str(row.id), row.name, "", filters, row.made_by)
