"""A bare MQTT 3.1.1 client that sends exactly the bytes a test wants and shows exactly what came back.

It shares no code with `musterroll.mqtt`, so that it can check it.
"""

import socket
import struct
from typing import NamedTuple

CANARY = "musterroll/1/registry/canary"


class Received(NamedTuple):
    topic: str
    payload: bytes
    qos: int = 1
    repeated: bool = False
    retained: bool = False


def text(value: str | bytes) -> bytes:
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack("!H", len(raw)) + raw


def packet(head: int, body: bytes = b"") -> bytes:
    length, left = bytearray(), len(body)
    while left > 127:
        length.append(left & 127 | 128)
        left >>= 7
    return bytes([head, *length, left]) + body


def connect_packet(
    client_id: str, user: str, password: str, *, clean: bool = True, keep_alive: int = 60, will: str = "", will_retain: bool = False
) -> bytes:
    flags = 0xC0 | clean << 1 | (0x0C if will else 0) | will_retain << 5
    body = text("MQTT") + bytes([4, flags]) + struct.pack("!H", keep_alive) + text(client_id)
    body += (text(will) + text("{}")) if will else b""
    return packet(0x10, body + text(user) + text(password))


class RawClient:
    """Connects at once; `code` is that of the CONNACK, None where the broker closed the connection."""

    def __init__(
        self, port: int, user: str = "", password: str = "", client_id: str | None = None, first: bytes = b"", **options: object
    ) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._mid = 0
        self._messages: list[Received] = []
        self.send(first or connect_packet(user if client_id is None else client_id, user, password, **options))  # type: ignore[arg-type]
        answer = self.read()
        self.code = answer[1][1] if answer else None
        self.present = bool(answer and answer[1][0])

    def __del__(self) -> None:
        self.socket.close()

    def send(self, raw: bytes) -> None:
        try:
            self.socket.sendall(raw)
        except OSError:
            return  # the broker closed the connection first

    def read(self) -> tuple[int, bytes] | None:
        """The next packet, None at the end of the connection."""
        try:
            head = self._some(1)[0]
            length = shift = 0
            while (byte := self._some(1)[0]) & 128:
                length, shift = length | (byte & 127) << shift, shift + 7
            return head, self._some(length | byte << shift)
        except (EOFError, ConnectionError):
            return None

    def _some(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            if not (more := self.socket.recv(size - len(data))):
                raise EOFError
            data += more
        return data

    def publish(self, topic: str, payload: bytes = b"{}", qos: int = 1, retain: bool = False) -> bool:
        """Whether the broker acknowledged it; False if it closed the connection. At QoS 0 a ping proves that it was read."""
        self._mid += 1
        self.send(packet(0x30 | qos << 1 | retain, text(topic) + (struct.pack("!H", self._mid) if qos else b"") + payload))
        if not qos:
            self.send(packet(0xC0))
        return self._await(0x40 if qos else 0xD0) is not None

    def subscribe(self, *filters: str, qos: int = 1) -> list[int]:
        """The codes of the SUBACK; empty if the broker closed the connection."""
        self._mid += 1
        self.send(packet(0x82, struct.pack("!H", self._mid) + b"".join(text(name) + bytes([qos]) for name in filters)))
        answer = self._await(0x90)
        return list(answer[2:]) if answer else []

    def next(self, acknowledge: bool = True) -> Received | None:
        """The next message, None at the end of the connection."""
        while not self._messages:
            answer = self.read()
            if answer is None:
                return None
            self._take(*answer, acknowledge)
        return self._messages.pop(0)

    def until(self, topic: str) -> list[Received]:
        """Every message before the one under `topic`: what a broker sends to one session stays in order."""
        received = []
        while (message := self.next()) is not None and message.topic != topic:
            received.append(message)
        assert message is not None, "the broker closed the connection"
        return received

    def closed(self) -> bool:
        """Wait until the broker closes the connection."""
        while self.read() is not None:
            pass
        return True

    def drop(self) -> None:
        """Close without a DISCONNECT, as at a power cut."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def leave(self) -> None:
        self.send(packet(0xE0))
        self.socket.close()

    def _await(self, head: int) -> bytes | None:
        while (answer := self.read()) is not None:
            if answer[0] & 0xF0 == head:
                return answer[1]
            self._take(*answer, True)
        return None

    def _take(self, head: int, body: bytes, acknowledge: bool) -> None:
        if head >> 4 != 3:
            return
        qos, size = head >> 1 & 3, struct.unpack_from("!H", body)[0]
        rest = body[2 + size :]
        if qos and acknowledge:
            self.send(packet(0x40, rest[:2]))
        self._messages.append(Received(body[2 : 2 + size].decode(), rest[2:] if qos else rest, qos, bool(head & 8), bool(head & 1)))
