"""Messages on their way from the network thread to the worker: bounded, and taken in batches."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from musterroll.ingest.paho_client import Messages
from musterroll.mqtt.reader import RawPublish

BATCH = 5_000  # messages
_LONGEST_WAIT = 0.05  # seconds for a batch to grow
_LULL = 0.004  # seconds without a message after which nothing is waited for
_MOST_MESSAGES = 60_000
_MOST_BYTES = 48 * 1024 * 1024


class Origin(Protocol):
    """The connection a message came over; answers to it go nowhere once it is gone."""

    def answer(self, mids: Sequence[bytes], messages: Messages) -> None: ...
    def drop(self) -> None: ...


class Parcel(NamedTuple):
    """What one read brought in."""

    origin: Origin
    publishes: list[RawPublish]


class Inbox:
    def __init__(self) -> None:
        self._parcels: deque[Parcel] = deque()
        self._changed = threading.Condition()
        self._messages = 0
        self._bytes = 0
        self._closed = False

    def put(self, parcel: Parcel) -> None:
        with self._changed:
            self._parcels.append(parcel)
            self._messages += len(parcel.publishes)
            self._bytes += _weight(parcel)
            self._changed.notify()

    def full(self) -> bool:
        """Whether reading must wait; the broker then keeps what is coming."""
        return self._messages > _MOST_MESSAGES or self._bytes > _MOST_BYTES

    def idle(self) -> bool:
        """Whether nothing waits."""
        return not self._messages

    def take(self) -> list[Parcel]:
        """The next batch, at least one parcel; empty when closed.

        A batch is awaited for as long as it grows, at most 50 ms: a broker that lets only a few messages be in flight is not kept waiting.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._parcels or self._closed)
        if self._closed:
            return []
        deadline = time.monotonic() + _LONGEST_WAIT
        seen = 0
        while seen < self._messages < BATCH and time.monotonic() < deadline:
            seen = self._messages
            time.sleep(_LULL)
        return self._cut()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _cut(self) -> list[Parcel]:
        taken: list[Parcel] = []
        count = 0
        with self._changed:
            while self._parcels and count < BATCH:
                parcel = self._parcels.popleft()
                count += len(parcel.publishes)
                self._bytes -= _weight(parcel)
                taken.append(parcel)
            self._messages -= count
        return taken


def _weight(parcel: Parcel) -> int:
    return sum([len(payload) for _, payload, _ in parcel.publishes])
