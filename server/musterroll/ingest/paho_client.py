"""paho's client, reading many messages at once.

paho reads one packet per call: eight system calls and a hundred Python calls per message. `FastClient` reads large chunks, splits off
the PUBLISH packets itself and passes all other packets to paho; its bulk writes go through paho's own queue.
It depends on four private names of paho, so `fast_client_works` tries them at start; `StockClient` does the same with public ones.
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
_BULK = 0x40  # queued as PUBACK, which paho does not track

Sink = Callable[[list[RawPublish]], None]
OutgoingMessages = Sequence[tuple[str, bytes]]  # topic, payload


def _protocol(mqtt5: bool) -> dict[str, Any]:
    if mqtt5:
        return {"protocol": MQTTProtocolVersion.MQTTv5}
    return {"protocol": MQTTProtocolVersion.MQTTv311, "clean_session": False}


class StockClient(Client):
    """Uses only what paho documents."""

    def __init__(self, client_id: str, mqtt5: bool, sink: Sink) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, manual_ack=True, reconnect_on_failure=False, **_protocol(mqtt5))
        self.mqtt5 = mqtt5
        self._sink = sink
        self.on_message = self._on_one_message

    def _on_one_message(self, _client: Client, _data: object, message: Any) -> None:
        mid = message.mid.to_bytes(2) if message.qos else b""
        self._sink([(message._topic, bytes(message.payload[:MAX_MESSAGE]), mid)])

    def answer(self, mids: Sequence[bytes], messages: OutgoingMessages) -> None:
        """Acknowledge messages by their packet identifiers, and publish messages at QoS 0."""
        for mid in mids:
            self.ack(int.from_bytes(mid), 1)
        for topic, payload in messages:
            self.publish(topic, payload)


class FastClient(StockClient):
    """Large reads, bulk writes."""

    def __init__(self, client_id: str, mqtt5: bool, sink: Sink) -> None:
        super().__init__(client_id, mqtt5, sink)
        self._stream = PacketStream(mqtt5)
        self._pending = b""  # what paho reads next

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
            self._pending = packet
            rc = self._packet_read()
            if rc:
                return self._loop_rc_handle(rc)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    def _sock_recv(self, bufsize: int) -> bytes:
        data, self._pending = self._pending[:bufsize], self._pending[bufsize:]
        if not data:
            raise BlockingIOError
        return data

    def answer(self, mids: Sequence[bytes], messages: OutgoingMessages) -> None:
        no_properties = properties.NONE if self.mqtt5 else b""
        buffer = writer.pubacks(mids) + b"".join([writer.publish(topic, payload, properties=no_properties) for topic, payload in messages])
        if buffer:
            self._packet_queue(_BULK, buffer, 0, 0)


def fast_client_works() -> bool:
    """Whether `FastClient` works with the installed paho: tries one exchange over a pair of sockets."""
    received: list[Any] = []
    ours, theirs = socket.socketpair()
    with ours, theirs:
        client = FastClient("self-test", False, received.extend)
        client.on_connect = lambda *_: received.append("connected")
        client.on_socket_register_write = lambda *_: None
        client._sock = ours
        try:
            theirs.sendall(b"\x20\x02\x00\x00" + b"\x32\x06\x00\x01t\x00\x07p" + b"\xd0\x00")
            client.loop_read()
            client.answer([b"\x00\x07"], [("t", b"p")])
            client.loop_write()
            theirs.settimeout(1)
            sent = theirs.recv(100)
        except Exception:
            return False
        finally:
            client._sock = None
    return received == [(b"t", b"p", b"\x00\x07"), "connected"] and sent == b"\x40\x02\x00\x07" + b"\x30\x04\x00\x01tp"
