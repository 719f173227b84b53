"""Sessions, their subscriptions, and the messages not yet acknowledged by each client. Used in the broker's thread only."""

import re
from collections import deque
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

from musterroll.mqtt.packets import FAILURE
from musterroll.mqtt.writer import publish

_WINDOW = 10_000  # messages in flight to one client
_MAX_MID = 65_535


class Message(NamedTuple):
    topic: str
    payload: bytes
    qos: int


class Session:
    """The messages and subscriptions of one client id. While it is offline, the newest `max_queued` messages are stored."""

    def __init__(self, client_id: str, max_queued: int) -> None:
        self.client_id = client_id
        self.filters: dict[str, int] = {}
        self.write: Callable[[bytes], None] | None = None  # of the connection, while it accepts more
        self._queue: deque[Message] = deque(maxlen=max_queued)
        self._in_flight: dict[int, Message] = {}  # by packet id, in sending order
        self._mid = 0

    def send(self, message: Message) -> None:
        if self.write is not None and message.qos == 0:
            self.write(publish(message.topic, message.payload))
        elif message.qos:
            self._queue.append(message)
            self.flush()

    def flush(self) -> None:
        """Send queued messages, as far as the window and the connection allow."""
        while self._queue and self.write is not None and len(self._in_flight) < _WINDOW:
            message, mid = self._queue.popleft(), self._next_mid()
            self._in_flight[mid] = message
            self.write(publish(message.topic, message.payload, mid))

    def resume(self, write: Callable[[bytes], None]) -> None:
        """The client is back: send again what it never acknowledged, then what is queued."""
        self.write = write
        for mid, message in self._in_flight.items():
            write(publish(message.topic, message.payload, mid, repeated=True))
        self.flush()

    def acknowledged(self, mid: int) -> None:
        if self._in_flight.pop(mid, None) is not None and self._queue:
            self.flush()

    def _next_mid(self) -> int:
        self._mid = self._mid % _MAX_MID + 1
        while self._mid in self._in_flight:
            self._mid = self._mid % _MAX_MID + 1
        return self._mid


class Router:
    """Sessions by client id, and the index from topics to them."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._exact: dict[str, dict[str, Session]] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], dict[str, Session]]] = {}

    def open(self, client_id: str, clean: bool, max_queued: int) -> tuple[Session, bool]:
        """The session of a client id, and whether it existed before."""
        if clean:
            self.forget(client_id)
        present = client_id in self._sessions
        if not present:
            self._sessions[client_id] = Session(client_id, max_queued)
        return self._sessions[client_id], present

    def forget(self, client_id: str) -> None:
        """Drop a session with its subscriptions and messages."""
        session = self._sessions.pop(client_id, None)
        if session is not None:
            for topic_filter in list(session.filters):
                self.unsubscribe(session, topic_filter)

    def subscribe(self, session: Session, topic_filter: str, qos: int) -> int:
        """Returns the QoS granted, or FAILURE for an invalid filter."""
        if not _valid(topic_filter):
            return FAILURE
        session.filters[topic_filter] = min(qos, 1)
        if _has_wildcard(topic_filter):
            subscribers = self._patterns.setdefault(topic_filter, (_pattern(topic_filter), {}))[1]
        else:
            subscribers = self._exact.setdefault(topic_filter, {})
        subscribers[session.client_id] = session
        return min(qos, 1)

    def unsubscribe(self, session: Session, topic_filter: str) -> None:
        if session.filters.pop(topic_filter, None) is None:
            return
        subscribers = self._exact[topic_filter] if topic_filter in self._exact else self._patterns[topic_filter][1]
        subscribers.pop(session.client_id, None)
        if not subscribers:
            self._exact.pop(topic_filter, None)
            self._patterns.pop(topic_filter, None)

    def publish(self, topic: str, payload: bytes, qos: int) -> None:
        """Send a message to every subscribed session, once each, at the lower of both QoS."""
        receivers: set[str] = set()
        matching = ((name, subscribers) for name, (pattern, subscribers) in self._patterns.items() if pattern.fullmatch(topic))
        for topic_filter, subscribers in chain(((topic, self._exact.get(topic, {})),), matching):
            for client_id, session in subscribers.items():
                if client_id not in receivers:
                    receivers.add(client_id)
                    session.send(Message(topic, payload, min(qos, session.filters[topic_filter])))


def _has_wildcard(topic_filter: str) -> bool:
    return "+" in topic_filter or "#" in topic_filter


def _valid(topic_filter: str) -> bool:
    """Whether each wildcard is alone in its level, and `#` only at the end."""
    levels = topic_filter.split("/")
    return "#" not in levels[:-1] and all(level in ("+", "#") for level in levels if _has_wildcard(level))


def _pattern(topic_filter: str) -> re.Pattern[str]:
    if topic_filter == "#":
        return re.compile(".*", re.DOTALL)
    above, deep, _ = topic_filter.partition("/#")
    levels = ["[^/]*" if level == "+" else re.escape(level) for level in above.split("/")]
    return re.compile("/".join(levels) + ("(/.*)?" if deep else ""), re.DOTALL)
