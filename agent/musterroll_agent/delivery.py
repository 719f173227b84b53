"""Which durable messages go out now: in order, one window at a time, and again from the first without a receipt when receipts are late."""

from musterroll_wire.messages import Receipt

from musterroll_agent.outbox import Outbox, OutboxMessage

WINDOW = 20
PATIENCE = 30.0  # seconds without a receipt before sending again
MAX_PATIENCE = 600.0


class Delivery:
    """The messages in flight on one connection. Times are elapsed seconds."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._in_flight: list[OutboxMessage] = []
        self._sent_at = 0.0
        self._patience = PATIENCE
        self._drained = False

    def restart(self) -> None:
        """A new connection: nothing is in flight any more."""
        self._patience = PATIENCE
        self._rewind()

    def outbox_changed(self) -> None:
        """The outbox may hold something new."""
        self._drained = False

    def due(self, elapsed: float) -> list[OutboxMessage]:
        """What the caller must publish now."""
        if self._in_flight and elapsed >= self._sent_at + self._patience:
            self._patience = min(self._patience * 2, MAX_PATIENCE)
            self._rewind()
        free = WINDOW - len(self._in_flight)
        if self._drained or free <= 0:
            return []
        last = (self._in_flight[-1].epoch, self._in_flight[-1].seq) if self._in_flight else (-1, 0)
        messages = self._outbox.waiting(last, free)
        self._drained = len(messages) < free
        self._in_flight += messages
        if messages:
            self._sent_at = elapsed
        return messages

    def apply_receipt(self, receipt: Receipt, now: int, elapsed: float) -> bool:
        """Whether the receipt covered a message in flight, or means that everything must be sent again."""
        restored = self._outbox.apply_receipt(receipt.epoch, receipt.seq, receipt.registry, now)
        remaining = [m for m in self._in_flight if m.epoch != receipt.epoch or m.seq > receipt.seq]
        progress = len(remaining) < len(self._in_flight)
        self._in_flight = remaining
        if progress:
            self._patience, self._sent_at = PATIENCE, elapsed
            self._drained = False
        if restored or (progress and self._has_gap(receipt)):
            self._rewind()
        return progress or restored

    def deadline(self) -> float | None:
        """When `due` will have something to send again, if nothing else happens."""
        return self._sent_at + self._patience if self._in_flight else None

    def _has_gap(self, receipt: Receipt) -> bool:
        """Messages after the receipt were dropped while the next one was in flight; sent again, its `oldest` lets the registry move on."""
        following = next((m for m in self._in_flight if m.epoch == receipt.epoch), None)
        return following is not None and following.seq > receipt.seq + 1 and following.oldest <= receipt.seq

    def _rewind(self) -> None:
        self._in_flight = []
        self._drained = False
