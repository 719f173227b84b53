"""The unit's two clocks, passed as one argument. Only this module reads them."""

import time


class Clock:
    """Wall time is a label and may be wrong or step; elapsed time keeps running through suspend and never goes back."""

    def wall(self) -> int:
        """Unix seconds by the unit's clock."""
        return int(time.time())

    def elapsed(self) -> float:
        """Seconds since the machine started, including suspend where the system can tell."""
        return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()
