"""Consent of a contact to e-mails: an answer, its source and its day."""

from datetime import date
from enum import StrEnum
from typing import NamedTuple


class Consent(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class ConsentRecord(NamedTuple):
    answer: Consent
    source: str = ""  # who or what says so
    on: date | None = None


def stands(known: ConsentRecord, new: ConsentRecord) -> bool:
    """Whether a `no` stands: only a `yes` of a later day replaces it.

    >>> withdrawn = ConsentRecord(Consent.NO, "unsubscribed", date(2026, 12, 1))
    >>> stands(withdrawn, ConsentRecord(Consent.YES)), stands(withdrawn, ConsentRecord(Consent.YES, "form", date(2026, 12, 2)))
    (True, False)
    """
    if known.answer is not Consent.NO or new.answer is Consent.NO:
        return False
    return not (new.answer is Consent.YES and new.on is not None and known.on is not None and new.on > known.on)


def settled(new: ConsentRecord, source: str, today: date) -> ConsentRecord:
    """A new answer, with the source and day of where it was learnt if it names none."""
    if new.answer is Consent.UNKNOWN:
        return ConsentRecord(Consent.UNKNOWN)
    return ConsentRecord(new.answer, new.source or source[:200], new.on or today)
