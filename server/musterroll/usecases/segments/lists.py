"""Segments with their sizes, accounts and history: ready-made ones, built-in filters of the fleet, and saved filters.

Filters of a small fleet, and for users limited to some accounts, are counted on request; all else is read as the schedule counted it.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from sqlmodel import Session

from musterroll.domain.segments.ready_made import BY_KEY, FILTER_GROUPS, READY_MADE, ReadyMade, SegmentGroup
from musterroll.domain.values import cursors
from musterroll.domain.values.errors import Conflict
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import Money, amounts_of
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.fleet.segments import Customer
from musterroll.storage.operations import checkpoints
from musterroll.storage.segments import members as stored
from musterroll.storage.segments.contacts import MainContact, main_contacts
from musterroll.storage.segments.members import Size
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.usecases.fleet.pages import FleetFilter
from musterroll.usecases.fleet.segments import Segment
from musterroll.usecases.operations import figure_cache
from musterroll.usecases.segments.count import JOB

SHOWN = 20  # accounts
HISTORY_DAYS = 91
_OF_FILTER = "The units that match; annual value by contract line, else by list price."


class SegmentView(NamedTuple):
    """A segment as people read it. `filters` is None where it is worked out by a rule."""

    key: str
    group: SegmentGroup
    name: str
    action: str
    rule: str
    counts: str
    source: str
    filters: FleetFilter | None = None
    made_by: str = ""


class SegmentSize(NamedTuple):
    """Accounts, units, and the annual value of the `priced` ones; `at`: when they were counted, None: not yet."""

    accounts: int
    units: int
    priced: int
    worth: tuple[Money, ...]
    at: datetime | None


class SegmentAccount(NamedTuple):
    """An account in a segment; `ref` is empty for units of no account."""

    ref: str
    name: str
    parent: str
    website: str
    phone: str
    postcode: str
    country: str
    segment: str
    units: int
    priced: int | None  # None: not known
    worth: tuple[Money, ...]
    why: str = ""
    entered_on: date | None = None
    contact: MainContact = MainContact()


NOT_COUNTED = SegmentSize(0, 0, 0, (), None)


def views(session: Session) -> list[SegmentView]:
    """All segments in the order of their groups; saved filters by name, last."""
    every = [*map(_ready, READY_MADE), *map(_filter, fleet_segments.all_segments(session))]
    return sorted(every, key=lambda view: list(SegmentGroup).index(view.group))


def view(session: Session, key: str) -> SegmentView:
    """Raises NotFound."""
    return _ready(BY_KEY[key]) if key in BY_KEY else _filter(fleet_segments.segment(session, key))


def check(session: Session, chosen: Iterable[str]) -> None:
    """Raises NotFound for a key of no segment."""
    for key in chosen:
        view(session, key)


def sizes(session: Session, of: Iterable[SegmentView], now: datetime) -> dict[str, SegmentSize]:
    known = _stored(session)
    return {segment.key: _size(session, segment, known, now) for segment in of}


def size(session: Session, segment: SegmentView, now: datetime) -> SegmentSize:
    return sizes(session, [segment], now)[segment.key]


def largest(session: Session, segment: SegmentView, now: datetime) -> list[SegmentAccount]:
    """The accounts with the most units in a segment."""
    if _on_request(session, segment):
        return _with_contacts(session, map(_of_customer, fleet_segments.counted(session, _fleet(segment), now)[1]))
    return _with_contacts(session, map(_of_member, stored.largest(session, segment.key, SHOWN)))


def accounts(
    session: Session, segment: SegmentView, cursor: str | None, limit: int, now: datetime
) -> tuple[list[SegmentAccount], str | None]:
    """Accounts by number from a cursor on, and the next cursor."""
    after = cursors.text(cursor)
    if segment.filters is not None:
        rows = list(map(_of_customer, fleet_segments.customers(session, _fleet(segment), after, limit + 1, now)))
    else:
        rows = list(map(_of_member, stored.page(session, segment.key, after, limit + 1)))
    page, following = cursors.cut(rows, limit, lambda row: (row.ref,))
    return _with_contacts(session, page), following


def history(session: Session, segment: SegmentView, now: datetime, days: int = HISTORY_DAYS) -> list[Size]:
    """The size by day, oldest first; nothing for users limited to some accounts."""
    return stored.history(session, segment.key, now.astimezone(UTC).date() - timedelta(days - 1))


def delete(session: Session, key: str) -> None:
    """Delete a saved filter. Raises NotFound, and Conflict for any other segment."""
    if key in BY_KEY:
        raise Conflict(f"{BY_KEY[key].name} is a built-in segment and cannot be deleted")
    fleet_segments.delete(session, key)


def _with_contacts(session: Session, rows: Iterable[SegmentAccount]) -> list[SegmentAccount]:
    accounts = list(rows)
    known = main_contacts(session, [row.ref for row in accounts if row.ref])
    return [row._replace(contact=known.get(row.ref, MainContact())) for row in accounts]


def _stored(session: Session) -> Mapping[str, Size]:
    if not limited(session):
        return stored.sizes(session)
    at = checkpoints.mark(session, JOB).at
    return stored.seen_sizes(session, at, from_ms(at).date()) if at else {}


def _size(session: Session, segment: SegmentView, known: Mapping[str, Size], now: datetime) -> SegmentSize:
    if _on_request(session, segment) or (segment.filters is not None and segment.key not in known):
        counted, _ = fleet_segments.counted(session, _fleet(segment), now)
        return SegmentSize(counted.accounts, counted.units, counted.units - counted.unpriced, counted.worth, now)
    size = known.get(segment.key)
    if size is None:
        at = checkpoints.mark(session, JOB).at
        return NOT_COUNTED._replace(at=from_ms(at) if at else None)
    return SegmentSize(size.accounts, size.units, size.priced, size.worth, from_ms(size.at))


def _on_request(session: Session, segment: SegmentView) -> bool:
    return segment.filters is not None and (limited(session) or not figure_cache.large(session))


def _ready(segment: ReadyMade) -> SegmentView:
    return SegmentView(*segment)


def _filter(segment: Segment) -> SegmentView:
    group = SegmentGroup.SAVED if segment.made_by else FILTER_GROUPS[segment.key]
    texts = (segment.name, segment.says, "", _OF_FILTER, "The fleet as it is now, by the filter below.")
    return SegmentView(segment.key, group, *texts, segment.filters, segment.made_by)


def _fleet(view: SegmentView) -> Segment:
    return Segment(view.key, view.name, view.action, view.filters or FleetFilter(), view.made_by)


def _of_customer(row: Customer) -> SegmentAccount:
    about = (row.ref, row.name, row.parent_ref, row.website, row.phone, row.postcode, row.country, row.segment)
    return SegmentAccount(*about, row.units, None, row.worth)


def _of_member(row: Any) -> SegmentAccount:
    about = (row.ref, row.name, row.parent_ref, row.website, row.phone, row.postcode, row.country, row.segment)
    return SegmentAccount(*about, row.units, row.priced, amounts_of(row.worth), row.why, row.entered_on)
