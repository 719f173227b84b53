"""INSERT into SQLite of many rows in one statement: a thread that executes it lets others run until all of them are written."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from musterroll.storage.engine import behind

_MOST_ROWS, _MOST_VALUES = 512, 32_000  # of a statement


def send(session: Session, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows into a table and its columns `into`: at once, or behind."""
    connection = session.connection()
    behind.send(session, lambda: _execute(connection, _statements(into, rows)))


def _execute(connection: Connection, statements: Iterator[tuple[str, list[Any]]]) -> None:
    driver: Any = connection.connection.driver_connection
    any_error = connection.dialect.loaded_dbapi.Error
    for statement, values in statements:
        try:
            driver.execute(statement, values)
        except any_error as error:  # as any statement's
            raise DBAPIError.instance(statement, None, error, any_error, dialect=connection.dialect) from error


def _statements(into: str, rows: Sequence[tuple[Any, ...]]) -> Iterator[tuple[str, list[Any]]]:
    """Statements of few sizes, so that the driver knows them, and their values."""
    marks = f"({', '.join('?' * len(rows[0]))})"
    size, start = _MOST_ROWS, 0
    while start < len(rows):
        if size * len(rows[0]) > _MOST_VALUES or size > len(rows) - start:
            size //= 2
            continue
        yield f"INSERT INTO {into} VALUES {', '.join([marks] * size)}", list(chain.from_iterable(rows[start : start + size]))  # noqa: S608
        start += size
