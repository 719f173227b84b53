"""One attempt to deliver one message: its content, its failure, its time limit."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from threading import Timer
from typing import NamedTuple


class Attachment(NamedTuple):
    """A file to send with a message."""

    name: str
    content_type: str
    content: bytes


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
    attachments: tuple[Attachment, ...] = ()  # where the channel takes them


class DeliveryError(Exception):
    """The receiver did not accept a message; `permanent`: it never will."""

    def __init__(self, reason: str, permanent: bool = False) -> None:
        super().__init__(reason)
        self.permanent = permanent


@contextmanager
def cut_after(seconds: float, connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Shut the connection down after so many seconds: a time-out of the socket starts over with every byte.

    `connection` returns the socket, which TLS may replace in the meantime.
    """
    timer = Timer(seconds, _shut_down, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut_down(connection: Callable[[], socket.socket | None]) -> None:
    with suppress(OSError):
        if (open_socket := connection()) is not None:
            open_socket.shutdown(socket.SHUT_RDWR)
