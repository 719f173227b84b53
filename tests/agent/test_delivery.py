"""What is sent when: one window in order, again when receipts are late, past gaps without waiting."""

from pathlib import Path

import pytest
from musterroll_agent.delivery import MAX_PATIENCE, PATIENCE, WINDOW, Delivery
from musterroll_agent.outbox import Outbox, OutboxMessage
from musterroll_wire.messages import Receipt, Record


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.db", 1, tmp_path / "reserve", limit=60)


def fill(outbox: Outbox, count: int, about: str = "hour") -> None:
    for _ in range(count):
        outbox.add_record(Record(0, 0, 0, 1, about, {}))


def seqs(messages: list[OutboxMessage]) -> list[int]:
    return [message.seq for message in messages]


def test_a_window_is_sent_in_order_and_moves_with_receipts(outbox: Outbox) -> None:
    fill(outbox, 50)
    delivery = Delivery(outbox)
    assert seqs(delivery.due(0)) == list(range(1, WINDOW + 1))
    assert delivery.due(1) == []
    delivery.apply_receipt(Receipt(1, 15, 1), now=0, elapsed=1)
    assert seqs(delivery.due(1)) == list(range(21, 36))


def test_without_receipts_everything_is_sent_again_at_growing_intervals(outbox: Outbox) -> None:
    fill(outbox, 2)
    delivery = Delivery(outbox)
    elapsed, waits = 0.0, []
    assert seqs(delivery.due(elapsed)) == [1, 2]
    for _ in range(8):
        deadline = delivery.deadline()
        assert deadline is not None
        assert delivery.due(deadline - 0.1) == []
        assert seqs(delivery.due(deadline)) == [1, 2]
        waits.append(deadline - elapsed)
        elapsed = deadline
    assert waits == [PATIENCE, 60, 120, 240, 480, MAX_PATIENCE, MAX_PATIENCE, MAX_PATIENCE]
    delivery.apply_receipt(Receipt(1, 1, 1), now=0, elapsed=elapsed)
    assert delivery.deadline() == elapsed + PATIENCE


def test_a_new_connection_starts_with_the_first_message_without_a_receipt(outbox: Outbox) -> None:
    fill(outbox, 5)
    delivery = Delivery(outbox)
    delivery.due(0)
    delivery.apply_receipt(Receipt(1, 2, 1), now=0, elapsed=0)
    delivery.restart()
    assert seqs(delivery.due(0)) == [3, 4, 5]


def test_a_new_message_is_sent_without_waiting_for_receipts(outbox: Outbox) -> None:
    fill(outbox, 1)
    delivery = Delivery(outbox)
    assert seqs(delivery.due(0)) == [1]
    fill(outbox, 1)
    delivery.outbox_changed()
    assert seqs(delivery.due(1)) == [2]


def test_a_gap_of_dropped_messages_is_skipped_at_once(outbox: Outbox) -> None:
    fill(outbox, 1, "event")
    fill(outbox, 60)  # one more than fits: the hour with seq 2 is dropped
    delivery = Delivery(outbox)
    assert seqs(delivery.due(0))[:3] == [1, 3, 4]
    delivery.apply_receipt(Receipt(1, 1, 1), now=0, elapsed=0)
    resent = delivery.due(0)
    assert seqs(resent)[:2] == [3, 4]
    assert {message.oldest for message in resent} == {3}
    delivery.apply_receipt(Receipt(1, 61, 1), now=0, elapsed=0)
    assert delivery.deadline() is None


def test_a_restored_registry_is_sent_everything_again(outbox: Outbox) -> None:
    fill(outbox, 3)
    delivery = Delivery(outbox)
    delivery.due(0)
    delivery.apply_receipt(Receipt(1, 3, registry=1), now=0, elapsed=0)
    assert delivery.due(1) == []
    delivery.apply_receipt(Receipt(1, 0, registry=2), now=0, elapsed=1)
    assert seqs(delivery.due(1)) == [1, 2, 3]
