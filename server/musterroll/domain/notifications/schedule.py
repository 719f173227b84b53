"""When a rule sends: immediately but grouped, or daily or weekly, never in quiet hours. Times are in the time zone of the rule."""

from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

_LONGEST = 3  # times the grouping window: then a message goes out even if events keep arriving


class Frequency(StrEnum):
    IMMEDIATE = "immediate"
    DAILY = "daily"
    WEEKLY = "weekly"


class SendingHours(NamedTuple):
    """When a rule sends. `quiet`: minutes of the day, from the first up to the second; may span midnight."""

    pace: Frequency
    gather: timedelta = timedelta(minutes=5)
    hour: int = 7
    weekday: int = 0  # Monday
    zone: str = "UTC"
    quiet: tuple[int, int] | None = None


def is_quiet(hours: SendingHours, now: datetime) -> bool:
    """Whether `now` is in the quiet hours.

    >>> from datetime import UTC
    >>> night = SendingHours(Frequency.IMMEDIATE, zone="Europe/Berlin", quiet=(22 * 60, 6 * 60))
    >>> [is_quiet(night, datetime(2026, 11, 1, hour, tzinfo=UTC)) for hour in (20, 21, 4, 5)]
    [False, True, True, False]
    """
    if hours.quiet is None or hours.quiet[0] == hours.quiet[1]:
        return False
    local = now.astimezone(ZoneInfo(hours.zone))
    begins, ends = hours.quiet
    minute = local.hour * 60 + local.minute
    return begins <= minute < ends if begins < ends else minute >= begins or minute < ends


def last_digest(hours: SendingHours, now: datetime) -> datetime:
    """The last instant up to now at which a digest was due.

    >>> from datetime import UTC
    >>> last_digest(SendingHours(Frequency.WEEKLY, hour=7, weekday=0), datetime(2026, 11, 1, 12, tzinfo=UTC)).isoformat()
    '2026-10-26T07:00:00+00:00'
    """
    zone = ZoneInfo(hours.zone)
    day = now.astimezone(zone).date()
    if hours.pace is Frequency.WEEKLY:
        day -= timedelta((day.weekday() - hours.weekday) % 7)
    back = timedelta(7 if hours.pace is Frequency.WEEKLY else 1)
    due = datetime.combine(day, time(hours.hour), zone)
    return due if due <= now else datetime.combine(day - back, time(hours.hour), zone)


def is_complete(hours: SendingHours, first: datetime, last: datetime, now: datetime) -> bool:
    """Whether a group of events from `first` to `last` goes out: none has arrived for the window, or three times as long has passed.

    So a power cut, in which units go silent one after another for minutes, is one message.
    """
    return now >= min(last + hours.gather, first + _LONGEST * hours.gather)


def is_due(hours: SendingHours, told_until: datetime, first: datetime, last: datetime, now: datetime) -> bool:
    """Whether a rule with pending events from `first` to `last` sends now. `told_until`: when its last digest was due."""
    if is_quiet(hours, now):
        return False
    if hours.pace is Frequency.IMMEDIATE:
        return is_complete(hours, first, last, now)
    return told_until < last_digest(hours, now)
