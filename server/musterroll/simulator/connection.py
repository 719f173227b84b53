"""One unit's MQTT connection on the event loop of its process."""

import asyncio
import math
import ssl
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import cast
from urllib.parse import urlsplit

from musterroll.listening import host_of
from musterroll.mqtt import packets, reader, writer

CONNECT_SECONDS = 20.0  # seconds for the broker to accept a connection


class Denied(Exception):
    """The broker rejected the credential."""


class Connection(asyncio.Protocol):
    """Created by `open_connection`. `on_message` is called with topic and payload of every message; `lost` is set when it ends."""

    def __init__(self, connect_packet: bytes, on_message: Callable[[str, bytes], None], on_acknowledged: Callable[[], None]) -> None:
        loop = asyncio.get_running_loop()
        self.lost = asyncio.Event()
        self.accepted: asyncio.Future[int] = loop.create_future()
        self.last_in = self.last_out = loop.time()
        self._connect_packet, self._on_message, self._on_acknowledged = connect_packet, on_message, on_acknowledged
        self._now = loop.time
        self._buffer = bytearray()
        self._mid = 0
        self._unanswered: deque[float] = deque()  # when each message was sent that the broker has not acknowledged
        self._swallows = False

    # -- sending

    def publish(self, topic: str, payload: bytes) -> None:
        self._unanswered.append(self._now())
        self._send(writer.publish(topic, payload, self._next_mid()))

    def subscribe(self, topics: list[str]) -> None:
        self._send(writer.subscribe(self._next_mid(), topics))

    def ping(self) -> None:
        self._send(writer.PINGREQ)

    async def lost_within(self, seconds: float) -> bool:
        """Wait up to `seconds`; returns whether the connection ended."""
        with suppress(TimeoutError):
            async with asyncio.timeout(max(seconds, 0)):
                await self.lost.wait()
        return self.lost.is_set()

    def unanswered_since(self) -> float:
        """Since when the broker owes an acknowledgement; infinite: it owes none."""
        return self._unanswered[0] if self._unanswered else math.inf

    def leave(self) -> None:
        """Disconnect cleanly: the broker publishes no will."""
        self._send(writer.DISCONNECT)
        self._transport.close()

    def drop(self) -> None:
        """Disconnect as after a power loss: the broker publishes the will. What a dead link swallows the broker does not learn."""
        if self._swallows:
            self.lost.set()
        else:
            self._transport.abort()

    def swallow(self) -> None:
        """From now on the link is dead without a word: both sockets stay open, and nothing passes."""
        self._swallows = True
        self._transport.pause_reading()

    def close(self) -> None:
        """Close the socket, of a dead link too."""
        self._transport.abort()

    def _send(self, frame: bytes) -> None:
        self.last_out = self._now()
        if not self._swallows:
            self._transport.write(frame)

    def _next_mid(self) -> int:
        self._mid = self._mid % 65535 + 1
        return self._mid

    # -- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send(self._connect_packet)

    def data_received(self, data: bytes) -> None:
        self.last_in = self._now()
        self._buffer += data
        try:
            while (packet := packets.take_packet(self._buffer)) is not None:
                self._handle(packet)
        except packets.MalformedPacket:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set()
        if not self.accepted.done():
            self.accepted.set_exception(exc or ConnectionResetError("the broker closed the connection"))

    def _handle(self, packet: packets.Packet) -> None:
        if packet.kind == packets.PUBLISH:
            message = reader.publish(packet)
            if message.qos:
                self._send(writer.puback(message.mid))
            self._on_message(message.topic, message.payload)
        elif packet.kind == packets.PUBACK:
            if self._unanswered:  # acknowledged in the order of sending
                self._unanswered.popleft()
            self._on_acknowledged()
        elif packet.kind == packets.CONNACK and not self.accepted.done():
            self.accepted.set_result(reader.connack(packet))


async def open_connection(
    url: str, connect_packet: bytes, on_message: Callable[[str, bytes], None], on_acknowledged: Callable[[], None]
) -> Connection:
    """A connection the broker has accepted. Raises Denied, OSError or TimeoutError."""
    parts = urlsplit(url)
    secure = parts.scheme in ("mqtts", "ssl")
    async with asyncio.timeout(CONNECT_SECONDS):
        _, connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(connect_packet, on_message, on_acknowledged),
            host_of(parts.hostname or "localhost"),
            parts.port or (8883 if secure else 1883),
            ssl=ssl.create_default_context() if secure else None,
        )
        try:
            code = await connection.accepted
        except BaseException:
            connection.drop()
            raise
    if code:
        connection.drop()
        raise Denied(f"the broker returned {code}") if code in (4, 5) else ConnectionRefusedError(f"the broker returned {code}")
    return connection
