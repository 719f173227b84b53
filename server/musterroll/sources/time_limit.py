"""How long a source may take to give a document: after that its connections are closed, whatever it sends meanwhile."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar

from musterroll.sources.source import SourceProblem


class _Limit:
    def __init__(self, minutes: float) -> None:
        self.minutes = minutes
        self._over, self._lock = False, threading.Lock()
        self._wires: list[socket.socket] = []

    def end(self) -> None:
        """Shut every connection, so that whoever waits for one goes on at once."""
        with self._lock:
            self._over = True
            for wire in self._wires:
                _shut(wire)

    def watch(self, wire: socket.socket) -> None:
        with self._lock:
            copy = wire.dup()  # TLS takes the socket itself over
            self._wires.append(copy)
            if self._over:
                _shut(copy)

    def check(self) -> None:
        if self._over:
            raise SourceProblem(
                f"it did not give its document within {self.minutes:g} minutes (MUSTERROLL_SOURCE_MINUTES); nothing was imported"
            )

    def close(self) -> None:
        with self._lock:
            for wire in self._wires:
                wire.close()
            self._wires.clear()


_current: ContextVar[_Limit | None] = ContextVar("time limit of a source", default=None)


@contextmanager
def time_limit(minutes: float) -> Iterator[None]:
    """Whatever is fetched in here must come to its end within this time. Raises SourceProblem where it does not."""
    limit = _Limit(minutes)
    timer = threading.Timer(minutes * 60, limit.end)
    timer.daemon = True
    token = _current.set(limit)
    timer.start()
    try:
        yield
        limit.check()
    except Exception:
        limit.check()  # a connection that was closed for the time it took is no fault of the network
        raise
    finally:
        timer.cancel()
        limit.close()
        _current.reset(token)


def watch(wire: socket.socket) -> None:
    """Close this connection, too, where the time is over."""
    if limit := _current.get():
        limit.watch(wire)


def check() -> None:
    """Raise SourceProblem where the time is over."""
    if limit := _current.get():
        limit.check()


def _shut(wire: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        wire.shutdown(socket.SHUT_RDWR)
