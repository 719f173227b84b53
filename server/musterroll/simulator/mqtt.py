"""The part of MQTT 3.1.1 a unit needs, as frames: written whole, and cut from a stream. No sockets here."""

from collections.abc import Iterator
from typing import NamedTuple

CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9
PINGREQ = b"\xc0\x00"
DISCONNECT = b"\xe0\x00"


class Malformed(ValueError):
    """Bytes that are not MQTT."""


class Packet(NamedTuple):
    kind: int
    flags: int
    body: bytes


class Published(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    mid: int  # 0 at QoS 0


def connect(client: str, password: str, keepalive: int, will: tuple[str, bytes] | None = None) -> bytes:
    """CONNECT with a clean session; the client id is the user name. `will` is a topic and a payload, sent at QoS 1."""
    flags = 0b1100_0010 | (0b0000_1100 if will else 0)
    testament = _text(will[0].encode()) + _text(will[1]) if will else b""
    name = _text(client.encode())
    return _frame(0x10, b"\x00\x04MQTT\x04" + bytes([flags]) + _number(keepalive) + name + testament + name + _text(password.encode()))


def subscribe(mid: int, topics: list[str], qos: int = 1) -> bytes:
    """SUBSCRIBE to topics."""
    return _frame(0x82, _number(mid) + b"".join(_text(topic.encode()) + bytes([qos]) for topic in topics))


def publish(topic: str, payload: bytes, mid: int) -> bytes:
    """PUBLISH at QoS 1."""
    return _frame(0x32, _text(topic.encode()) + _number(mid) + payload)


def puback(mid: int) -> bytes:
    return b"\x40\x02" + _number(mid)


def published(packet: Packet) -> Published:
    """What a PUBLISH packet carries. Raises Malformed."""
    body, qos = packet.body, packet.flags >> 1 & 3
    end = 2 + int.from_bytes(body[:2])
    start = end + (2 if qos else 0)
    if len(body) < start:
        raise Malformed("a PUBLISH shorter than its topic")
    return Published(body[2:end].decode(), body[start:], qos, int.from_bytes(body[end:start]))


def packets(buffer: bytearray) -> Iterator[Packet]:
    """Cuts whole packets off the front of `buffer`; what is left waits for more bytes. Raises Malformed."""
    while (header := _header(buffer)) is not None:
        start, length = header
        if len(buffer) < start + length:
            return
        first, body = buffer[0], bytes(buffer[start : start + length])
        del buffer[: start + length]
        yield Packet(first >> 4, first & 15, body)


def _header(buffer: bytearray) -> tuple[int, int] | None:
    """Where the body starts and how long it is; None where more bytes are needed."""
    length = 0
    for place in range(4):
        if len(buffer) < place + 2:
            return None
        byte = buffer[place + 1]
        length |= (byte & 127) << 7 * place
        if byte < 128:
            return place + 2, length
    raise Malformed("a remaining length of more than four bytes")


def _frame(first: int, body: bytes) -> bytes:
    length, size = bytearray(), len(body)
    while True:
        size, digit = size >> 7, size & 127
        length.append(digit | 128 if size else digit)
        if not size:
            return bytes([first]) + length + body


def _text(value: bytes) -> bytes:
    return _number(len(value)) + value


def _number(value: int) -> bytes:
    return value.to_bytes(2)
