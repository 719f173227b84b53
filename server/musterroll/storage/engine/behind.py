"""Rows that a thread sends to the database while the next ones are worked out.

The database takes as long to keep its indexes as we take to read and judge rows, and nothing makes the one wait for the other.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, event
from sqlmodel import Session

_SENDING = "musterroll.sending"  # under which a session remembers what it sends behind


def send(session: Session, work: Callable[[], None]) -> None:
    """Do what sends rows on the session's connection: at once, or behind."""
    sending = session.info.get(_SENDING)
    if sending is None:
        work()
    else:
        sending.send(work)


@contextmanager
def behind(session: Session) -> Iterator[None]:
    """Send what the block sends behind its back. Whatever else it asks of the database waits for that, and raises what came of it.

    A savepoint is left only after `arrive`: where its own end is what fails, it is not taken back.
    """
    sending = session.info[_SENDING] = _Sending(session.connection())
    try:
        yield
        sending.wait()
    finally:
        del session.info[_SENDING]
        sending.close()


def arrive(session: Session) -> None:
    """Wait for what is on its way. Raises what came of it, as IntegrityError."""
    if _SENDING in session.info:
        session.info[_SENDING].wait()


class _Sending:
    """What is sent on one connection, one after the other."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, "sending")
        self._under_way: list[Future[None]] = []
        event.listen(connection, "before_cursor_execute", self.wait)

    def send(self, work: Callable[[], None]) -> None:
        self._under_way.append(self._thread.submit(work))

    def wait(self, *_: Any) -> None:
        under_way, self._under_way = self._under_way, []
        wait(under_way)  # all of them, also where one failed: what is asked next comes after them
        for sent in under_way:
            sent.result()

    def close(self) -> None:
        event.remove(self._connection, "before_cursor_execute", self.wait)
        self._thread.shutdown()
