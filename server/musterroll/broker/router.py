"""Who hears what: sessions, their subscriptions, and the messages still on their way to each. Lives in the broker's thread."""

import re
from collections import deque
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

from musterroll.broker.packets import FAILURE, message

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
            self.write(message(*wanted))
        elif wanted.qos:
            self._waiting.append(wanted)
            self.flush()

    def flush(self) -> None:
        """Send what waits, as far as the window and the connection take it."""
        while self._waiting and self.write is not None and len(self._sent) < _WINDOW:
            wanted, mid = self._waiting.popleft(), self._next_mid()
            self._sent[mid] = wanted
            self.write(message(*wanted, mid=mid))

    def resume(self, write: Callable[[bytes], None]) -> None:
        """A connection came back: say again what was never acknowledged, then what waits."""
        self.write = write
        for mid, wanted in self._sent.items():
            write(message(*wanted, mid=mid, again=True))
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
        for wanted in list(session.filters) if session else ():
            self.unsubscribe(session, wanted)  # type: ignore[arg-type]  # there are filters only where there is a session

    def subscribe(self, session: Session, wanted: str, qos: int) -> int:
        """Returns the QoS granted, or FAILURE for a filter that is none."""
        found = _pattern(wanted)
        if found is None:
            return FAILURE
        session.filters[wanted] = min(qos, 1)
        hearers = self._exact.setdefault(wanted, {}) if found is _PLAIN else self._patterns.setdefault(wanted, (found, {}))[1]
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


_PLAIN = re.compile("")


def _pattern(wanted: str) -> re.Pattern[str] | None:
    """A filter with wildcards as an expression, `_PLAIN` for one without, None for one that is against the rules."""
    if "+" not in wanted and "#" not in wanted:
        return _PLAIN
    levels = wanted.split("/")
    wild = [level for level in levels if "+" in level or "#" in level]
    if any(level not in ("+", "#") for level in wild) or "#" in levels[:-1]:
        return None
    parts = [{"+": "[^/]*"}.get(level, re.escape(level)) for level in levels if level != "#"]
    tail = "(/.*)?" if levels[-1] == "#" else ""
    return re.compile("/".join(parts) + tail, re.DOTALL)
