"""Whether the wall clock can be trusted: after it was set, jobs wait a minute, so that one that was wrong for a moment does no harm."""

import time
from collections.abc import Callable

_JUMP = 5.0  # seconds between two looks by which the wall clock and the time since the start may part
_SETTLED = 60.0  # seconds


def _uptime() -> float:
    """Seconds since the start of the machine, those in which it slept included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class SteadyClock:
    """Looked at every second or so, by any thread."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,  # noqa: TID251  part of an entry point, the scheduler
        uptime: Callable[[], float] = _uptime,
    ) -> None:
        self._wall = wall
        self._uptime = uptime
        self._started = wall() - uptime()
        self._jumped_at = uptime() - _SETTLED

    def steady(self) -> bool:
        """Whether the wall clock has not been set for a minute."""
        uptime = self._uptime()
        started = self._wall() - uptime
        if abs(started - self._started) > _JUMP:
            self._jumped_at = uptime
        self._started = started
        return uptime - self._jumped_at >= _SETTLED
