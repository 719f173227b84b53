"""Subscriptions, and the messages that a session gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.broker.router import Router, Session
from musterroll.mqtt.packets import FAILURE, Packet, take_packet
from musterroll.mqtt.reader import publish


class Wire:
    """What was written to one client."""

    def __init__(self, session: Session) -> None:
        self.raw = bytearray()
        session.resume(self.write)

    def write(self, data: bytes) -> None:
        self.raw += data

    def packets(self) -> list[Packet]:
        packets = []
        while (packet := take_packet(self.raw, 100_000)) is not None:
            packets.append(packet)
        return packets

    def topics(self) -> list[str]:
        return [publish(packet).topic for packet in self.packets()]


def _subscriber(router: Router, client_id: str, *filters: str, max_queued: int = 10) -> Wire:
    session, _ = router.open(client_id, False, max_queued)
    for topic_filter in filters:
        assert router.subscribe(session, topic_filter, 1) == 1
    return Wire(session)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "matches"),
    [
        ("a/b", "a/b", True),
        ("a/b", "a/b/c", False),
        ("a/+/c", "a/b/c", True),
        ("a/+/c", "a//c", True),
        ("a/+/c", "a/b/d/c", False),
        ("+", "a/b", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("a/#", "ab", False),
        ("#", "a/b", True),
        ("a.c", "abc", False),
        ("a/+", "a/x\ny", True),
    ],
)
def test_a_filter_matches_what_the_standard_says(topic_filter: str, topic: str, matches: bool) -> None:
    router = Router()
    wire = _subscriber(router, "c", topic_filter)
    router.publish(topic, b"x", 1)
    assert wire.topics() == ([topic] if matches else [])


@pytest.mark.parametrize("topic_filter", ["a/b+", "a/#/b", "#a", "a/+b/c"])
def test_an_invalid_filter_is_rejected(topic_filter: str) -> None:
    router = Router()
    assert router.subscribe(router.open("c", True, 1)[0], topic_filter, 1) == FAILURE


def test_overlapping_filters_deliver_once() -> None:
    router = Router()
    wire = _subscriber(router, "c", "a/b", "a/+", "a/#")
    router.publish("a/b", b"x", 1)
    assert wire.topics() == ["a/b"]


def test_unacknowledged_messages_are_sent_again_after_a_reconnect_in_order() -> None:
    router = Router()
    wire = _subscriber(router, "c", "t")
    for number in range(3):
        router.publish("t", b"%d" % number, 1)
    session, present = router.open("c", False, 10)
    assert present
    session.acknowledged(publish(wire.packets()[1]).mid)
    repeated = [(publish(packet).payload, packet.flags & 8) for packet in Wire(session).packets()]
    assert repeated == [(b"0", 8), (b"2", 8)]


def test_an_offline_session_keeps_its_newest_messages_only() -> None:
    router = Router()
    _subscriber(router, "c", "t", max_queued=3)
    session, _ = router.open("c", False, 3)
    session.write = None
    for number in range(10):
        router.publish("t", b"%d" % number, 1)
    assert [publish(packet).payload for packet in Wire(session).packets()] == [b"7", b"8", b"9"]


def test_a_message_of_qos_0_is_not_stored_for_an_offline_session() -> None:
    router = Router()
    _subscriber(router, "c", "t")
    session, _ = router.open("c", False, 3)
    session.write = None
    router.publish("t", b"x", 0)
    assert Wire(session).packets() == []


def test_more_than_a_window_waits_for_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musterroll.broker.router._WINDOW", 2)
    router = Router()
    wire = _subscriber(router, "c", "t")
    session, _ = router.open("c", False, 10)
    for number in range(5):
        router.publish("t", b"%d" % number, 1)
    first = [publish(packet) for packet in wire.packets()]
    assert [packet.payload for packet in first] == [b"0", b"1"]
    for packet in first:
        session.acknowledged(packet.mid)
    assert [publish(packet).payload for packet in wire.packets()] == [b"2", b"3"]


@given(st.lists(st.tuples(st.sampled_from(["sub", "unsub", "forget", "clean"]), st.sampled_from("ab"), st.sampled_from(["t", "+", "t/#"]))))
def test_the_index_agrees_with_the_sessions(steps: list[tuple[str, str, str]]) -> None:
    router = Router()
    for action, client_id, topic_filter in steps:
        session, _ = router.open(client_id, action == "clean", 5)
        if action == "sub":
            router.subscribe(session, topic_filter, 1)
        elif action == "unsub":
            router.unsubscribe(session, topic_filter)
        elif action == "forget":
            router.forget(client_id)
    expected = {client: bool(router.open(client, False, 5)[0].filters) for client in "ab"}
    wires = {client: Wire(router.open(client, False, 5)[0]) for client in "ab"}
    router.publish("t", b"x", 1)
    assert {client: wire.topics() == ["t"] for client, wire in wires.items()} == expected
