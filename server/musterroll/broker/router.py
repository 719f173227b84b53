"""Who hears what: sessions, their subscriptions, and the messages still on their way to each. Lives in the broker's thread."""

import re
from collections import deque
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

from musterroll.mqtt.packets import FAILURE
from musterroll.mqtt.writer import publish

_WINDOW = 10_000  # messages on their way to one client, not yet acknowledged
_MIDS = 65_535


class Message(NamedTuple):
    topic: str
    payload: bytes
    qos: int


class Session:
    """What the broker owes one client id. Without a connection it keeps at most `room` messages, the newest."""

    def __init__(self, client_id: str, room: int) -> None:
        self.client_id = client_id
        self.filters: dict[str, int] = {}
        self.write: Callable[[bytes], None] | None = None  # of the connection, while there is one that takes more
        self._waiting: deque[Message] = deque(maxlen=room)
        self._sent: dict[int, Message] = {}  # by packet id, in the order they went out
        self._mid = 0

    def send(self, wanted: Message) -> None:
        if self.write is not None and wanted.qos == 0:
            self.write(publish(wanted.topic, wanted.payload))
        elif wanted.qos:
            self._waiting.append(wanted)
            self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the window and the connection take it."""
        while self._waiting and self.write is not None and len(self._sent) < _WINDOW:
            wanted, mid = self._waiting.popleft(), self._next_mid()
            self._sent[mid] = wanted
            self.write(publish(wanted.topic, wanted.payload, mid))

    def resume(self, write: Callable[[bytes], None]) -> None:
        """A connection came back: say again what was never acknowledged, then what waits."""
        self.write = write
        for mid, wanted in self._sent.items():
            write(publish(wanted.topic, wanted.payload, mid, repeated=True))
        self.flush()

    def acknowledged(self, mid: int) -> None:
        if self._sent.pop(mid, None) is not None and self._waiting:
            self.flush()

    def _next_mid(self) -> int:
        self._mid = self._mid % _MIDS + 1
        while self._mid in self._sent:
            self._mid = self._mid % _MIDS + 1
        return self._mid


class Router:
    """Sessions by client id and the index from topics to them."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._exact: dict[str, dict[str, Session]] = {}
        self._patterns: dict[str, tuple[re.Pattern[str], dict[str, Session]]] = {}

    def open(self, client_id: str, clean: bool, room: int) -> tuple[Session, bool]:
        """The session of a client id, and whether it was there before."""
        if clean:
            self.forget(client_id)
        present = client_id in self._sessions
        if not present:
            self._sessions[client_id] = Session(client_id, room)
        return self._sessions[client_id], present

    def forget(self, client_id: str) -> None:
        """Drop a session with its subscriptions and messages."""
        session = self._sessions.pop(client_id, None)
        if session is not None:
            for wanted in list(session.filters):
                self.unsubscribe(session, wanted)

    def subscribe(self, session: Session, wanted: str, qos: int) -> int:
        """Returns the QoS granted, or FAILURE for a filter that is none."""
        if not _valid(wanted):
            return FAILURE
        session.filters[wanted] = min(qos, 1)
        hearers = self._patterns.setdefault(wanted, (_expression(wanted), {}))[1] if _wild(wanted) else self._exact.setdefault(wanted, {})
        hearers[session.client_id] = session
        return min(qos, 1)

    def unsubscribe(self, session: Session, wanted: str) -> None:
        if session.filters.pop(wanted, None) is None:
            return
        hearers = self._exact[wanted] if wanted in self._exact else self._patterns[wanted][1]
        hearers.pop(session.client_id, None)
        if not hearers:
            self._exact.pop(wanted, None)
            self._patterns.pop(wanted, None)

    def publish(self, topic: str, payload: bytes, qos: int) -> None:
        """Hand a message to every session that wants it, once each, at the lower of both QoS."""
        heard: set[str] = set()
        matching = ((wanted, hearers) for wanted, (pattern, hearers) in self._patterns.items() if pattern.fullmatch(topic))
        for wanted, hearers in chain(((topic, self._exact.get(topic, {})),), matching):
            for client_id, session in hearers.items():
                if client_id not in heard:
                    heard.add(client_id)
                    session.send(Message(topic, payload, min(qos, session.filters[wanted])))


def _wild(wanted: str) -> bool:
    return "+" in wanted or "#" in wanted


def _valid(wanted: str) -> bool:
    """Whether each wildcard stands alone in its level, and `#` only at the end."""
    levels = wanted.split("/")
    return "#" not in levels[:-1] and all(level in ("+", "#") for level in levels if _wild(level))


def _expression(wanted: str) -> re.Pattern[str]:
    if wanted == "#":
        return re.compile(".*", re.DOTALL)
    above, deep, _ = wanted.partition("/#")
    levels = ["[^/]*" if level == "+" else re.escape(level) for level in above.split("/")]
    return re.compile("/".join(levels) + ("(/.*)?" if deep else ""), re.DOTALL)
