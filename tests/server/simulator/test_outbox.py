"""Durable messages wait until a receipt covers them."""

from musterroll.simulator.fleet import unit
from musterroll.simulator.messages import Clock, MessageBuilder
from musterroll.simulator.outbox import RESEND_AFTER, Outbox
from musterroll_wire.messages import Receipt

EPOCH = 4


def _outbox(messages: int) -> Outbox:
    builder, outbox = MessageBuilder(unit(1, 0), Clock(lambda: 1_793_534_400)), Outbox(EPOCH)
    for _ in range(messages):
        outbox.add(builder.birth(60))
    return outbox


def _waiting(outbox: Outbox) -> list[tuple[int, int]]:
    return [(message.seq, message.oldest) for message in outbox.waiting()]


def test_a_receipt_covers_everything_up_to_its_number() -> None:
    outbox = _outbox(3)
    assert outbox.receipt(Receipt(EPOCH, 2, registry=1)) == 2
    assert _waiting(outbox) == [(3, 3)]


def test_a_receipt_of_another_epoch_covers_nothing() -> None:
    outbox = _outbox(3)
    assert outbox.receipt(Receipt(EPOCH - 1, 9, registry=1)) == 0
    assert len(outbox) == 3


def test_a_restored_registry_is_told_everything_that_is_kept() -> None:
    outbox = _outbox(3)
    outbox.receipt(Receipt(EPOCH, 3, registry=1))
    outbox.receipt(Receipt(EPOCH, 0, registry=2))
    assert _waiting(outbox) == [(1, 1), (2, 1), (3, 1)]
    assert outbox.overdue(now=0.0)


def test_what_has_no_receipt_is_sent_again_with_growing_patience() -> None:
    outbox = _outbox(1)
    [message] = outbox.waiting()
    assert not outbox.sent(message, now=0.0)
    assert not outbox.overdue(RESEND_AFTER - 1)
    assert outbox.overdue(RESEND_AFTER)
    assert outbox.sent(message, now=RESEND_AFTER)
    assert not outbox.overdue(RESEND_AFTER * 2)
    assert outbox.overdue(RESEND_AFTER * 3)


def test_what_waits_is_numbered_again_in_another_epoch() -> None:
    outbox = _outbox(3)
    outbox.receipt(Receipt(EPOCH, 1, registry=1))
    outbox.begin(EPOCH + 5)
    assert [(message.epoch, message.seq, message.oldest) for message in outbox.waiting()] == [(EPOCH + 5, 1, 1), (EPOCH + 5, 2, 1)]
    assert outbox.receipt(Receipt(EPOCH, 3, registry=1)) == 0
    assert outbox.receipt(Receipt(EPOCH + 5, 2, registry=1)) == 2
