"""MQTT 3.1.1 packets as bytes: taking them apart, strictly, and putting them together. Pure."""

import struct
from typing import NamedTuple

CONNECT, PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 1, 3, 4, 8, 10, 12, 14
ACCEPTED, BAD_VERSION, BAD_CLIENT_ID, UNAVAILABLE, BAD_LOGIN, NOT_AUTHORISED = range(6)
FAILURE = 0x80
PINGRESP = b"\xd0\x00"


class Malformed(Exception):
    """Bytes that are not MQTT 3.1.1, or more of it than is taken here. `str()` says what; `answer` goes out before closing."""

    def __init__(self, what: str, answer: bytes = b"") -> None:
        super().__init__(what)
        self.answer = answer


class Packet(NamedTuple):
    kind: int
    flags: int
    body: bytes


class Will(NamedTuple):
    topic: str
    payload: bytes
    qos: int


class Connect(NamedTuple):
    client_id: str
    user: str
    password: str
    clean: bool
    keep_alive: int  # seconds; 0 = none
    will: Will | None


class Publish(NamedTuple):
    topic: str
    payload: bytes
    qos: int
    mid: int  # 0 where QoS is 0


class Filters(NamedTuple):
    """Of SUBSCRIBE (filter, QoS) or UNSUBSCRIBE (filter, 0)."""

    mid: int
    filters: list[tuple[str, int]]


def take(buffer: bytearray, longest: int) -> Packet | None:
    """Remove the first packet of `buffer`; None where it is not all there yet. Raises Malformed for one with more than `longest` bytes."""
    head = _head(buffer, longest)
    if head is None or head[1] > len(buffer):
        return None
    found = Packet(buffer[0] >> 4, buffer[0] & 15, bytes(buffer[head[0] : head[1]]))
    del buffer[: head[1]]
    return found


def _head(buffer: bytearray, longest: int) -> tuple[int, int] | None:
    """Where the body of the first packet begins and ends; None where its length is not complete yet."""
    length = 0
    for at in range(1, 5):
        if at >= len(buffer):
            return None
        length |= (buffer[at] & 0x7F) << (7 * (at - 1))
        if buffer[at] < 0x80:
            if length > longest:
                raise Malformed(f"a packet of {length} bytes; at most {longest} are taken")
            return at + 1, at + 1 + length
    raise Malformed("a packet length of more than four bytes")


class _Body:
    """Reads through the body of a packet. Raises Malformed past its end."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def number(self, size: int) -> int:
        return int.from_bytes(self.some(size), "big")

    def some(self, size: int) -> bytes:
        if self._at + size > len(self._body):
            raise Malformed("a packet shorter than it says")
        self._at += size
        return self._body[self._at - size : self._at]

    def data(self) -> bytes:
        return self.some(self.number(2))

    def text(self) -> str:
        try:
            found = self.data().decode()
        except UnicodeDecodeError:
            raise Malformed("text that is not UTF-8") from None
        if "\0" in found:
            raise Malformed("text with a NUL")
        return found

    def rest(self) -> bytes:
        return self.some(len(self._body) - self._at)

    @property
    def ended(self) -> bool:
        return self._at == len(self._body)


def connect(packet: Packet) -> Connect:
    """The first packet of a connection. Raises Malformed, with the CONNACK to send where there is one."""
    if packet.kind != CONNECT or packet.flags:
        raise Malformed("something else than CONNECT first")
    body = _Body(packet.body)
    name, level = body.text(), body.number(1)
    if (name, level) != ("MQTT", 4):
        raise Malformed(f"protocol {name[:8]!r} level {level}; this broker speaks MQTT 3.1.1 (level 4)", connack(BAD_VERSION))
    flags, keep_alive, client_id = body.number(1), body.number(2), body.text()
    qos = flags >> 3 & 3
    if flags & 1 or qos == 3 or (flags & 0x38 and not flags & 4) or (flags & 0x40 and not flags & 0x80):
        raise Malformed("connect flags that MQTT 3.1.1 does not know")
    will = Will(topic_name(body.text()), body.data(), qos) if flags & 4 else None
    user = body.text() if flags & 0x80 else ""
    password = body.data().decode("utf-8", "replace") if flags & 0x40 else ""
    if not body.ended:
        raise Malformed("a CONNECT longer than it says")
    return Connect(client_id, user, password, bool(flags & 2), keep_alive, will)


def publish(packet: Packet) -> Publish:
    """A message from a client; its retain flag is passed over, for nothing is retained here."""
    body = _Body(packet.body)
    qos = packet.flags >> 1 & 3
    if qos > 1:
        raise Malformed(f"QoS {qos}; this broker takes 0 and 1")
    topic = topic_name(body.text())
    mid = body.number(2) if qos else 0
    if qos and not mid:
        raise Malformed("a packet id of 0")
    return Publish(topic, body.rest(), qos, mid)


def filters(packet: Packet) -> Filters:
    """What a client wants to hear, or no longer."""
    if packet.flags != 2:
        raise Malformed("reserved flags that are not 2")
    body = _Body(packet.body)
    found = Filters(body.number(2), [])
    while not body.ended:
        name = body.text()
        found.filters.append((name, body.number(1) if packet.kind == SUBSCRIBE else 0))
    if not found.mid or not found.filters or any(qos > 2 or not name for name, qos in found.filters):
        raise Malformed("a subscription without an id, a filter or a QoS")
    return found


def acknowledged(packet: Packet) -> int:
    """The packet id of a PUBACK."""
    if len(packet.body) != 2:
        raise Malformed("a PUBACK that is not two bytes")
    return int.from_bytes(packet.body, "big")


def topic_name(text: str) -> str:
    """`text` where a message may be published under it. Raises Malformed for wildcards and the empty name."""
    if not text or "+" in text or "#" in text:
        raise Malformed(f"{text[:80]!r} is no topic name")
    return text


def connack(code: int, session_present: bool = False) -> bytes:
    return bytes((0x20, 2, session_present, code))


def puback(mid: int) -> bytes:
    return b"\x40\x02" + mid.to_bytes(2, "big")


def suback(mid: int, codes: list[int]) -> bytes:
    return b"\x90" + _length(2 + len(codes)) + mid.to_bytes(2, "big") + bytes(codes)


def unsuback(mid: int) -> bytes:
    return b"\xb0\x02" + mid.to_bytes(2, "big")


def message(topic: str, payload: bytes, qos: int, mid: int = 0, again: bool = False) -> bytes:
    """A PUBLISH to a client; `again` marks what may have reached it before."""
    name = topic.encode()
    body = struct.pack("!H", len(name)) + name + (mid.to_bytes(2, "big") if qos else b"") + payload
    return bytes((0x30 | qos << 1 | again << 3,)) + _length(len(body)) + body


def _length(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    found.append(number)
    return bytes(found)
