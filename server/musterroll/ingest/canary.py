"""Canaries: messages that the registry sends to itself. One that comes back proves that every message before it was received."""

import threading
import time

INTERVAL = 1.0  # seconds
TIMEOUT = 10.0  # seconds without a canary after which the ingest is unhealthy


def encode(sent: int) -> bytes:
    return str(sent).encode()


def decode(payload: bytes) -> int | None:
    """When a canary was sent (ms since 1970), or None if it is not one of ours."""
    return int(payload) if payload.isdigit() and len(payload) < 16 else None


class CanaryStatus:
    """When a canary was last processed. Written by the worker, read by any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._received_at: float | None = None

    def mark_received(self) -> None:
        with self._lock:
            self._received_at = time.monotonic()

    def recent(self) -> bool:
        with self._lock:
            return self._received_at is not None and time.monotonic() - self._received_at < TIMEOUT
