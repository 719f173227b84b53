"""One connection to the broker, from CONNECT to its end. Each has its own object, so that an answer never goes to the wrong one."""

import selectors
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from musterroll.ingest.broker_address import BrokerAddress
from musterroll.ingest.inbox import InboundRead, Inbox
from musterroll.ingest.paho_client import OutgoingMessages, StockClient
from musterroll.mqtt.reader import RawPublish

SESSION_SECONDS = 7 * 86_400  # how long a broker keeps our session on MQTT 5
_RECEIVE_MAXIMUM = 20_000
_KEEPALIVE = 60
_ANSWER_SECONDS = 5.0  # for the broker to answer a CONNECT
_COALESCE = 0.004  # seconds to wait after a small read, so that the next one is larger
_SMALL = 400  # messages


class BrokerRefused(Exception):
    """The broker rejected the connection. `protocol`: the MQTT version may be the reason."""

    def __init__(self, sentence: str, protocol: bool) -> None:
        super().__init__(sentence)
        self.protocol = protocol


class Connection:
    """Used by the network thread; `answer` may be called by others."""

    def __init__(
        self, make_client: Callable[..., StockClient], address: BrokerAddress, mqtt5: bool, filters: list[str], inbox: Inbox
    ) -> None:
        self.open = False
        self.last_message_at = time.monotonic()
        self._address = address
        self._filters = filters
        self._inbox = inbox
        self._read_count = 0
        self._refusal: ReasonCode | None = None
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._mqtt5 = mqtt5
        self._client = make_client(address.user, mqtt5, self._receive)
        self._client.username_pw_set(address.user, address.password)
        self._client.max_inflight_messages_set(0)  # canaries keep the connection alive even while reading pauses
        self._client.on_connect = self._on_connect
        self._client.on_socket_register_write = self._wake  # queueing a packet wakes the network thread
        if address.tls:
            self._client.tls_set(str(address.ca) if address.ca else None, tls_version=ssl.PROTOCOL_TLS_CLIENT)

    def connect(self) -> None:
        """Connect and subscribe. Raises OSError if nothing answers, BrokerRefused if the broker rejects us."""
        options: dict[str, Any] = {}
        if self._mqtt5:
            options = {"clean_start": False, "properties": Properties(PacketTypes.CONNECT)}  # type: ignore[no-untyped-call]
            options["properties"].SessionExpiryInterval = SESSION_SECONDS
            options["properties"].ReceiveMaximum = _RECEIVE_MAXIMUM
        self._client.connect(self._address.host, self._address.port, _KEEPALIVE, **options)
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not self.open:
            if (reason := self._refusal) is not None:
                version = reason.getName().startswith("Unsupp")
                raise BrokerRefused(f"it refused the user {self._address.user}: {reason}", version)
            if time.monotonic() > deadline or self._client.socket() is None:
                raise BrokerRefused("it did not answer our CONNECT", True)
            self._poll(0.1, reading=True)
        self.last_message_at = time.monotonic()

    def poll(self) -> bool:
        """Read and write what is ready, waiting briefly. False when the connection is gone."""
        self._poll(0.2, reading=not self._inbox.full())
        if self._client.socket() is None:
            self.open = False
        return self.open

    def answer(self, mids: Sequence[bytes], messages: OutgoingMessages) -> None:
        """Acknowledge and publish, unless this connection is gone."""
        if self.open:
            self._client.answer(mids, messages)

    def drop(self) -> None:
        """Abandon this connection: messages not acknowledged on it will be delivered again."""
        self.open = False

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1."""
        self._client.publish(topic, payload, 1)

    def close(self, flush: float = 1.0) -> None:
        """Write what is queued and disconnect; the broker keeps the session."""
        deadline = time.monotonic() + flush
        while self.open and self._client.want_write() and self._client.socket() is not None and time.monotonic() < deadline:
            self._poll(0.05, reading=False)
        self.open = False
        self._client.disconnect()
        self._client.loop_write()
        connected = self._client.socket()
        if connected is not None:
            connected.close()
        self._wake_read.close()
        self._wake_write.close()

    def _poll(self, seconds: float, reading: bool) -> None:
        connected: Any = self._client.socket()
        if connected is None:
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            events = (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if self._client.want_write() else 0)
            if events:
                selector.register(connected, events)
            ready = {key.fileobj: mask for key, mask in selector.select(seconds)}
        if self._wake_read in ready:
            self._wake_read.recv(4096)
        mask = ready.get(connected, 0)
        if mask & selectors.EVENT_READ:
            self._read(connected)
        if self._client.want_write():
            self._client.loop_write()

    def _read(self, connected: Any) -> None:
        self._read_count = 0
        rc = self._client.loop_read()
        while rc == MQTTErrorCode.MQTT_ERR_SUCCESS and hasattr(connected, "pending") and self._client.socket() and connected.pending():
            rc = self._client.loop_read()
        if 0 < self._read_count < _SMALL:
            time.sleep(_COALESCE)

    def _receive(self, publishes: list[RawPublish]) -> None:
        self.last_message_at = time.monotonic()
        self._read_count += len(publishes)
        self._inbox.put(InboundRead(self, publishes))

    def _on_connect(self, client: Client, _data: object, _flags: object, reason: ReasonCode, _properties: object) -> None:
        if reason.is_failure:
            self._refusal = reason
            return
        self.open = True
        client.subscribe([(name, 1) for name in self._filters])

    def _wake(self, *_: object) -> None:
        try:
            self._wake_write.send(b"\x00")
        except OSError:
            return  # full: a wake-up is pending; closed: nothing to wake
