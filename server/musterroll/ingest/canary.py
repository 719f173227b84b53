"""The registry speaking to itself through the broker: what comes back proves that everything said before it has been heard."""

import threading
import time

EVERY = 1.0  # seconds
PATIENCE = 10.0  # seconds without a canary after which we are deaf


def encode(sent: int) -> bytes:
    return str(sent).encode()


def decode(payload: bytes) -> int | None:
    """When a canary was sent (ms since 1970), or None where it is not one of ours."""
    return int(payload) if payload.isdigit() and len(payload) < 16 else None


class Progress:
    """When a canary last came all the way through. Written by the worker, read by anyone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._through_at: float | None = None

    def came_through(self) -> None:
        with self._lock:
            self._through_at = time.monotonic()

    def lately(self) -> bool:
        with self._lock:
            return self._through_at is not None and time.monotonic() - self._through_at < PATIENCE
