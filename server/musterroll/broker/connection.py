"""One client's connection: it must authenticate, is held to its access rules and its rate limit, and is closed on a protocol error."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from musterroll.broker.router import Router, Session
from musterroll.broker.topic_access import REGISTRY, may_publish, may_subscribe, may_use_client_id
from musterroll.mqtt import packets, reader, writer
from musterroll.mqtt.packets import MalformedPacket, Packet
from musterroll.mqtt.reader import Connect

log = logging.getLogger(__name__)
_MAX_PACKET = 16 * 1024  # bytes: twice the longest payload of the wire contract
_MAX_FIRST_PACKET = 1024  # bytes of the CONNECT, will included
_CONNECT_BYTE = packets.CONNECT << 4
_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 3.0
_RATE, _BURST = 100.0, 1000.0  # packets of one unit per second on average, and at once
_QUEUE, _REGISTRY_QUEUE = 200, 200_000  # messages stored for a unit, and for the registry, while it is offline


class BrokerState(NamedTuple):
    """Shared by all connections."""

    router: Router
    authenticate: Callable[[str, str], Awaitable[int | None]]  # user and password to the id of the credential, 0 for the registry
    by_client_id: dict[str, "Connection"]  # authenticated
    max_connections: int
    connections: set["Connection"]


class Connection(asyncio.Protocol):
    def __init__(self, state: BrokerState, loop: asyncio.AbstractEventLoop) -> None:
        self._state, self._loop = state, loop
        self._buffer = bytearray()
        self._max_packet = _MAX_FIRST_PACKET
        self._client: Connect | None = None
        self._session: Session | None = None
        self._tokens, self._refilled_at = _BURST, loop.time()
        self._received_at = loop.time()
        self._timeout: asyncio.TimerHandle | None = None
        self._login: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self.credential: int | None = None
        self.closed = asyncio.Event()

    # -- called by the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._state.connections.add(self)
        self._timeout = self._loop.call_later(_CONNECT_SECONDS, self.close)
        if len(self._state.connections) > self._state.max_connections:
            self.close(writer.connack(packets.UNAVAILABLE))

    def data_received(self, data: bytes) -> None:
        self._received_at = self._loop.time()
        self._buffer += data
        self._read()

    def connection_lost(self, error: Exception | None) -> None:
        if self._timeout:
            self._timeout.cancel()
        if self._login:
            self._login.cancel()
        self._release()
        self._state.connections.discard(self)
        self.closed.set()

    def pause_writing(self) -> None:
        if self._session:
            self._session.write = None

    def resume_writing(self) -> None:
        if self._session:
            self._session.write = self._transport.write
            self._session.flush()

    # -- packets from the client

    def _read(self) -> None:
        try:
            if self._session is None and self._buffer and self._buffer[0] != _CONNECT_BYTE:
                raise MalformedPacket("the first packet is not CONNECT")
            while not self._busy and (packet := packets.take_packet(self._buffer, self._max_packet)) is not None:
                self._handle(packet)
        except MalformedPacket as error:
            log.info("closed the connection of %s: %s", self._name, error)
            self.close(error.reply)
        except Exception:  # one client must never stop the broker
            log.exception("closed the connection of %s", self._name)
            self.close()

    @property
    def _busy(self) -> bool:
        """Whether packets must wait: the connection is closing, or the login is not complete."""
        return self._transport.is_closing() or (self._login is not None and self._session is None)

    def _handle(self, packet: Packet) -> None:
        if self._session is None:
            self._begin_login(packet)
        elif packet.kind == packets.PUBLISH:
            self._publish(reader.publish(packet))
        elif packet.kind == packets.PUBACK:
            self._session.acknowledged(reader.puback(packet))
        elif packet.kind == packets.PINGREQ:
            self._transport.write(writer.PINGRESP)
        elif packet.kind in (packets.SUBSCRIBE, packets.UNSUBSCRIBE):
            self._subscribe(packet.kind, reader.filters(packet))
        elif packet.kind == packets.DISCONNECT:
            self._discard_will()
            self.close()
        else:
            raise MalformedPacket(f"a packet of kind {packet.kind}")
        if self._session and self._user != REGISTRY:
            self._limit_rate()

    def _begin_login(self, packet: Packet) -> None:
        client = reader.connect(packet)
        self._transport.pause_reading()
        self._login = self._loop.create_task(self._log_in(client))

    async def _log_in(self, client: Connect) -> None:
        """Accept or reject a client. An earlier connection with the same client id is closed first."""
        code = await self._return_code(client)
        if code != packets.ACCEPTED:
            log.info("refused %r as %r: CONNACK %d", client.user[:64], client.client_id[:64], code)
            return self.close(writer.connack(code))
        while (other := self._state.by_client_id.get(client.client_id)) is not None:
            other.abort()
            await other.closed.wait()
        if self._transport.is_closing():
            return None
        self._state.by_client_id[client.client_id] = self
        queue = _REGISTRY_QUEUE if client.user == REGISTRY else _QUEUE
        self._session, present = self._state.router.open(client.client_id, client.clean, queue)
        self._client, self._max_packet = client, _MAX_PACKET
        self._check_keep_alive(client.keep_alive)
        self._transport.write(writer.connack(packets.ACCEPTED, present))
        self._session.resume(self._transport.write)
        self._transport.resume_reading()
        return self._read()

    async def _return_code(self, client: Connect) -> int:
        if not may_use_client_id(client.user, client.client_id):
            return packets.BAD_CLIENT_ID
        if client.will and not may_publish(client.user, client.will.topic):
            return packets.NOT_AUTHORISED
        try:
            self.credential = await self._state.authenticate(client.user, client.password)
        except Exception:  # the database is unavailable
            log.exception("could not check the credential of %r", client.user[:64])
            return packets.UNAVAILABLE
        return packets.BAD_LOGIN if self.credential is None else packets.ACCEPTED

    def _publish(self, message: reader.Publish) -> None:
        # MQTT 3.1.1 cannot reject a single message: one that is not allowed is acknowledged and dropped.
        if may_publish(self._user, message.topic):
            self._state.router.publish(message.topic, message.payload, message.qos)
        else:
            log.warning("%s may not publish to %r: dropped", self._name, message.topic[:120])
        if message.qos:
            self._transport.write(writer.puback(message.mid))

    def _subscribe(self, kind: int, subscription: reader.Filters) -> None:
        assert self._session
        router, session = self._state.router, self._session
        if kind == packets.UNSUBSCRIBE:
            for name, _ in subscription.filters:
                router.unsubscribe(session, name)
            return self._transport.write(writer.unsuback(subscription.mid))
        codes = [
            router.subscribe(session, name, qos) if may_subscribe(self._user, name) else packets.FAILURE
            for name, qos in subscription.filters
        ]
        return self._transport.write(writer.suback(subscription.mid, codes))

    # -- time limits

    def _check_keep_alive(self, keep_alive: int) -> None:
        if self._timeout:
            self._timeout.cancel()
        if not keep_alive:
            return None
        left = self._received_at + 1.5 * keep_alive - self._loop.time()
        if left <= 0:
            log.info("closed the connection of %s: nothing received for 1.5 times its keep-alive of %d s", self._name, keep_alive)
            return self.abort()
        self._timeout = self._loop.call_later(left, self._check_keep_alive, keep_alive)
        return None

    def _limit_rate(self) -> None:
        """Token bucket: reading from a unit that sends too fast pauses, so that its messages wait on its side."""
        now = self._loop.time()
        self._tokens = min(_BURST, self._tokens + (now - self._refilled_at) * _RATE) - 1
        self._refilled_at = now
        if self._tokens < 0 and self._transport.is_reading():
            self._transport.pause_reading()
            self._loop.call_later(-self._tokens / _RATE, self._transport.resume_reading)

    # -- the end

    def close(self, last: bytes = b"") -> None:
        """Send `last` and close; the connection is aborted if the client does not read it."""
        if last:
            self._transport.write(last)
        self._transport.close()
        self._loop.call_later(_CLOSE_SECONDS, self.abort)

    def abort(self) -> None:
        self._transport.abort()

    def evict(self) -> None:
        """The credential ended: abort at once, and drop the client's will and session."""
        if self._client:
            self._state.router.forget(self._client.client_id)
            self._discard_will()
        self.abort()

    def _discard_will(self) -> None:
        if self._client:
            self._client = self._client._replace(will=None)

    def _release(self) -> None:
        session, client = self._session, self._client
        if session is None or client is None:
            return
        session.write = None
        self._state.by_client_id.pop(client.client_id, None)
        if client.clean:
            self._state.router.forget(client.client_id)
        if client.will:
            self._state.router.publish(*client.will)

    @property
    def _user(self) -> str:
        return self._client.user if self._client else ""

    @property
    def _name(self) -> str:
        if self._client:
            return self._client.client_id
        peer = self._transport.get_extra_info("peername")
        return f"{peer[0]}:{peer[1]}" if peer else "an unknown client"
