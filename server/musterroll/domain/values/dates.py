"""Days: months added, half-open spans of days, and which day an instant is at a place."""

from calendar import monthrange
from collections.abc import Iterable
from datetime import MAXYEAR, date, datetime, timedelta, tzinfo
from typing import NamedTuple

_DAY = timedelta(days=1)
_MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]


class Span(NamedTuple):
    """The days `[starts_on, ends_on)`: `ends_on` is the first day no longer in it, None where no end is known."""

    starts_on: date
    ends_on: date | None = None

    def holds(self, on: date) -> bool:
        return self.starts_on <= on and (self.ends_on is None or on < self.ends_on)

    @property
    def order(self) -> tuple[date, date]:
        """To sort by: what has no end comes last of those that start on one day."""
        return self.starts_on, self.ends_on or date.max

    def within(self, other: "Span") -> "Span | None":
        """The days both have, None where they have none."""
        starts_on = max(self.starts_on, other.starts_on)
        ends_on = min((d for d in (self.ends_on, other.ends_on) if d is not None), default=None)
        return None if ends_on is not None and ends_on <= starts_on else Span(starts_on, ends_on)


def add_months(day: date, months: int) -> date:
    """The same day so many months on, clipped at the end of a shorter month and at the end of the calendar.

    >>> str(add_months(date(2024, 1, 31), 1)), str(add_months(date(2024, 2, 29), 12))
    ('2024-02-29', '2025-02-28')
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date.max if year > MAXYEAR else date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_after(starts_on: date, months: int) -> date:
    """The first day after so many months from a day: `ends_on` of the half-open span.

    Where the month has no such day it is the 1st of the next month, so that no day of the term is lost.

    >>> str(end_after(date(2024, 2, 29), 36)), str(end_after(date(2024, 1, 31), 37)), str(end_after(date(2025, 8, 31), 6))
    ('2027-03-01', '2027-03-01', '2026-03-01')
    """
    end = add_months(starts_on, months)
    return end if end.day == starts_on.day or end == date.max else end + _DAY


def local_day(instant: datetime, zone: tzinfo) -> date:
    """The day an aware instant is in a zone: what the calendar on the site's wall said."""
    return instant.astimezone(zone).date()


def last_day(ends_on: date) -> date:
    """The last day of a half-open span: what people write on contracts and labels."""
    return ends_on - _DAY


def held_until(spans: Iterable[Span], on: date) -> date | None:
    """The first day after `on` that no span holds, as far as they follow each other without a gap; None where one never ends.

    >>> a, b, c = Span(date(2026, 1, 1), date(2026, 2, 1)), Span(date(2026, 2, 1), date(2026, 3, 1)), Span(date(2026, 5, 1))
    >>> str(held_until([b, c, a], date(2026, 1, 15)))
    '2026-03-01'
    """
    until = on
    for span in sorted(spans, key=lambda span: span.order):
        if span.starts_on > until:
            break
        if span.ends_on is None:
            return None
        until = max(until, span.ends_on)
    return until


def next_change(spans: Iterable[Span], on: date) -> date | None:
    """The first day after `on` on which some span begins or has ended; None where nothing changes any more."""
    return min((day for span in spans for day in span if day is not None and day > on), default=None)


def in_words(day: date) -> str:
    """
    >>> in_words(date(2026, 11, 1))
    '1 November 2026'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
