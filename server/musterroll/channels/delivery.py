"""One attempt to deliver one message: what it carries, how it fails, and that it ends in time."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Timer
from typing import NamedTuple


class DeliveryAttempt(NamedTuple):
    """One attempt to send one message. `public_url` is the registry's own address, for links."""

    id: int
    attempt: int  # 1, 2, ...
    channel: str
    address: str
    secret: str
    key: str  # the same at every attempt: receivers know a repetition by it
    title: str
    body: str  # JSON
    created_at: datetime
    public_url: str | None


class DeliveryError(Exception):
    """The other side did not take a message; `for_good`: it never will."""

    def __init__(self, reason: str, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


@contextmanager
def cut_after(seconds: float, wire: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Whatever the other side does, the connection is cut in the end: its own time-outs begin anew with every byte.

    `wire` tells the socket, which TLS may have replaced meanwhile.
    """
    cut = Timer(seconds, _cut, [wire])
    cut.daemon = True
    cut.start()
    try:
        yield
    finally:
        cut.cancel()


def _cut(wire: Callable[[], socket.socket | None]) -> None:
    with suppress(OSError):
        if (connection := wire()) is not None:
            connection.shutdown(socket.SHUT_RDWR)
