"""Instants: aware UTC datetimes for people, integer milliseconds since 1970 for hot rows."""

from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


def to_ms(instant: datetime) -> int:
    """
    >>> to_ms(datetime(2026, 11, 1, 12, tzinfo=UTC))
    1793534400000
    """
    return (instant - _EPOCH) // _MS


def from_ms(ms: int) -> datetime:
    """
    >>> from_ms(1793534400000).isoformat()
    '2026-11-01T12:00:00+00:00'
    """
    return _EPOCH + timedelta(milliseconds=ms)


def day_end(day: date) -> datetime:
    """The last millisecond of a day (UTC).

    >>> day_end(date(2026, 10, 31)).isoformat()
    '2026-10-31T23:59:59.999000+00:00'
    """
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) - _MS


CLOCKS_DIFFER = 5_000  # ms by which the clocks of the registry's processes may differ


def in_future(mark: int, now: int) -> bool:
    """Whether a mark that only moves forward (ms) was set by a clock that was wrong. Such a mark is void: what it guards begins anew."""
    return mark > now + CLOCKS_DIFFER
