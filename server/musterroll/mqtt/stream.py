"""MQTT frames as bytes: PUBLISH cut out of a stream, PUBACK and PUBLISH written many at a time. No sockets here."""

from collections.abc import Iterable
from typing import NamedTuple

Publication = tuple[bytes, bytes, bytes]  # topic, payload, packet identifier (two bytes; empty at QoS 0)

MOST = 65_536  # bytes of one message that are looked at; all that the wire allows is far smaller
_PUBACK = b"\x40\x02"


class Malformed(ValueError):
    """Bytes that are not MQTT."""


class Cut(NamedTuple):
    publications: list[Publication]
    others: list[bytes]  # whole packets of any other kind


class Cutter:
    """Cuts the byte stream of one connection into packets, however it was split on its way.

    A message larger than `MOST` is handed on cut short (and refused later for its size) and its rest is passed over.
    """

    def __init__(self, mqtt5: bool) -> None:
        self._mqtt5 = mqtt5
        self._rest = b""
        self._skip = 0

    def feed(self, data: bytes) -> Cut:
        """The packets that are whole now. Raises Malformed."""
        if self._skip:
            passed = min(self._skip, len(data))
            self._skip -= passed
            data = data[passed:]
        if self._rest:
            data = self._rest + data
        publications: list[Publication] = []
        others: list[bytes] = []
        at, size = 0, len(data)
        while at + 2 <= size:
            length, start = data[at + 1], at + 2
            if length > 127:
                found = _long_length(data, at, size)
                if found is None:
                    break
                length, start = found
            end = start + length
            if end > size and not (length > MOST and size - start >= MOST):
                break
            if data[at] & 0xF0 == 0x30:
                publications.append(self._publication(data, at, start, min(end, size)))
            elif end > size:
                raise Malformed("a control packet of more than 64 KiB")
            else:
                others.append(data[at:end])
            at = end
        self._skip += max(0, at - size)
        self._rest = data[at:]
        return Cut(publications, others)

    def _publication(self, data: bytes, at: int, start: int, end: int) -> Publication:
        after = start + 2 + (data[start] << 8 | data[start + 1]) if end - start >= 2 else end + 1
        topic, mid = data[start + 2 : after], b""
        if data[at] & 6:
            mid = data[after : after + 2]
            after += 2
        if after > end:
            raise Malformed("a PUBLISH shorter than its topic")
        if self._mqtt5:
            after = _past_properties(data, after, end)
        return topic, data[after:end], mid


def _long_length(data: bytes, at: int, size: int) -> tuple[int, int] | None:
    """The remaining length and where the body starts; None where more bytes are needed."""
    length = 0
    for place in range(4):
        if at + 1 + place >= size:
            return None
        byte = data[at + 1 + place]
        length |= (byte & 127) << 7 * place
        if byte < 128:
            return length, at + 2 + place
    raise Malformed("a packet length of more than four bytes")


def _past_properties(data: bytes, at: int, end: int) -> int:
    if at < end and data[at] < 128:
        after = at + 1 + data[at]
    else:
        found = _long_length(data, at - 1, end)
        if found is None:
            raise Malformed("a PUBLISH without its properties")
        after = found[1] + found[0]
    if after > end:
        raise Malformed("a PUBLISH shorter than its properties")
    return after


def pubacks(mids: Iterable[bytes]) -> bytes:
    """PUBACK packets for packet identifiers, as one buffer."""
    joined = _PUBACK.join(mids)
    return _PUBACK + joined if joined else b""


def publish(topic: bytes, payload: bytes, mqtt5: bool) -> bytes:
    """A PUBLISH packet at QoS 0, not retained."""
    body = len(topic).to_bytes(2) + topic + (b"\x00" if mqtt5 else b"") + payload
    return b"\x30" + _varint(len(body)) + body


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 127:
        found.append(value & 127 | 128)
        value >>= 7
    found.append(value)
    return bytes(found)
