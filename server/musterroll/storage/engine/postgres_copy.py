"""COPY into PostgreSQL and out of it: columns as its text, sent by a thread while the next rows are worked out.

The server takes as long to keep its indexes as we take to read and judge rows, and nothing makes the one wait for the other.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

_COPIES = "musterroll.copies"  # under which a session remembers what it sends behind
_ESCAPED = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}  # the backslash first


def lines(columns: Sequence[Sequence[Any]], shared: Sequence[Any] = ()) -> str:
    """Rows as COPY reads them, from their columns (hashable values) and the values all of them have behind those."""
    end = "".join(["\t" + _text(value) for value in shared]) + "\n"
    return end.join(map("\t".join, zip(*map(_texts, columns), strict=True))) + end


def send(session: Session, into: str, text: str) -> None:
    """Send lines to a table and its columns `into`: at once, or behind."""
    connection = session.connection()
    copies = session.info.get(_COPIES)
    if copies is None:
        copy(connection, f"{into} FROM STDIN", (text,))
    else:
        copies.send(into, text)


@contextmanager
def behind(session: Session) -> Iterator[None]:
    """Send what the block copies behind its back. Whatever else it asks of the database waits for that, and raises what came of it.

    A savepoint is left only after `arrive`: where its own end is what fails, it is not taken back.
    """
    copies = session.info[_COPIES] = _Copies(session.connection())
    try:
        yield
        copies.wait()
    finally:
        del session.info[_COPIES]
        copies.close()


def arrive(session: Session) -> None:
    """Wait for what is on its way. Raises what came of it, as IntegrityError."""
    if _COPIES in session.info:
        session.info[_COPIES].wait()


class _Copies:
    """Copies of one connection, one after the other in the order they were sent."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, "copies")
        self._under_way: list[Future[None]] = []
        event.listen(connection, "before_cursor_execute", self.wait)

    def send(self, into: str, text: str) -> None:
        self._under_way.append(self._thread.submit(copy, self._connection, f"{into} FROM STDIN", (text,)))

    def wait(self, *_: Any) -> None:
        under_way, self._under_way = self._under_way, []
        wait(under_way)  # all of them, also where one failed: what is asked next comes after them
        for copy in under_way:
            copy.result()

    def close(self) -> None:
        event.remove(self._connection, "before_cursor_execute", self.wait)
        self._thread.shutdown()


def copy(connection: Connection, into: str, blocks: Iterable[str | bytes]) -> None:
    """Copy blocks of text to a table, `into` says which and in which format."""
    statement = f"COPY {into}"
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as sent:
            for block in blocks:
                sent.write(block)
    except psycopg.Error as error:  # as any statement's
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()


def rows(connection: Connection, query: str) -> Iterator[Any]:
    """What a query finds, as blocks of CSV."""
    statement = f"COPY ({query}) TO STDOUT (FORMAT csv)"
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as received:
            yield from received
    except psycopg.Error as error:
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error
    finally:
        cursor.close()


def _texts(column: Sequence[Any]) -> Sequence[str] | Iterator[str]:
    kinds = set(map(type, column))
    if kinds == {str}:
        return map(_escaped, column) if any(map("".join(column).__contains__, _ESCAPED)) else column
    return map(str, column) if kinds == {int} else map(_Texts().__getitem__, column)


class _Texts(dict[Any, str]):
    """Values as COPY reads them, each worked out once: days and words come again and again."""

    def __missing__(self, value: Any) -> str:
        written = self[value] = _text(value)
        return written


def _text(value: Any) -> str:
    if value is None:
        return r"\N"
    text = json.dumps(value.obj) if isinstance(value, Jsonb) else str(value)
    return _escaped(text)


def _escaped(text: str) -> str:
    for special, written in _ESCAPED.items():
        text = text.replace(special, written)
    return text
