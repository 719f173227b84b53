"""COPY into PostgreSQL and out of it: columns as its text, rows as CSV."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from musterroll.storage.engine import behind

_ESCAPED = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r"}  # the backslash first


def lines(columns: Sequence[Sequence[Any]], shared: Sequence[Any] = ()) -> str:
    """Rows as COPY reads them, from their columns (hashable values) and the values all of them have behind those."""
    end = "".join(["\t" + _text(value) for value in shared]) + "\n"
    return end.join(map("\t".join, zip(*map(_texts, columns), strict=True))) + end


def send(session: Session, into: str, text: str) -> None:
    """Send lines to a table and its columns `into`: at once, or behind."""
    connection = session.connection()
    behind.send(session, lambda: copy(connection, f"{into} FROM STDIN", (text,)))


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
    if kinds <= _TIMES:
        return map(_time_text, column)
    return map(str, column) if kinds == {int} else map(_Texts().__getitem__, column)


class _Texts(dict[Any, str]):
    """Values as COPY reads them, each worked out once: days and words come again and again."""

    def __missing__(self, value: Any) -> str:
        written = self[value] = _text(value)
        return written


_TIMES = {type(None), date, datetime}


@lru_cache(1 << 14)
def _time_text(value: date | None) -> str:
    return _text(value)


def _text(value: Any) -> str:
    if value is None:
        return r"\N"
    text = json.dumps(value.obj) if isinstance(value, Jsonb) else str(value)
    return _escaped(text)


def _escaped(text: str) -> str:
    for special, written in _ESCAPED.items():
        text = text.replace(special, written)
    return text
