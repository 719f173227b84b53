"""Writing packets. Topics are names or filters, `mid` is the packet identifier, payloads go out as they are."""

from collections.abc import Iterable

from musterroll.mqtt.packets import frame

PINGREQ = b"\xc0\x00"
PINGRESP = b"\xd0\x00"
DISCONNECT = b"\xe0\x00"
_PUBACK = b"\x40\x02"


def connect(client_id: str, password: str, keep_alive: int, will: tuple[str, bytes] | None = None) -> bytes:
    """CONNECT of MQTT 3.1.1 with a clean session; the client id is the user name. `will` is a topic and a payload, sent at QoS 1."""
    flags = 0b1100_0010 | (0b0000_1100 if will else 0)
    will_fields = _field(will[0].encode()) + _field(will[1]) if will else b""
    name = _field(client_id.encode())
    return frame(
        0x10, b"\x00\x04MQTT\x04" + bytes((flags,)) + keep_alive.to_bytes(2) + name + will_fields + name + _field(password.encode())
    )


def connack(code: int, session_present: bool = False) -> bytes:
    return bytes((0x20, 2, session_present, code))


def publish(topic: str, payload: bytes, mid: int = 0, *, repeated: bool = False, properties: bytes = b"") -> bytes:
    """A PUBLISH, not retained: at QoS 1 if it has a packet identifier. `repeated` says that it may have been delivered before.

    `properties` is the MQTT 5 property list, which that version always has (`properties.NONE`).
    """
    name = topic.encode()
    if not mid:
        return frame(0x30, len(name).to_bytes(2) + name + properties + payload)
    return frame(0x3A if repeated else 0x32, len(name).to_bytes(2) + name + mid.to_bytes(2) + properties + payload)


def puback(mid: int) -> bytes:
    return _PUBACK + mid.to_bytes(2)


def pubacks(mids: Iterable[bytes]) -> bytes:
    """A PUBACK for each packet identifier (two bytes), as one buffer."""
    joined = _PUBACK.join(mids)
    return _PUBACK + joined if joined else b""


def subscribe(mid: int, filters: Iterable[str], qos: int = 1) -> bytes:
    return frame(0x82, mid.to_bytes(2) + b"".join(_field(name.encode()) + bytes((qos,)) for name in filters))


def suback(mid: int, codes: list[int]) -> bytes:
    return frame(0x90, mid.to_bytes(2) + bytes(codes))


def unsuback(mid: int) -> bytes:
    return b"\xb0\x02" + mid.to_bytes(2)


def _field(value: bytes) -> bytes:
    return len(value).to_bytes(2) + value
