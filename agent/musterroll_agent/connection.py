"""One MQTT connection, from CONNECT to its end, driven by calls of `step`.

Each attempt is a new client, so nothing of an old connection (unacknowledged messages, its will) can leak into the next. The outbox is
the only queue. Callbacks only note what happened and raise nothing into paho.
"""

import logging
import select
import socket
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from musterroll_wire.messages import LIMITS
from musterroll_wire.topics import build, parse

from musterroll_agent import AgentError
from musterroll_agent.lazy_paho import import_paho

CONNECT_SECONDS = 10.0
NOT_AUTHORISED = (4, 5)  # CONNACK return codes of 3.1.1: bad user name or password, not authorised

log = logging.getLogger("musterroll_agent")


class CredentialRefused(AgentError):
    """The broker does not accept this unit's credential, or not yet."""


class Address(NamedTuple):
    host: str
    port: int
    tls: bool


def address(url: str) -> Address:
    """The address in `mqtt://host:port` or `mqtts://host:port`. Raises AgentError.

    >>> address("mqtts://broker.example")
    Address(host='broker.example', port=8883, tls=True)
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise AgentError(f"the broker address {url!r} must be mqtt://host:port or mqtts://host:port")
    return Address(parts.hostname, port or (8883 if parts.scheme == "mqtts" else 1883), parts.scheme == "mqtts")


class Connection:
    """`open`, then `step` until `lost`. `inbox` holds received (kind, payload) pairs; `acked` counts PUBACKs."""

    def __init__(self, broker: Address, unit: str, secret: str, ca: str = "") -> None:
        self.broker, self.unit = broker, unit
        self.inbox: list[tuple[str, bytes]] = []
        self.up = False
        self.lost = ""
        self.acked = 0
        self.published = 0
        self._secret, self._ca = secret, ca
        self._client: Any = None
        self._refused: int | None = None

    def open(self, will: bytes, keepalive: int) -> None:
        """Connect and wait for the broker's answer. Raises CredentialRefused, or AgentError for anything else."""
        mqtt = import_paho(self.broker.tls)
        client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=self.unit, clean_session=True, reconnect_on_failure=False)
        client.username_pw_set(self.unit, self._secret)
        client.will_set(build(self.unit, "death"), will, qos=1)
        client.connect_timeout = CONNECT_SECONDS
        client.max_queued_messages_set(200)
        client.max_inflight_messages_set(0)
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_message, client.on_publish = self._on_message, self._on_publish
        client.on_socket_open = _disable_delays
        if self.broker.tls:
            from musterroll_agent.tls import client_context

            client.tls_set_context(client_context(self._ca))
        self._client = client
        self._connect(keepalive)

    def _connect(self, keepalive: int) -> None:
        try:
            self._client.connect(self.broker.host, self.broker.port, keepalive)
            while not (self.up or self.lost or self._refused):
                if not self.step(CONNECT_SECONDS, None) and not self.up:
                    self.lost = self.lost or "the broker accepted the connection but did not answer"
        except (OSError, ValueError) as error:
            raise AgentError(f"the broker {self.broker.host}:{self.broker.port} cannot be reached: {_reason(error)}") from None
        if self._refused in NOT_AUTHORISED:
            raise CredentialRefused(f"the broker {self.broker.host}:{self.broker.port} rejected the credential of unit {self.unit}")
        if not self.up:
            raise AgentError(f"the broker {self.broker.host}:{self.broker.port} closed the connection: {self.lost or self._refused}")

    def publish(self, kind: str, payload: bytes) -> None:
        """Send one message at QoS 1. What the connection loses is not sent again by it."""
        self.published += 1
        self._client.publish(build(self.unit, kind), payload, qos=1)

    def step(self, timeout: float, wake: Any) -> bool:
        """Wait at most `timeout` seconds for traffic or for `wake`, and handle it. Whether anything was received or sent."""
        sock = self._client.socket()
        if sock is None:
            self.lost = self.lost or "the broker closed it"
            return False
        buffered = hasattr(sock, "pending") and sock.pending() > 0  # TLS has read ahead of what select can see
        readers = [sock] if wake is None else [sock, wake]
        ready, writable, _ = select.select(readers, [sock] if self._client.want_write() else [], [], 0 if buffered else timeout)
        if sock in ready or buffered:
            self._client.loop_read()
        if writable or self._client.want_write():
            self._client.loop_write()
        self._client.loop_misc()
        return bool(ready or writable or buffered)

    def close(self) -> None:
        """Disconnect cleanly, so that the broker does not send the will."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_write()

    def take_inbox(self) -> list[tuple[str, bytes]]:
        """The (kind, payload) pairs received since the last call."""
        messages, self.inbox = self.inbox, []
        return messages

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refused = _return_code(reason)
            return
        self.up = True
        client.subscribe([(build(self.unit, "receipt"), 1), (build(self.unit, "command"), 1)])

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.up = False
        self.lost = self.lost or str(reason) or "lost"

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        self.acked += 1

    def _on_message(self, client: Any, userdata: Any, message: Any) -> None:
        topic = parse(message.topic)
        if topic is None or topic.unit != self.unit or len(message.payload) > LIMITS.get(topic.kind, 0):
            log.warning("a message of %d bytes on %s is not for this unit", len(message.payload), message.topic[:100])
        elif len(self.inbox) < 1000:
            self.inbox.append((topic.kind, message.payload))


def _disable_delays(client: Any, userdata: Any, sock: socket.socket) -> None:
    """Otherwise two small packets in a row wait 40 ms for a delayed acknowledgement: ours here, and the broker's after a TLS handshake."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if hasattr(socket, "TCP_QUICKACK"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


def _return_code(reason: Any) -> int:
    """The 3.1.1 return code of a refused CONNECT, which paho reports in the words of version 5."""
    return {"Bad user name or password": 4, "Not authorized": 5, "Server unavailable": 3}.get(str(reason), 1)


def _reason(error: Exception) -> str:
    verify = getattr(error, "verify_message", "")
    return f"its certificate is not trusted ({verify}); give its authority with --ca" if verify else str(error)
