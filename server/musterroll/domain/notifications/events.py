"""What is worth telling: kinds of signals, and the rules by which they arise. Instants are milliseconds since 1970."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple

from musterroll.domain.values.money import Money

LEADS = (180, 90, 60, 30, 14, 7, 1)  # days before an end at which it can be told
_WEEKS = 4  # of its own past before a fall is believed
_FALL = 0.5  # of what is usual
_STEADY = 0.3  # how much a new week weighs in what is usual
_DEAF_AFTER = 60_000  # ms without a word of an ingest


class Kind(StrEnum):
    STALE = "stale"
    REVIVED = "revived"
    DECLINING = "declining"
    WARRANTY_ENDING = "warranty_ending"
    CONTRACT_ENDING = "contract_ending"
    NOTICE_DUE = "notice_due"
    FINDING_OPENED = "finding_opened"
    ENROLMENT_PENDING = "enrolment_pending"
    CLONE_SUSPECTED = "clone_suspected"
    IMPORT_FAILED = "import_failed"
    INGEST_DEAF = "ingest_deaf"
    INGEST_HEARS = "ingest_hears"
    AUDIT_BROKEN = "audit_broken"


class Event(NamedTuple):
    """One signal with its names. `units` counts what the kind is about; `serial` and `uid` are of one of them."""

    id: int
    kind: Kind
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


def reached(days_left: int) -> int | None:
    """The lead time reached with so many days left; None while the end is far or over.

    >>> reached(30), reached(29), reached(200), reached(0), reached(-1)
    (30, 30, None, 1, None)
    """
    return next((lead for lead in reversed(LEADS) if 0 <= days_left <= lead), None)


def smoothed(usual: float, weeks: int, week: float) -> float:
    """What is usual once another week is over."""
    return week if weeks == 0 else usual + _STEADY * (week - usual)


def declining(usual: float, weeks: int, latest: float) -> bool:
    """Whether a week fell to less than half of what the unit itself usually does.

    >>> declining(100, 4, 49), declining(100, 4, 51), declining(100, 3, 0)
    (True, False, False)
    """
    return weeks >= _WEEKS and usual > 0 and latest < _FALL * usual


def deaf(last_word: int, watched_since: int, now: int) -> bool:
    """Whether ingest has been silent for too long, counted while somebody was there to notice. Milliseconds."""
    return now - max(last_word, watched_since) >= _DEAF_AFTER
