"""paho's client with many messages a wake-up.

paho reads one packet a call, which costs eight system calls and a hundred Python calls a message. `FastClient` reads large chunks, cuts
the PUBLISH packets out itself and hands every other packet to paho's own handling; what it sends in bulk goes through paho's own queue.
It leans on four private names of paho, so `fast_reading_holds` tries them at start, and `StockClient` does the same by public means.
"""

import socket
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion

from musterroll.mqtt import properties, writer
from musterroll.mqtt.packets import MalformedPacket
from musterroll.mqtt.reader import RawPublish
from musterroll.mqtt.stream import MAX_MESSAGE, PacketStream

CHUNK = 262_144
_BULK = 0x40  # the queue is told that what we add is PUBACK: it keeps no book on those

Sink = Callable[[list[RawPublish]], None]
Messages = Sequence[tuple[str, bytes]]  # topic, payload


def _protocol(mqtt5: bool) -> dict[str, Any]:
    if mqtt5:
        return {"protocol": MQTTProtocolVersion.MQTTv5}
    return {"protocol": MQTTProtocolVersion.MQTTv311, "clean_session": False}


class StockClient(Client):
    """Only what paho documents."""

    def __init__(self, client_id: str, mqtt5: bool, sink: Sink) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, manual_ack=True, reconnect_on_failure=False, **_protocol(mqtt5))
        self.mqtt5 = mqtt5
        self._sink = sink
        self.on_message = self._one_message

    def _one_message(self, _client: Client, _data: object, message: Any) -> None:
        mid = message.mid.to_bytes(2) if message.qos else b""
        self._sink([(message._topic, bytes(message.payload[:MAX_MESSAGE]), mid)])

    def answer(self, mids: Sequence[bytes], messages: Messages) -> None:
        """Acknowledge messages by their packet identifiers, and publish at QoS 0."""
        for mid in mids:
            self.ack(int.from_bytes(mid), 1)
        for topic, payload in messages:
            self.publish(topic, payload)


class FastClient(StockClient):
    """Large reads, bulk writes."""

    def __init__(self, client_id: str, mqtt5: bool, sink: Sink) -> None:
        super().__init__(client_id, mqtt5, sink)
        self._stream = PacketStream(mqtt5)
        self._served = b""  # what paho's own reading is given next

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        try:
            data = super()._sock_recv(CHUNK)
        except BlockingIOError:
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        except OSError:
            data = b""
        if not data:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
        try:
            packets = self._stream.feed(data)
        except MalformedPacket:
            return self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
        if packets.publishes:
            self._sink(packets.publishes)
        for packet in packets.others:
            self._served = packet
            rc = self._packet_read()
            if rc:
                return self._loop_rc_handle(rc)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        served, self._served = self._served[:bufsize], self._served[bufsize:]
        if not served:
            raise BlockingIOError
        return served

    def answer(self, mids: Sequence[bytes], messages: Messages) -> None:
        sent = properties.NONE if self.mqtt5 else b""
        buffer = writer.pubacks(mids) + b"".join([writer.publish(topic, payload, properties=sent) for topic, payload in messages])
        if buffer:
            self._packet_queue(_BULK, buffer, 0, 0)


def fast_reading_holds() -> bool:
    """Whether this paho is built as `FastClient` believes: one conversation over a pair of sockets."""
    met: list[Any] = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = FastClient("self-test", False, met.extend)
        client.on_connect = lambda *_: met.append("connected")
        client.on_socket_register_write = lambda *_: None
        client._sock = ours
        try:
            theirs.sendall(b"\x20\x02\x00\x00" + b"\x32\x06\x00\x01t\x00\x07p" + b"\xd0\x00")
            client.loop_read()
            client.answer([b"\x00\x07"], [("t", b"p")])
            client.loop_write()
            theirs.settimeout(1)
            said = theirs.recv(100)
        except Exception:
            return False
        finally:
            client._sock = None
    return met == [(b"t", b"p", b"\x00\x07"), "connected"] and said == b"\x40\x02\x00\x07" + b"\x30\x04\x00\x01tp"
