"""Kinds of events, and rules of when they occur. Instants are milliseconds since 1970."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.values.money import Money

LEADS = (180, 90, 60, 30, 14, 7, 1)  # days before an end at which it can be announced
_NOT_RECEIVING_AFTER = 60_000  # ms without a heartbeat of an ingest process


class EventKind(StrEnum):
    OUTAGE_OPENED = "outage_opened"
    OUTAGE_CLOSED = "outage_closed"
    QUIET = "quiet"
    STALE = "stale"
    REVIVED = "revived"
    DECLINING = "declining"
    WARRANTY_ENDING = "warranty_ending"
    CONTRACT_ENDING = "contract_ending"
    NOTICE_DUE = "notice_due"
    FINDING_OPENED = "finding_opened"
    TARGET_CROSSED = "target_crossed"
    REVIEW_PACK = "review_pack"
    LIMIT_USED = "limit_used"
    SEGMENT_ENTERED = "segment_entered"
    SEGMENT_HANDED_OVER = "segment_handed_over"
    ENROLMENT_PENDING = "enrolment_pending"
    CLONE_SUSPECTED = "clone_suspected"
    CREDENTIAL_COPIED = "credential_copied"
    STATE_WENT_BACK = "state_went_back"
    FOREIGN_IDENTITY = "foreign_identity"
    DEVICE_FAULT = "device_fault"
    IMPORT_FAILED = "import_failed"
    IMPORT_INTERRUPTED = "import_interrupted"
    SOURCE_WAITING = "source_waiting"
    SOURCE_FAILING = "source_failing"
    INGEST_NOT_RECEIVING = "ingest_deaf"
    INGEST_RECEIVING = "ingest_hears"
    CLOCK_JUMPED = "clock_jumped"
    AUDIT_BROKEN = "audit_broken"


class Event(NamedTuple):
    """One event with its names. `units` counts what the kind is about; `serial` and `uid` belong to one of them."""

    id: int
    kind: EventKind
    at: int  # ms
    since: int | None = None
    account: str = ""
    site: str = ""
    account_ref: str = ""
    site_ref: str = ""
    units: int = 0
    serial: str = ""
    uid: str = ""
    variant: str = ""
    lead: int | None = None
    on: date | None = None
    worth: Money | None = None
    detail: str = ""
    further: tuple[Money, ...] = ()  # of its worth, in other currencies


def with_outages(kinds: Iterable[str]) -> list[EventKind]:
    """The kinds a rule asks for. An outage stands for the units gathered in it: who asks for units gone silent and revived gets it too."""
    chosen = [EventKind(kind) for kind in kinds]
    gathered = {EventKind.STALE: EventKind.OUTAGE_OPENED, EventKind.REVIVED: EventKind.OUTAGE_CLOSED}
    return chosen + [outage for kind, outage in gathered.items() if kind in chosen and outage not in chosen]


def lead_reached(days_left: int) -> int | None:
    """The lead time reached with this many days left; None if the end is still far off or past.

    >>> [lead_reached(days) for days in (30, 29, 200, 0, -1)]
    [30, 30, None, 1, None]
    """
    return next((lead for lead in reversed(LEADS) if 0 <= days_left <= lead), None)


def not_receiving(last_beat: int, watched_since: int, now: int) -> bool:
    """Whether no ingest has reported for too long, counted only while the schedule was watching. Milliseconds."""
    return now - max(last_beat, watched_since) >= _NOT_RECEIVING_AFTER
