"""One client's connection: it must say who it is, is held to its access rules and its pace, and is closed where it goes astray."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from musterroll.broker.access import REGISTRY, may_be, may_publish, may_subscribe
from musterroll.broker.router import Router, Session
from musterroll.mqtt import packets, reader, writer
from musterroll.mqtt.packets import MalformedPacket, Packet
from musterroll.mqtt.reader import Connect

log = logging.getLogger(__name__)
LONGEST = 16 * 1024  # bytes of a packet: twice the longest payload of the contract
_CONNECT_BYTE = packets.CONNECT << 4
_LONGEST_STRANGER = 1024  # before it has said who it is, wills included
_FIRST_WORD_SECONDS = 10.0
_FAREWELL_SECONDS = 3.0
_PACE, _BURST = 100.0, 1000.0  # packets a second of one unit over time, and at once
_ROOM, _REGISTRY_ROOM = 200, 200_000  # messages kept for a unit, and for the registry, while it is away


class Hall(NamedTuple):
    """What all connections share."""

    router: Router
    admit: Callable[[str, str], Awaitable[int | None]]  # user and password to the id of the credential, 0 for the registry
    live: dict[str, "Connection"]  # admitted, by client id
    most: int  # connections at once
    everyone: set["Connection"]


class Connection(asyncio.Protocol):
    def __init__(self, hall: Hall, loop: asyncio.AbstractEventLoop) -> None:
        self._hall, self._loop = hall, loop
        self._buffer = bytearray()
        self._longest = _LONGEST_STRANGER
        self._said: Connect | None = None
        self._session: Session | None = None
        self._credit, self._paid_at = _BURST, loop.time()
        self._heard_at = loop.time()
        self._alarm: asyncio.TimerHandle | None = None
        self._entering: asyncio.Task[None] | None = None
        self._transport: asyncio.Transport
        self.credential: int | None = None
        self.gone = asyncio.Event()

    # The transport tells us.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._hall.everyone.add(self)
        self._alarm = self._loop.call_later(_FIRST_WORD_SECONDS, self.close)
        if len(self._hall.everyone) > self._hall.most:
            self.close(writer.connack(packets.UNAVAILABLE))

    def data_received(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        self._buffer += data
        self._read()

    def _read(self) -> None:
        try:
            if self._session is None and self._buffer and self._buffer[0] != _CONNECT_BYTE:
                raise MalformedPacket("the first packet is not CONNECT")
            while not self._busy and (packet := packets.take_packet(self._buffer, self._longest)) is not None:
                self._handle(packet)
        except MalformedPacket as error:
            log.info("closed the connection of %s: %s", self._name, error)
            self.close(error.reply)
        except Exception:  # one client must never end the broker
            log.exception("closed the connection of %s", self._name)
            self.close()

    @property
    def _busy(self) -> bool:
        """Whether reading on makes no sense: it is on its way out, or not yet let in."""
        return self._transport.is_closing() or (self._entering is not None and self._session is None)

    def connection_lost(self, error: Exception | None) -> None:
        if self._alarm:
            self._alarm.cancel()
        if self._entering:
            self._entering.cancel()
        self._leave()
        self._hall.everyone.discard(self)
        self.gone.set()

    def pause_writing(self) -> None:
        if self._session:
            self._session.write = None

    def resume_writing(self) -> None:
        if self._session:
            self._session.write = self._transport.write
            self._session.flush()

    # The client tells us.

    def _handle(self, packet: Packet) -> None:
        if self._session is None:
            self._arrive(packet)
        elif packet.kind == packets.PUBLISH:
            self._publish(reader.publish(packet))
        elif packet.kind == packets.PUBACK:
            self._session.acknowledged(reader.puback(packet))
        elif packet.kind == packets.PINGREQ:
            self._transport.write(writer.PINGRESP)
        elif packet.kind in (packets.SUBSCRIBE, packets.UNSUBSCRIBE):
            self._subscribe(packet.kind, reader.filters(packet))
        elif packet.kind == packets.DISCONNECT:
            self._said = self._said._replace(will=None) if self._said else None
            self.close()
        else:
            raise MalformedPacket(f"a packet of kind {packet.kind}")
        if self._session and self._user != REGISTRY:
            self._pay()

    def _arrive(self, packet: Packet) -> None:
        said = reader.connect(packet)
        self._transport.pause_reading()
        self._entering = self._loop.create_task(self._enter(said))

    async def _enter(self, said: Connect) -> None:
        """Let a client in, or say why not. A connection of the same client id has to be gone first."""
        code = await self._judge(said)
        if code != packets.ACCEPTED:
            log.info("refused %r as %r: CONNACK %d", said.user[:64], said.client_id[:64], code)
            return self.close(writer.connack(code))
        while (other := self._hall.live.get(said.client_id)) is not None:
            other.hang_up()
            await other.gone.wait()
        if self._transport.is_closing():
            return None
        self._hall.live[said.client_id] = self
        room = _REGISTRY_ROOM if said.user == REGISTRY else _ROOM
        self._session, present = self._hall.router.open(said.client_id, said.clean, room)
        self._said, self._longest = said, LONGEST
        self._watch(said.keep_alive)
        self._transport.write(writer.connack(packets.ACCEPTED, present))
        self._session.resume(self._transport.write)
        self._transport.resume_reading()
        return self._read()

    async def _judge(self, said: Connect) -> int:
        if not may_be(said.user, said.client_id):
            return packets.BAD_CLIENT_ID
        if said.will and not may_publish(said.user, said.will.topic):
            return packets.NOT_AUTHORISED
        try:
            self.credential = await self._hall.admit(said.user, said.password)
        except Exception:  # the database is away
            log.exception("could not check the credential of %r", said.user[:64])
            return packets.UNAVAILABLE
        return packets.BAD_LOGIN if self.credential is None else packets.ACCEPTED

    def _publish(self, wanted: reader.Publish) -> None:
        # MQTT 3.1.1 has no way to refuse one message: what is not allowed is acknowledged and dropped.
        if may_publish(self._user, wanted.topic):
            self._hall.router.publish(wanted.topic, wanted.payload, wanted.qos)
        else:
            log.warning("%s may not publish to %r: dropped", self._name, wanted.topic[:120])
        if wanted.qos:
            self._transport.write(writer.puback(wanted.mid))

    def _subscribe(self, kind: int, wanted: reader.Filters) -> None:
        assert self._session
        router, session = self._hall.router, self._session
        if kind == packets.UNSUBSCRIBE:
            for name, _ in wanted.filters:
                router.unsubscribe(session, name)
            return self._transport.write(writer.unsuback(wanted.mid))
        codes = [
            router.subscribe(session, name, qos) if may_subscribe(self._user, name) else packets.FAILURE for name, qos in wanted.filters
        ]
        return self._transport.write(writer.suback(wanted.mid, codes))

    # Time.

    def _watch(self, keep_alive: int) -> None:
        if self._alarm:
            self._alarm.cancel()
        if not keep_alive:
            return None
        left = self._heard_at + 1.5 * keep_alive - self._loop.time()
        if left <= 0:
            log.info("closed the connection of %s: nothing heard for 1.5 times its keep-alive of %d s", self._name, keep_alive)
            return self.hang_up()
        self._alarm = self._loop.call_later(left, self._watch, keep_alive)
        return None

    def _pay(self) -> None:
        """Hold a unit to its pace: one that floods is read no faster, and waits on its own side."""
        now = self._loop.time()
        self._credit = min(_BURST, self._credit + (now - self._paid_at) * _PACE) - 1
        self._paid_at = now
        if self._credit < 0 and self._transport.is_reading():
            self._transport.pause_reading()
            self._loop.call_later(-self._credit / _PACE, self._transport.resume_reading)

    # The end.

    def close(self, last: bytes = b"") -> None:
        """Send `last` and hang up; a client that does not take it is not waited for."""
        if last:
            self._transport.write(last)
        self._transport.close()
        self._loop.call_later(_FAREWELL_SECONDS, self.hang_up)

    def hang_up(self) -> None:
        self._transport.abort()

    def throw_out(self) -> None:
        """The credential ended: hang up at once, and its will and session with it."""
        if self._said:
            self._hall.router.forget(self._said.client_id)
            self._said = self._said._replace(will=None)
        self.hang_up()

    def _leave(self) -> None:
        session, said = self._session, self._said
        if session is None or said is None:
            return
        session.write = None
        self._hall.live.pop(said.client_id, None)
        if said.clean:
            self._hall.router.forget(said.client_id)
        if said.will:
            self._hall.router.publish(*said.will)

    @property
    def _user(self) -> str:
        return self._said.user if self._said else ""

    @property
    def _name(self) -> str:
        if self._said:
            return self._said.client_id
        peer = self._transport.get_extra_info("peername")
        return f"{peer[0]}:{peer[1]}" if peer else "somebody"
