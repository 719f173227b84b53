"""One connection to the broker, from CONNECT to its end. A new connection is a new link, so an answer can never reach the wrong one."""

import logging
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
from musterroll.ingest.inbox import Inbox, Parcel
from musterroll.ingest.paho_client import Messages, StockClient
from musterroll.mqtt.reader import RawPublish

log = logging.getLogger(__name__)

SESSION_SECONDS = 7 * 86_400  # how long a broker keeps our session on MQTT 5
_RECEIVE_MAXIMUM = 20_000
_KEEPALIVE = 60
_ANSWER_SECONDS = 5.0  # for the broker to answer a CONNECT
_COALESCE = 0.004  # seconds let pass after a small read, so that the next one is larger
_SMALL = 400  # messages


class Refused(Exception):
    """The broker did not let us in; the sentence says why. `protocol`: it may be the MQTT version it did not like."""

    def __init__(self, sentence: str, protocol: bool) -> None:
        super().__init__(sentence)
        self.protocol = protocol


class Link:
    """Run by the network thread; `answer` may be called by another."""

    def __init__(
        self, make_client: Callable[..., StockClient], address: BrokerAddress, mqtt5: bool, filters: list[str], inbox: Inbox
    ) -> None:
        self.open = False
        self.heard_at = time.monotonic()  # when a message last came in
        self._address = address
        self._filters = filters
        self._inbox = inbox
        self._came = 0
        self._refusal: ReasonCode | None = None
        self._wake_read, self._wake_write = socket.socketpair()
        self._wake_read.setblocking(False)
        self._wake_write.setblocking(False)
        self._mqtt5 = mqtt5
        self._client = make_client(address.user, mqtt5, self._take)
        self._client.username_pw_set(address.user, address.password)
        self._client.max_inflight_messages_set(0)  # canaries go out, and keep the connection alive, also while nothing is read
        self._client.on_connect = self._on_connect
        self._client.on_socket_register_write = self._wake  # whoever queues a packet wakes the thread that writes
        if address.tls:
            self._client.tls_set(str(address.ca) if address.ca else None, tls_version=ssl.PROTOCOL_TLS_CLIENT)

    def connect(self) -> None:
        """Connect and subscribe. Raises OSError where nobody answers and Refused where the broker says no."""
        options: dict[str, Any] = {}
        if self._mqtt5:
            options = {"clean_start": False, "properties": Properties(PacketTypes.CONNECT)}  # type: ignore[no-untyped-call]
            options["properties"].SessionExpiryInterval = SESSION_SECONDS
            options["properties"].ReceiveMaximum = _RECEIVE_MAXIMUM
        self._client.connect(self._address.host, self._address.port, _KEEPALIVE, **options)
        deadline = time.monotonic() + _ANSWER_SECONDS
        while not self.open:
            if self._refusal is not None:
                raise Refused(f"it refused the user {self._address.user}: {self._refusal}", self._refusal.getName().startswith("Unsupp"))
            if time.monotonic() > deadline or self._client.socket() is None:
                raise Refused("it did not answer our CONNECT", True)
            self._turn(0.1, reading=True)
        self.heard_at = time.monotonic()

    def turn(self) -> bool:
        """Read and write what there is, waiting a little for it. False when the connection is gone."""
        self._turn(0.2, reading=not self._inbox.full())
        if self._client.socket() is None:
            self.open = False
        return self.open

    def answer(self, mids: Sequence[bytes], messages: Messages) -> None:
        """Acknowledge and publish, unless this connection is gone."""
        if self.open:
            self._client.answer(mids, messages)

    def drop(self) -> None:
        """Give this connection up: what is not acknowledged on it will be delivered again."""
        self.open = False

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1."""
        self._client.publish(topic, payload, 1)

    def close(self, flush: float = 1.0) -> None:
        """Write what is queued and end the connection; the broker keeps the session."""
        deadline = time.monotonic() + flush
        while self.open and self._client.want_write() and self._client.socket() is not None and time.monotonic() < deadline:
            self._turn(0.05, reading=False)
        self.open = False
        self._client.disconnect()
        self._client.loop_write()
        found = self._client.socket()
        if found is not None:
            found.close()
        self._wake_read.close()
        self._wake_write.close()

    def _turn(self, seconds: float, reading: bool) -> None:
        found: Any = self._client.socket()
        if found is None:
            return
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake_read, selectors.EVENT_READ)
            events = (selectors.EVENT_READ if reading else 0) | (selectors.EVENT_WRITE if self._client.want_write() else 0)
            if events:
                selector.register(found, events)
            ready = {key.fileobj: mask for key, mask in selector.select(seconds)}
        if self._wake_read in ready:
            self._wake_read.recv(4096)
        mask = ready.get(found, 0)
        if mask & selectors.EVENT_READ:
            self._read(found)
        if self._client.want_write():
            self._client.loop_write()

    def _read(self, found: Any) -> None:
        self._came = 0
        rc = self._client.loop_read()
        while rc == MQTTErrorCode.MQTT_ERR_SUCCESS and hasattr(found, "pending") and self._client.socket() and found.pending():
            rc = self._client.loop_read()
        if 0 < self._came < _SMALL:
            time.sleep(_COALESCE)

    def _take(self, publishes: list[RawPublish]) -> None:
        self.heard_at = time.monotonic()
        self._came += len(publishes)
        self._inbox.put(Parcel(self, publishes))

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
            return  # full: it is being woken already; closed: nobody is left to wake
