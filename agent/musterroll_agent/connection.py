"""One MQTT connection, from CONNECT to its end, driven by calls of `step`.

Each attempt is a new client, so nothing of an old connection (unacknowledged messages, its will) can leak into the next. The outbox is
the only queue. Callbacks only note what happened and raise nothing into paho.
"""

import logging
import select
import socket
from typing import Any

from musterroll_wire.messages import LIMITS
from musterroll_wire.topics import DOWN, build, parse

from musterroll_agent import AgentError
from musterroll_agent.addresses import Address
from musterroll_agent.clock import Clock
from musterroll_agent.lazy_paho import import_paho

CONNECT_SECONDS = 10.0
NOT_AUTHORISED = (4, 5)  # CONNACK return codes of 3.1.1: bad user name or password, not authorised

log = logging.getLogger("musterroll_agent")


class CredentialRefused(AgentError):
    """The broker does not accept this unit's credential, or not yet."""


class Connection:
    """`open`, then `step` until `lost`. `inbox` holds received (kind, payload) pairs; `acked` counts PUBACKs.

    `refused` is what is wrong with the subscriptions.
    """

    def __init__(self, broker: Address, unit: str, secret: str, ca: str, clock: Clock) -> None:
        self.broker, self.unit = broker, unit
        self.inbox: list[tuple[str, bytes]] = []
        self.up = False
        self.lost = self.refused = ""
        self.acked = 0
        self.published = 0
        self._secret, self._ca, self._clock = secret, ca, clock
        self._client: Any = None
        self._unacked: dict[int, float] = {}  # when each message without a PUBACK was sent
        self._keepalive, self._sent_at = 0, 0.0
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
        client.on_subscribe, client.on_socket_open = self._on_subscribe, _disable_delays
        if self.broker.tls:
            from musterroll_agent.tls import client_context

            client.tls_set_context(client_context(self._ca))
        self._client, self._keepalive, self._sent_at = client, keepalive, self._clock.elapsed()
        self._connect(keepalive)

    def _connect(self, keepalive: int) -> None:
        try:
            self._client.connect(self.broker.host, self.broker.port, keepalive)
            while not (self.up or self.lost or self._refused):
                if not self.step(CONNECT_SECONDS, None) and not self.up:
                    self.lost = self.lost or "the broker accepted the connection but did not answer"
        except (OSError, ValueError) as error:
            raise AgentError(self._explain(error)) from None
        if self._refused in NOT_AUTHORISED:
            raise CredentialRefused(f"the broker {self.broker} rejected the credential of unit {self.unit}")
        if not self.up:
            raise AgentError(f"the broker {self.broker} closed the connection: {self.lost or self._refused}")

    def _explain(self, error: Exception) -> str:
        if not hasattr(error, "verify_code"):
            return f"the broker {self.broker} cannot be reached: {error}"
        from musterroll_agent.tls import certificate_problem

        problem = certificate_problem(error, self.broker.host, self._ca, self._clock.wall())  # type: ignore[arg-type]
        return f"the certificate of the broker {self.broker} {problem}"

    def publish(self, kind: str, payload: bytes) -> None:
        """Send one message at QoS 1. What the connection loses is not sent again by it."""
        self.published += 1
        self._sent_at = self._clock.elapsed()
        self._unacked[self._client.publish(build(self.unit, kind), payload, qos=1).mid] = self._sent_at

    def unacked_since(self) -> float | None:
        """When the oldest message without a PUBACK was sent."""
        return next(iter(self._unacked.values()), None)

    def step(self, timeout: float, wake: Any) -> bool:
        """Wait at most `timeout` seconds for traffic or for `wake`, and handle it. Whether anything was received or sent.

        Nothing sent for the keep-alive that was promised: paho sends a ping.
        """
        sock = self._client.socket()
        if sock is None:
            self.lost = self.lost or "the broker closed it"
            return False
        buffered = hasattr(sock, "pending") and sock.pending() > 0  # TLS has read ahead of what select can see
        ping_at = self._sent_at + self._keepalive
        timeout = min(timeout, max(0.0, ping_at - self._clock.elapsed()))
        readers = [sock] if wake is None else [sock, wake]
        ready, writable, _ = select.select(readers, [sock] if self._client.want_write() else [], [], 0 if buffered else timeout)
        if sock in ready or buffered:
            self._client.loop_read()
        if writable or self._client.want_write():
            self._client.loop_write()
        if self._clock.elapsed() >= ping_at:
            self._sent_at = self._clock.elapsed()
        self._client.loop_misc()
        return bool(ready or writable or buffered)

    def close(self) -> None:
        """Disconnect cleanly, so that the broker does not send the will."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_write()

    def abandon(self, reason: str) -> None:
        """Give up a connection on which nothing answers any more."""
        self.lost = reason
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def take_inbox(self) -> list[tuple[str, bytes]]:
        """The (kind, payload) pairs received since the last call."""
        messages, self.inbox = self.inbox, []
        return messages

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        if reason.is_failure:
            self._refused = _return_code(reason)
            return
        self.up = True
        client.subscribe([(build(self.unit, kind), 1) for kind in DOWN])

    def _on_disconnect(self, client: Any, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
        self.up = False
        self.lost = self.lost or str(reason) or "lost"

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason: Any, properties: Any) -> None:
        self.acked += 1
        self._unacked.pop(mid, None)

    def _on_subscribe(self, client: Any, userdata: Any, mid: int, reasons: Any, properties: Any) -> None:
        refused = [kind for kind, reason in zip(DOWN, reasons, strict=False) if reason.is_failure]
        if refused:
            self.refused = (
                f"the broker {self.broker} refused the subscription to {' and '.join(f'{kind}s' for kind in refused)} of unit {self.unit}:"
                " let the unit read its own topics there"
            )

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
