"""Whether a thread gets on with its work: what hangs must be told from what waits."""

import time

_TIMEOUT = 60.0  # seconds for one step


class Progress:
    """Written by one thread, read by any."""

    def __init__(self) -> None:
        self._since: float | None = None

    def step(self) -> None:
        """Another step begins."""
        self._since = time.monotonic()

    def wait(self) -> None:
        """There is nothing to do."""
        self._since = None

    def recent(self) -> bool:
        since = self._since
        return since is None or time.monotonic() - since < _TIMEOUT
