"""Which durable message goes out now: in order, a window at a time, again from the first unreceipted one when receipts fail to come."""

from musterroll_wire.messages import Receipt

from musterroll_agent.outbox import Outbox, Waiting

WINDOW = 20
PATIENCE = 30.0  # seconds without a receipt before sending again
MOST_PATIENCE = 600.0


class Delivery:
    """The messages in flight on one connection. Times are elapsed seconds."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._flying: list[Waiting] = []
        self._sent_at = 0.0
        self._patience = PATIENCE
        self._drained = False

    def begin(self) -> None:
        """A new connection: nothing is in flight, whatever was."""
        self._patience = PATIENCE
        self._rewind()

    def added(self) -> None:
        """The outbox has something new."""
        self._drained = False

    def due(self, elapsed: float) -> list[Waiting]:
        """What to publish now; the caller does publish it."""
        if self._flying and elapsed >= self._sent_at + self._patience:
            self._patience = min(self._patience * 2, MOST_PATIENCE)
            self._rewind()
        free = WINDOW - len(self._flying)
        if self._drained or free <= 0:
            return []
        last = (self._flying[-1].epoch, self._flying[-1].seq) if self._flying else (-1, 0)
        found = self._outbox.waiting(last, free)
        self._drained = len(found) < free
        self._flying += found
        if found:
            self._sent_at = elapsed
        return found

    def receipt(self, receipt: Receipt, now: int, elapsed: float) -> bool:
        """Apply a receipt; whether it covered anything or everything must be sent again."""
        again = self._outbox.receipt(receipt.epoch, receipt.seq, receipt.registry, now)
        left = [m for m in self._flying if m.epoch != receipt.epoch or m.seq > receipt.seq]
        progress = len(left) < len(self._flying)
        self._flying = left
        if progress:
            self._patience, self._sent_at = PATIENCE, elapsed
            self._drained = False
        if again or (progress and self._has_gap(receipt)):
            self._rewind()
        return progress or again

    def deadline(self) -> float | None:
        """When `due` has something new to say though nothing happened."""
        return self._sent_at + self._patience if self._flying else None

    def _has_gap(self, receipt: Receipt) -> bool:
        """The next one went out while a dropped one's predecessor still waited: said again, its `oldest` lets the registry pass."""
        following = next((m for m in self._flying if m.epoch == receipt.epoch), None)
        return following is not None and following.seq > receipt.seq + 1 and following.oldest <= receipt.seq

    def _rewind(self) -> None:
        self._flying = []
        self._drained = False
