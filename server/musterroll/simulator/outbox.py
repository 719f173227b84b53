"""The durable messages of one simulated unit, in memory: sent until a receipt covers them, and kept in case the registry is restored."""

from collections.abc import Iterable

from musterroll_wire.messages import Birth, Receipt, Record

MAX_RECEIPTED = 200
RESEND_AFTER = 30.0  # seconds without a receipt before sending again
MAX_RESEND_AFTER = 600.0


class Outbox:
    """Times are in seconds of the event loop's clock."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self._next_seq = 1
        self._sent_upto = 0
        self._waiting: dict[int, Birth | Record] = {}
        self._receipted: dict[int, Birth | Record] = {}
        self._registry: int | None = None
        self._resend_after = RESEND_AFTER
        self._resend_at = 0.0

    def add(self, message: Birth | Record) -> Birth | Record:
        """Queue a message; returns it with its epoch and seq."""
        numbered = message._replace(epoch=self.epoch, seq=self._next_seq)
        self._waiting[self._next_seq] = numbered
        self._next_seq += 1
        return self._with_oldest(numbered)

    def begin(self, epoch: int) -> None:
        """Go on in another epoch, where what waits is numbered again."""
        waiting = self._waiting.values()
        self.epoch, self._next_seq, self._sent_upto = epoch, 1, 0
        self._waiting, self._receipted = {}, {}
        for message in waiting:
            self.add(message)

    def waiting(self) -> Iterable[Birth | Record]:
        return [self._with_oldest(message) for message in self._waiting.values()]

    def __len__(self) -> int:
        return len(self._waiting)

    def sent(self, message: Birth | Record, now: float) -> bool:
        """Mark a message as sent; returns whether it was sent before."""
        self._resend_at = now + self._resend_after
        before = message.seq <= self._sent_upto
        self._sent_upto = max(self._sent_upto, message.seq)
        return before

    def overdue(self, now: float) -> bool:
        """Whether receipts are overdue and everything must be sent again."""
        if not self._waiting or now < self._resend_at:
            return False
        self._resend_after = min(self._resend_after * 2, MAX_RESEND_AFTER)
        return True

    def receipt(self, receipt: Receipt) -> int:
        """Apply a receipt; returns how many messages it newly covers. A new registry epoch requeues all retained messages."""
        if self._registry not in (None, receipt.registry):
            self._waiting = dict(sorted((self._receipted | self._waiting).items()))
            self._receipted, self._resend_at = {}, 0.0
        self._registry = receipt.registry
        covered = [seq for seq in self._waiting if receipt.epoch == self.epoch and seq <= receipt.seq]
        for seq in covered:
            self._receipted[seq] = self._waiting.pop(seq)
            self._resend_after = RESEND_AFTER
        while len(self._receipted) > MAX_RECEIPTED:
            self._receipted.pop(next(iter(self._receipted)))
        return len(covered)

    def _with_oldest(self, message: Birth | Record) -> Birth | Record:
        return message._replace(oldest=min(self._waiting))
