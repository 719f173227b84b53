"""The bounded queue between the network thread and the worker, emptied in batches."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from musterroll.ingest.paho_client import OutgoingMessages
from musterroll.mqtt.reader import RawPublish

BATCH = 5_000  # messages
_MAX_WAIT = 0.05  # seconds that a batch may grow
_LULL = 0.004  # seconds without a message after which the batch is complete
_MAX_MESSAGES = 60_000
_MAX_BYTES = 48 * 1024 * 1024


class Origin(Protocol):
    """The connection a message came over; once it is gone, answers are discarded."""

    def answer(self, mids: Sequence[bytes], messages: OutgoingMessages) -> None: ...
    def drop(self) -> None: ...


class InboundRead(NamedTuple):
    """The messages of one read from the socket."""

    origin: Origin
    publishes: list[RawPublish]


class Inbox:
    def __init__(self) -> None:
        self._reads: deque[InboundRead] = deque()
        self._changed = threading.Condition()
        self._messages = 0
        self._bytes = 0
        self._closed = False

    def put(self, read: InboundRead) -> None:
        with self._changed:
            self._reads.append(read)
            self._messages += len(read.publishes)
            self._bytes += _size(read)
            self._changed.notify()

    def full(self) -> bool:
        """Whether reading must pause; the broker queues further messages."""
        return self._messages > _MAX_MESSAGES or self._bytes > _MAX_BYTES

    def idle(self) -> bool:
        """Whether the queue is empty."""
        return not self._messages

    def take(self) -> list[InboundRead]:
        """The next batch: at least one read, none when closed.

        Waits only while the batch grows, at most 50 ms, so that a broker that allows few messages in flight is not kept waiting.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._reads or self._closed)
        if self._closed:
            return []
        deadline = time.monotonic() + _MAX_WAIT
        seen = 0
        while seen < self._messages < BATCH and time.monotonic() < deadline:
            seen = self._messages
            time.sleep(_LULL)
        return self._cut()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()

    def _cut(self) -> list[InboundRead]:
        batch: list[InboundRead] = []
        count = 0
        with self._changed:
            while self._reads and count < BATCH:
                read = self._reads.popleft()
                count += len(read.publishes)
                self._bytes -= _size(read)
                batch.append(read)
            self._messages -= count
        return batch


def _size(read: InboundRead) -> int:
    return sum([len(payload) for _, payload, _ in read.publishes])
