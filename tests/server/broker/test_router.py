"""Subscriptions, and what a session is owed."""

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
        found = []
        while (one := take_packet(self.raw, 100_000)) is not None:
            found.append(one)
        return found

    def topics(self) -> list[str]:
        return [publish(one).topic for one in self.packets()]


def _hearer(router: Router, client_id: str, *filters: str, room: int = 10) -> Wire:
    session, _ = router.open(client_id, False, room)
    for wanted in filters:
        assert router.subscribe(session, wanted, 1) == 1
    return Wire(session)


@pytest.mark.parametrize(
    ("wanted", "topic", "hears"),
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
def test_a_filter_hears_what_the_standard_says(wanted: str, topic: str, hears: bool) -> None:
    router = Router()
    wire = _hearer(router, "c", wanted)
    router.publish(topic, b"x", 1)
    assert wire.topics() == ([topic] if hears else [])


@pytest.mark.parametrize("wanted", ["a/b+", "a/#/b", "#a", "a/+b/c"])
def test_a_filter_against_the_rules_is_refused(wanted: str) -> None:
    router = Router()
    assert router.subscribe(router.open("c", True, 1)[0], wanted, 1) == FAILURE


def test_overlapping_filters_deliver_once() -> None:
    router = Router()
    wire = _hearer(router, "c", "a/b", "a/+", "a/#")
    router.publish("a/b", b"x", 1)
    assert wire.topics() == ["a/b"]


def test_what_is_not_acknowledged_is_said_again_after_a_reconnect_and_in_order() -> None:
    router = Router()
    wire = _hearer(router, "c", "t")
    for number in range(3):
        router.publish("t", b"%d" % number, 1)
    session, present = router.open("c", False, 10)
    assert present
    session.acknowledged(publish(wire.packets()[1]).mid)
    again = [(publish(one).payload, one.flags & 8) for one in Wire(session).packets()]
    assert again == [(b"0", 8), (b"2", 8)]


def test_a_session_away_keeps_its_newest_messages_only() -> None:
    router = Router()
    _hearer(router, "c", "t", room=3)
    session, _ = router.open("c", False, 3)
    session.write = None
    for number in range(10):
        router.publish("t", b"%d" % number, 1)
    assert [publish(one).payload for one in Wire(session).packets()] == [b"7", b"8", b"9"]


def test_a_message_of_qos_0_waits_for_nobody() -> None:
    router = Router()
    _hearer(router, "c", "t")
    session, _ = router.open("c", False, 3)
    session.write = None
    router.publish("t", b"x", 0)
    assert Wire(session).packets() == []


def test_more_than_a_window_waits_for_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("musterroll.broker.router._WINDOW", 2)
    router = Router()
    wire = _hearer(router, "c", "t")
    session, _ = router.open("c", False, 10)
    for number in range(5):
        router.publish("t", b"%d" % number, 1)
    first = [publish(one) for one in wire.packets()]
    assert [one.payload for one in first] == [b"0", b"1"]
    for one in first:
        session.acknowledged(one.mid)
    assert [publish(one).payload for one in wire.packets()] == [b"2", b"3"]


@given(st.lists(st.tuples(st.sampled_from(["sub", "unsub", "forget", "clean"]), st.sampled_from("ab"), st.sampled_from(["t", "+", "t/#"]))))
def test_the_index_says_what_the_sessions_say(steps: list[tuple[str, str, str]]) -> None:
    router = Router()
    for what, client_id, wanted in steps:
        session, _ = router.open(client_id, what == "clean", 5)
        if what == "sub":
            router.subscribe(session, wanted, 1)
        elif what == "unsub":
            router.unsubscribe(session, wanted)
        elif what == "forget":
            router.forget(client_id)
    expected = {one: bool(router.open(one, False, 5)[0].filters) for one in "ab"}
    wires = {one: Wire(router.open(one, False, 5)[0]) for one in "ab"}
    router.publish("t", b"x", 1)
    assert {one: wire.topics() == ["t"] for one, wire in wires.items()} == expected
