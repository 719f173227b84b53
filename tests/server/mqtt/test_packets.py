"""Packets are found in a stream however it was cut, and absurd lengths are rejected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.mqtt.packets import MalformedPacket, Packet, take_packet

from tests.support.mqtt import packet


@given(st.binary(max_size=400), st.integers(1, 400))
def test_packets_come_out_whole_however_the_bytes_are_cut(body: bytes, cut: int) -> None:
    raw = packet(0x32, body) + packet(0xC0)
    buffer, packets = bytearray(), []
    for start in range(0, len(raw), cut):
        buffer += raw[start : start + cut]
        while (whole := take_packet(buffer, 1000)) is not None:
            packets.append(whole)
    assert packets == [Packet(3, 2, body), Packet(12, 0, b"")]
    assert not buffer


def test_a_packet_is_rejected_by_its_length_before_it_has_come() -> None:
    with pytest.raises(MalformedPacket, match="2097152 bytes; at most 1000"):
        take_packet(bytearray(b"\x30\x80\x80\x80\x01"), 1000)
    with pytest.raises(MalformedPacket, match="four bytes"):
        take_packet(bytearray(b"\x30\xff\xff\xff\xff\x01"))
