"""Getting a message out: at least once, with one id, not for ever."""

from datetime import timedelta
from enum import StrEnum

GIVE_UP_AFTER = timedelta(days=3)
_FIRST, _LONGEST = 30.0, 3_600.0  # seconds between two attempts


class MessageState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"  # its rule was paused or removed before it went out


def retry_delay(attempts: int, jitter: float) -> timedelta:
    """How long to wait after so many attempts (1 or more): doubling up to an hour, a fifth more or less by `jitter` (0 to 1).

    >>> pause(1, 0.5).total_seconds(), pause(3, 0.5).total_seconds(), pause(50, 0.5).total_seconds()
    (30.0, 120.0, 3600.0)
    """
    return timedelta(seconds=min(_LONGEST, _FIRST * 2 ** min(attempts - 1, 20)) * (0.8 + 0.4 * jitter))


def is_expired(age: timedelta) -> bool:
    """Whether a message has been tried for long enough."""
    return age >= GIVE_UP_AFTER
