"""Splitting a stream into packets, compared with paho's own reading."""

import socket
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.ingest.paho_client import FastClient, StockClient, fast_client_works
from musterroll.mqtt.packets import MalformedPacket
from musterroll.mqtt.reader import RawPublish
from musterroll.mqtt.stream import MAX_MESSAGE, PacketStream
from paho.mqtt.client import Client

from tests.support.mqtt import packet

CONNACK = {False: b"\x20\x02\x00\x00", True: b"\x20\x03\x00\x00\x00"}
PINGRESP = b"\xd0\x00"


def publish_packet(topic: bytes, payload: bytes, mid: int, mqtt5: bool) -> bytes:
    properties = b"\x02\x01\x01" if mqtt5 else b""  # payload format indicator: a property to skip
    identifier = mid.to_bytes(2) if mid else b""
    return packet(0x32 if mid else 0x30, len(topic).to_bytes(2) + topic + identifier + properties + payload)


PACKETS = st.lists(
    st.none() | st.tuples(st.text(min_size=1, max_size=20).map(str.encode), st.binary(max_size=400), st.integers(0, 65535)), max_size=12
)


def stream(packets: list[tuple[bytes, bytes, int] | None], mqtt5: bool) -> bytes:
    return CONNACK[mqtt5] + b"".join(publish_packet(*message, mqtt5) if message else PINGRESP for message in packets)


def converse(make: type[StockClient], mqtt5: bool, chunks: list[bytes]) -> tuple[list[RawPublish], list[str]]:
    """What a client makes of a stream that comes in these chunks: messages, and whether it knows that it is connected."""
    received: list[RawPublish] = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        client = make("x", mqtt5, received.extend)
        client._sock = ours
        for chunk in chunks:
            theirs.sendall(chunk)
            for _ in range(len(chunk)):
                client.loop_read()
        connected = ["connected"] if client.is_connected() else []
        client._sock = None
    return received, connected


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[a:b] for a, b in pairwise(places)]


@settings(max_examples=150, deadline=None)
@given(packets=PACKETS, cuts=st.lists(st.integers(0, 5000), max_size=10), mqtt5=st.booleans())
def test_the_fast_client_and_pahos_own_read_the_same_however_the_stream_is_split(
    packets: list[tuple[bytes, bytes, int] | None], cuts: list[int], mqtt5: bool
) -> None:
    chunks = pieces(stream(packets, mqtt5), cuts)
    expected = [(topic, payload, mid.to_bytes(2) if mid else b"") for topic, payload, mid in filter(None, packets)]
    assert converse(FastClient, mqtt5, chunks) == (expected, ["connected"])
    assert converse(StockClient, mqtt5, chunks) == (expected, ["connected"])


@given(cuts=st.lists(st.integers(0, 400_000), max_size=6), size=st.integers(MAX_MESSAGE - 20, 300_000))
@settings(max_examples=50, deadline=None)
def test_an_oversize_message_is_truncated_and_the_next_one_is_whole(cuts: list[int], size: int) -> None:
    reader = PacketStream(mqtt5=False)
    data = publish_packet(b"big", b"x" * size, 1, False) + publish_packet(b"next", b"whole", 2, False)
    received = [message for chunk in pieces(data, cuts) for message in reader.feed(chunk).publishes]
    assert [(topic, mid) for topic, _, mid in received] == [(b"big", b"\x00\x01"), (b"next", b"\x00\x02")]
    assert len(received[0][1]) > 8192
    assert received[1][1] == b"whole"


@pytest.mark.parametrize(
    "data",
    [
        b"\x30\xff\xff\xff\xff\xff",  # a length of five bytes
        b"\x32\x03\x00\x09a",  # a topic that passes the end
        b"\x32\x03\x00\x01a",  # no packet identifier
        b"\x30\x01\x00",  # half a topic length
        b"\xd0\xff\xff\xff\x01" + b"x" * MAX_MESSAGE,  # a control packet of 4 MB
    ],
)
def test_bytes_that_are_not_mqtt_are_rejected(data: bytes) -> None:
    with pytest.raises(MalformedPacket):
        PacketStream(mqtt5=False).feed(data)


def test_the_fast_client_works_with_this_paho() -> None:
    assert fast_client_works()


@pytest.mark.parametrize("name", ["_packet_read", "_packet_queue", "_sock_recv"])
def test_the_fast_client_is_not_used_if_paho_is_built_otherwise(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Client, name)
    assert not fast_client_works()
