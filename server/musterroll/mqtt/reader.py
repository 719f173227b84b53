"""Reading packet bodies, strictly. Each function raises MalformedPacket."""

from typing import NamedTuple

from musterroll.mqtt import writer
from musterroll.mqtt.packets import BAD_VERSION, CONNECT, SUBSCRIBE, MalformedPacket, Packet
from musterroll.mqtt.properties import end_of_properties

RawPublish = tuple[bytes, bytes, bytes]  # topic, payload, packet identifier (two bytes; empty at QoS 0)


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
    mid: int  # 0 at QoS 0


class Filters(NamedTuple):
    """Of SUBSCRIBE (filter, QoS) or UNSUBSCRIBE (filter, 0)."""

    mid: int
    filters: list[tuple[str, int]]


class _Body:
    """Reads through the body of a packet."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def read(self, size: int) -> bytes:
        if self._at + size > len(self._body):
            raise MalformedPacket("a packet shorter than it says")
        self._at += size
        return self._body[self._at - size : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.read(size))

    def data(self) -> bytes:
        return self.read(self.number(2))

    def text(self) -> str:
        return _text(self.data())

    @property
    def ended(self) -> bool:
        return self._at == len(self._body)


def connect(packet: Packet) -> Connect:
    """The first packet of a connection. The MalformedPacket it raises carries the CONNACK to send, where there is one."""
    if packet.kind != CONNECT or packet.flags:
        raise MalformedPacket("the first packet is not CONNECT")
    body = _Body(packet.body)
    name, level = body.text(), body.number(1)
    if (name, level) != ("MQTT", 4):
        raise MalformedPacket(f"protocol {name[:8]!r} level {level}; this broker speaks MQTT 3.1.1 (level 4)", writer.connack(BAD_VERSION))
    flags, keep_alive, client_id = body.number(1), body.number(2), body.text()
    qos = flags >> 3 & 3
    if flags & 1 or qos == 3 or (flags & 0x38 and not flags & 4) or (flags & 0x40 and not flags & 0x80):
        raise MalformedPacket("connect flags that MQTT 3.1.1 does not know")
    will = Will(_topic_name(body.text()), body.data(), qos) if flags & 4 else None
    user = body.text() if flags & 0x80 else ""
    password = body.data().decode("utf-8", "replace") if flags & 0x40 else ""
    if not body.ended:
        raise MalformedPacket("a CONNECT longer than it says")
    return Connect(client_id, user, password, bool(flags & 2), keep_alive, will)


def connack(packet: Packet) -> int:
    """The return code."""
    if len(packet.body) != 2:
        raise MalformedPacket("a CONNACK that is not two bytes")
    return packet.body[1]


def publish(packet: Packet) -> Publish:
    """An MQTT 3.1.1 message. Its retain flag is ignored: nothing is retained here."""
    qos = packet.flags >> 1 & 3
    if qos > 1:
        raise MalformedPacket(f"QoS {qos}; only 0 and 1 are supported")
    topic, payload, mid = raw_publish(packet.body, packet.flags, 0, len(packet.body), mqtt5=False)
    if mid == b"\x00\x00":
        raise MalformedPacket("a packet id of 0")
    return Publish(_topic_name(_text(topic)), payload, qos, int.from_bytes(mid))


def raw_publish(data: bytes, flags: int, start: int, end: int, mqtt5: bool) -> RawPublish:
    """The PUBLISH whose body is `data[start:end]`; topic and identifier are not checked. `flags` may be the whole first byte."""
    after = start + 2 + (data[start] << 8 | data[start + 1]) if end - start >= 2 else end + 1
    topic, mid = data[start + 2 : after], b""
    if flags & 6:
        mid = data[after : after + 2]
        after += 2
    if after > end:
        raise MalformedPacket("a PUBLISH shorter than its topic")
    if mqtt5:
        after = end_of_properties(data, after, end)
    return topic, data[after:end], mid


def puback(packet: Packet) -> int:
    """The packet id."""
    if len(packet.body) != 2:
        raise MalformedPacket("a PUBACK that is not two bytes")
    return int.from_bytes(packet.body)


def filters(packet: Packet) -> Filters:
    """The topic filters of a SUBSCRIBE or UNSUBSCRIBE."""
    if packet.flags != 2:
        raise MalformedPacket("reserved flags that are not 2")
    body = _Body(packet.body)
    subscription = Filters(body.number(2), [])
    while not body.ended:
        name = body.text()
        subscription.filters.append((name, body.number(1) if packet.kind == SUBSCRIBE else 0))
    if not subscription.mid or not subscription.filters or any(qos > 2 or not name for name, qos in subscription.filters):
        raise MalformedPacket("a subscription without an id, a filter or a QoS")
    return subscription


def _text(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise MalformedPacket("text that is not UTF-8") from None
    if "\0" in text:
        raise MalformedPacket("text with a NUL")
    return text


def _topic_name(text: str) -> str:
    """`text`, if messages can be published under it: no wildcards, not empty."""
    if not text or "+" in text or "#" in text:
        raise MalformedPacket(f"{text[:80]!r} is no topic name")
    return text
