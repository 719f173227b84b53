"""Packets are the bytes of the specification, and are read again however the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.mqtt import properties, reader, writer
from musterroll.mqtt.packets import take_packet
from musterroll.mqtt.stream import PacketStream

from tests.support.mqtt import packet

TOPICS = st.text(st.characters(exclude_characters="+#\0", codec="utf-8"), min_size=1, max_size=40)


def test_a_connect_is_the_bytes_of_the_specification() -> None:
    assert writer.connect("u", "pw", 60, ("t", b"w")).hex() == "101a" + "00044d515454" + "04" + "ce" + "003c" + "000175" + (
        "000174" + "000177" + "000175" + "00027077"
    )


def test_a_publish_and_a_subscribe_are_the_bytes_of_the_specification() -> None:
    assert writer.publish("a/b", b"x", 10).hex() == "3208" + "0003612f62" + "000a" + "78"
    assert writer.publish("a/b", b"x", 10, repeated=True).hex() == "3a08" + "0003612f62" + "000a" + "78"
    assert writer.publish("a/b", b"x").hex() == "3006" + "0003612f62" + "78"
    assert writer.publish("a/b", b"x", 10, properties=properties.NONE).hex() == "3209" + "0003612f62" + "000a" + "00" + "78"
    assert writer.subscribe(10, ["a/b"]).hex() == "8208" + "000a" + "0003612f62" + "01"


@pytest.mark.parametrize("size", [0, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152])
def test_a_body_of_any_size_is_framed_as_the_specification_says(size: int) -> None:
    name = b"\0\1t"
    assert writer.publish("t", b"x" * size) == packet(0x30, name + b"x" * size)


def test_acknowledgements_are_written_as_one_buffer() -> None:
    assert writer.pubacks([b"\x00\x01", b"\x12\x34"]) == b"\x40\x02\x00\x01\x40\x02\x12\x34"
    assert writer.pubacks([]) == b""


@given(st.lists(st.tuples(TOPICS, st.binary(max_size=300)), max_size=8), st.integers(1, 50))
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(messages: list[tuple[str, bytes]], size: int) -> None:
    stream = b"".join(writer.publish(topic, payload, place + 1) for place, (topic, payload) in enumerate(messages))
    buffer, received = bytearray(), []
    for start in range(0, len(stream), size):
        buffer += stream[start : start + size]
        while (whole := take_packet(buffer)) is not None:
            received.append(reader.publish(whole))
    assert received == [reader.Publish(topic, payload, 1, place + 1) for place, (topic, payload) in enumerate(messages)]
    assert not buffer


@given(TOPICS, st.binary(max_size=300), st.integers(0, 65_535))
def test_an_mqtt_5_message_written_is_the_message_read(topic: str, payload: bytes, mid: int) -> None:
    raw = writer.publish(topic, payload, mid, properties=properties.NONE)
    assert PacketStream(mqtt5=True).feed(raw) == ([(topic.encode(), payload, mid.to_bytes(2) if mid else b"")], [])
