"""Frames are what MQTT 3.1.1 says, and are found again however the stream is cut."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.simulator import mqtt


def test_a_connect_is_the_bytes_of_the_specification() -> None:
    assert mqtt.connect("u", "pw", 60, ("t", b"w")).hex() == "101a" + "00044d515454" + "04" + "ce" + "003c" + "000175" + (
        "000174" + "000177" + "000175" + "00027077"
    )


def test_a_publish_and_a_subscribe_are_the_bytes_of_the_specification() -> None:
    assert mqtt.publish("a/b", b"x", 10).hex() == "3208" + "0003612f62" + "000a" + "78"
    assert mqtt.subscribe(10, ["a/b"]).hex() == "8208" + "000a" + "0003612f62" + "01"


@given(st.lists(st.tuples(st.text(min_size=1, max_size=20), st.binary(max_size=300)), max_size=8), st.integers(1, 50))
def test_messages_come_out_as_they_went_in_however_the_stream_is_cut(messages: list[tuple[str, bytes]], size: int) -> None:
    stream = b"".join(mqtt.publish(topic, payload, place + 1) for place, (topic, payload) in enumerate(messages))
    buffer, found = bytearray(), []
    for start in range(0, len(stream), size):
        buffer += stream[start : start + size]
        found += [mqtt.published(packet) for packet in mqtt.packets(buffer)]
    assert [(message.topic, message.payload) for message in found] == messages
    assert not buffer


def test_a_length_of_more_than_four_bytes_is_refused() -> None:
    with pytest.raises(mqtt.Malformed):
        list(mqtt.packets(bytearray(b"\x30\xff\xff\xff\xff\x01")))
