"""Packet bodies are read as the specification says; nonsense raises `MalformedPacket` and nothing else."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.mqtt import reader, writer
from musterroll.mqtt.packets import MalformedPacket, Packet, take_packet

from tests.support.mqtt import connect_packet, text


def _only(raw: bytes, longest: int = 16_384) -> Packet:
    buffer = bytearray(raw)
    packet = take_packet(buffer, longest)
    assert packet is not None
    assert not buffer
    return packet


def test_a_connect_is_read_with_its_will() -> None:
    packet = reader.connect(_only(connect_packet("u1", "u1", "pw", clean=False, keep_alive=30, will="musterroll/1/u1/death")))
    assert packet == reader.Connect("u1", "u1", "pw", False, 30, reader.Will("musterroll/1/u1/death", b"{}", 1))


def test_another_version_is_answered_with_the_reason() -> None:
    with pytest.raises(MalformedPacket, match=r"speaks MQTT 3.1.1") as refused:
        reader.connect(Packet(1, 0, text("MQTT") + b"\x05\x02\x00\x3c\x00"))
    assert refused.value.reply == b"\x20\x02\x00\x01"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        text("MQTT") + b"\x04\x03\x00\x3c" + text("u"),  # a reserved flag
        text("MQTT") + b"\x04\x42\x00\x3c" + text("u") + text("pw"),  # a password without a user
        text("MQTT") + b"\x04\x1e\x00\x3c" + text("u") + text("t") + text("x"),  # a will of QoS 3
        text("MQTT") + b"\x04\x0a\x00\x3c" + text("u"),  # the QoS of a will, and no will
        text("MQTT") + b"\x04\x06\x00\x3c" + text("u") + text("a/#") + text("x"),  # a will to a wildcard
        text("MQTT") + b"\x04\x02\x00\x3c" + text("u") + b"more",
        text("MQTT") + b"\x04\x02\x00\x3c" + text(b"\xff"),
        text("MQTT") + b"\x04\x02\x00\x3c" + text("a\0b"),
    ],
)
def test_an_invalid_connect_is_rejected(body: bytes) -> None:
    with pytest.raises(MalformedPacket):
        reader.connect(Packet(1, 0, body))


@pytest.mark.parametrize(
    ("flags", "body"),
    [(4, text("t") + b"\0\1"), (6, text("t") + b"\0\1"), (2, text("t") + b"\0\0"), (0, text("a/+")), (0, text("")), (0, b"\0\x09short")],
)
def test_an_invalid_publish_is_rejected(flags: int, body: bytes) -> None:
    with pytest.raises(MalformedPacket):
        reader.publish(Packet(3, flags, body))


@pytest.mark.parametrize("body", [b"\0\1", b"\0\0" + text("t") + b"\1", b"\0\1" + text("t") + b"\3", b"\0\1" + text("") + b"\1", b"\0"])
def test_an_invalid_subscription_is_rejected(body: bytes) -> None:
    with pytest.raises(MalformedPacket):
        reader.filters(Packet(8, 2, body))


@given(
    st.text(st.characters(exclude_characters="+#\0", codec="utf-8"), min_size=1, max_size=40), st.binary(max_size=300), st.integers(0, 1)
)
def test_a_message_written_is_the_message_read(topic: str, payload: bytes, qos: int) -> None:
    message = reader.publish(_only(writer.publish(topic, payload, mid=7 if qos else 0)))
    assert message == reader.Publish(topic, payload, qos, 7 if qos else 0)


@given(st.binary(max_size=200))
def test_nonsense_is_malformed_and_nothing_worse(raw: bytes) -> None:
    with contextlib.suppress(MalformedPacket):
        while (packet := take_packet(buffer := bytearray(raw), 1000)) is not None:
            for read in (reader.connect, reader.publish, reader.filters, reader.puback, reader.connack):
                with contextlib.suppress(MalformedPacket):
                    read(packet)
            raw = bytes(buffer)
