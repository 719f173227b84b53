"""What every MQTT packet has: a type, flags, and a body framed by its length. Pure, as is everything in this package."""

from typing import NamedTuple

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, UNSUBSCRIBE, PINGREQ, DISCONNECT = 1, 2, 3, 4, 8, 10, 12, 14
ACCEPTED, BAD_VERSION, BAD_CLIENT_ID, UNAVAILABLE, BAD_LOGIN, NOT_AUTHORISED = range(6)  # return codes of CONNACK
FAILURE = 0x80  # return code of SUBACK
MAX_LENGTH = 268_435_455  # bytes of a body: the most that four length bytes can express


class MalformedPacket(ValueError):
    """Bytes that are not MQTT, or use more of it than we support. `str()` is the reason; send `reply` before closing."""

    def __init__(self, reason: str, reply: bytes = b"") -> None:
        super().__init__(reason)
        self.reply = reply


class Packet(NamedTuple):
    kind: int
    flags: int
    body: bytes


def take_packet(buffer: bytearray, max_length: int = MAX_LENGTH) -> Packet | None:
    """Remove the first packet from `buffer`; None if it is incomplete. Raises MalformedPacket, also for a body over `max_length` bytes."""
    header = decode_length(buffer, 1, len(buffer))
    if header is None:
        return None
    length, start = header
    if length > max_length:
        raise MalformedPacket(f"a packet of {length} bytes; at most {max_length} are allowed")
    end = start + length
    if end > len(buffer):
        return None
    packet = Packet(buffer[0] >> 4, buffer[0] & 15, bytes(buffer[start:end]))
    del buffer[:end]
    return packet


def decode_length(data: bytes | bytearray, at: int, size: int) -> tuple[int, int] | None:
    """The variable byte integer at index `at` and the index after it; None if it passes `size`. Raises MalformedPacket."""
    length = 0
    for place in range(4):
        if at + place >= size:
            return None
        byte = data[at + place]
        length |= (byte & 127) << 7 * place
        if byte < 128:
            return length, at + place + 1
    raise MalformedPacket("a packet length of more than four bytes")


def frame(first: int, body: bytes) -> bytes:
    """A packet: first byte (type and flags), length, body."""
    length = len(body)
    if length < 128:
        return bytes((first, length)) + body
    header = bytearray((first,))
    while length > 127:
        header.append(length & 127 | 128)
        length >>= 7
    header.append(length)
    return bytes(header) + body
