"""Splitting the byte stream of one connection into packets, many at a time."""

from typing import NamedTuple

from musterroll.mqtt.packets import MalformedPacket, decode_length
from musterroll.mqtt.reader import RawPublish, raw_publish

MAX_MESSAGE = 65_536  # bytes of one message that are kept; all that the wire contract allows is far smaller


class Packets(NamedTuple):
    publishes: list[RawPublish]
    others: list[bytes]  # whole packets of any other kind


class PacketStream:
    """Splits a stream into packets, however it was split on its way.

    A message larger than `MAX_MESSAGE` is returned truncated (and rejected later for its size); the rest of it is skipped.
    """

    def __init__(self, mqtt5: bool) -> None:
        self._mqtt5 = mqtt5
        self._rest = b""
        self._skip = 0

    def feed(self, data: bytes) -> Packets:
        """The packets that are complete now. Raises MalformedPacket."""
        if self._skip:
            skipped = min(self._skip, len(data))
            self._skip -= skipped
            data = data[skipped:]
        if self._rest:
            data = self._rest + data
        publishes: list[RawPublish] = []
        others: list[bytes] = []
        at, size = 0, len(data)
        while at + 2 <= size:
            length, start = data[at + 1], at + 2
            if length > 127:
                header = decode_length(data, at + 1, size)
                if header is None:
                    break
                length, start = header
            end = start + length
            if end > size and not (length > MAX_MESSAGE and size - start >= MAX_MESSAGE):
                break
            if data[at] & 0xF0 == 0x30:
                publishes.append(raw_publish(data, data[at], start, min(end, size), self._mqtt5))
            elif end > size:
                raise MalformedPacket("a control packet of more than 64 KiB")
            else:
                others.append(data[at:end])
            at = end
        self._skip += max(0, at - size)
        self._rest = data[at:]
        return Packets(publishes, others)
