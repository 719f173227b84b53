"""Retries of a message: when, and for how long."""

from datetime import timedelta
from enum import StrEnum

GIVE_UP_AFTER = timedelta(days=3)
_FIRST, _LONGEST = 30.0, 3_600.0  # seconds between attempts


class MessageState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    GIVEN_UP = "given_up"
    DROPPED = "dropped"  # its rule was paused or removed before it went out


def retry_delay(attempts: int, jitter: float) -> timedelta:
    """The delay after this many attempts (1 or more): doubling up to an hour, 20 % more or less by `jitter` (0 to 1).

    >>> [retry_delay(attempts, 0.5).total_seconds() for attempts in (1, 3, 50)]
    [30.0, 120.0, 3600.0]
    """
    return timedelta(seconds=min(_LONGEST, _FIRST * 2 ** min(attempts - 1, 20)) * (0.8 + 0.4 * jitter))


def is_expired(age: timedelta) -> bool:
    """Whether a message of this age is given up."""
    return age >= GIVE_UP_AFTER
