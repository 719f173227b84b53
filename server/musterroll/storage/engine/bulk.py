"""Many rows in one statement. PostgreSQL takes columns as binary arrays, SQLite takes rows as parameters or as JSON.

Binary arrays cost the server no parsing, and packing them here costs a tenth of what the driver's own lists do.
"""

import json
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import repeat
from types import MappingProxyType
from typing import Any

import psycopg
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format
from sqlalchemy import Column, ColumnElement, Dialect, Table, any_, bindparam, false, func, select, tuple_
from sqlmodel import Session, SQLModel

from musterroll.storage.engine import postgres_copy, sqlite_insert
from musterroll.storage.engine.behind import behind

_INT8, _TEXT = 20, 25
_HEADER = struct.Struct("!iiIii")
_ITEM = struct.Struct("!iq")
_LENGTH = struct.Struct("!i")
_WORTH_SENDING = 200  # rows from which on COPY, or one INSERT of all, is quicker than the same INSERT again and again
_REMEMBERED = 1 << 14  # values of a column
_NULL = b"\xff\xff\xff\xff"
ROOM = 128 * 1024  # KiB of SQLite's pages


class Bigints:
    """A PostgreSQL `bigint[]`, packed."""

    def __init__(self, values: Sequence[int | None]) -> None:
        count = len(values)
        if None in values:
            body = b"".join([_NULL if value is None else _ITEM.pack(8, value) for value in values])
        else:
            flat: list[Any] = [8] * (2 * count)
            flat[1::2] = values
            body = struct.pack("!" + "iq" * count, *flat)
        self.packed = _HEADER.pack(1, 1, _INT8, count, 1) + body


class Texts:
    """A PostgreSQL `text[]` of UTF-8 bytes, packed."""

    def __init__(self, values: Sequence[bytes]) -> None:
        pack = _LENGTH.pack
        self.packed = _HEADER.pack(1, 0, _TEXT, len(values), 1) + b"".join([pack(len(value)) + value for value in values])


class _BigintsDumper(Dumper):
    format = Format.BINARY
    oid = 1016

    def dump(self, obj: Bigints) -> Buffer:
        return obj.packed


class _TextsDumper(Dumper):
    format = Format.BINARY
    oid = 1009

    def dump(self, obj: Texts) -> Buffer:
        return obj.packed


def register(connection: psycopg.Connection[Any]) -> None:
    """Teach one connection to send packed arrays."""
    connection.adapters.register_dumper(Bigints, _BigintsDumper)
    connection.adapters.register_dumper(Texts, _TextsDumper)


def postgres(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


@contextmanager
def room(session: Session, kib: int = ROOM) -> Iterator[None]:
    """Ease for many rows that come in, in no order.

    They are sent while the next are worked out. PostgreSQL checks foreign keys by index: it would scan a small table for each row, as
    for a single one that is the cheapest. SQLite keeps more of its indexes in memory (`kib`); else it writes and reads
    their pages over and over.
    """
    if postgres(session):
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        with behind(session):
            yield
        return
    driver: Any = session.connection().connection.driver_connection
    (usual,) = driver.execute("PRAGMA cache_size").fetchone()
    driver.execute(f"PRAGMA cache_size = -{kib}")
    try:
        with behind(session):
            yield
    finally:
        driver.execute(f"PRAGMA cache_size = {usual}")


def columns(rows: Sequence[tuple[int | None, ...]]) -> tuple[Bigints, ...]:
    """Rows of integers as packed columns."""
    return tuple(Bigints(column) for column in zip(*rows, strict=True))


def ids(session: Session, values: Sequence[int]) -> Bigints | str:
    """A list of row ids as one parameter: of `= ANY(...)` on PostgreSQL, of `IN (SELECT value FROM json_each(...))` on SQLite."""
    return Bigints(values) if postgres(session) else json.dumps(values)


def among(session: Session, column: Any, values: Collection[int] | Collection[str]) -> ColumnElement[bool]:
    """Whether a column has one of these values, however many: one parameter, where `IN` would take one each and be parsed anew."""
    wanted: list[Any] = list(values)
    if not wanted:
        return false()
    if postgres(session):
        array = Texts([value.encode() for value in wanted]) if isinstance(wanted[0], str) else Bigints(wanted)
        condition: ColumnElement[bool] = column == any_(bindparam("among", array, unique=True))
        return condition
    return column.in_(select(func.json_each(json.dumps(wanted)).table_valued("value").c.value))  # type: ignore[no-any-return]


def pair_among(session: Session, number: Any, word: Any, pairs: Collection[tuple[int, str]]) -> ColumnElement[bool]:
    """Whether two columns, a whole number and a text, have one of these pairs, however many, as `among`."""
    if postgres(session):
        numbers, words = Bigints([pair[0] for pair in pairs]), Texts([pair[1].encode() for pair in pairs])
        arrays: Any = (bindparam("numbers", numbers, unique=True), bindparam("words", words, unique=True))
        both = func.unnest(*arrays).table_valued("number", "word").render_derived().c
        return tuple_(number, word).in_(select(both.number, both.word))
    value = func.json_each(json.dumps(list(pairs))).table_valued("value").c.value
    return tuple_(number, word).in_(select(func.json_extract(value, "$[0]"), func.json_extract(value, "$[1]")))


def relation(session: Session, name: str, columns: Mapping[str, type], rows: Collection[Sequence[Any]]) -> tuple[str, dict[str, Any]]:
    """Rows (of int or str) as a query in parentheses, and its parameters: arrays on PostgreSQL, JSON on SQLite."""
    if not postgres(session):
        picked = ", ".join(f"json_extract(value, '$[{place}]') AS {column}" for place, column in enumerate(columns))
        return f"(SELECT {picked} FROM json_each(:{name}))", {name: json.dumps([list(row) for row in rows])}  # noqa: S608  our own names
    flat = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = {
        f"{name}_{column}": Texts([value.encode() for value in values]) if kind is str else Bigints(values)
        for (column, kind), values in zip(columns.items(), flat, strict=True)
    }
    given = ", ".join(f":{array}" for array in arrays)
    return f"(SELECT * FROM unnest({given}) AS {name} ({', '.join(columns)}))", arrays  # noqa: S608


def insert(session: Session, model: type[SQLModel], names: Sequence[str], rows: Sequence[tuple[Any, ...]], **same: Any) -> None:
    """Insert rows of the columns `names` (hashable values), with the values of `same` in every one.

    Values go through the columns' own types, each distinct one once, and then straight to the driver: a third of the time of dicts.
    Raises IntegrityError as any statement does.
    """
    if rows:
        insert_columns(session, model, dict(zip(names, zip(*rows, strict=True), strict=True)), same)


def insert_columns(session: Session, model: type[SQLModel], columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any]) -> None:
    """Insert rows given by their columns (at least one row), as `insert`."""
    table: Table = model.__table__  # type: ignore[attr-defined]
    ready: dict[str, Sequence[Any]] = {}
    for_all = dict(same)
    for name, values in columns.items():
        if len(values) >= _WORTH_SENDING and values[0] is not None and values.count(values[0]) == len(values):
            for_all[name] = values[0]
            continue
        process = _to_driver(session, table, name)
        ready[name] = list(map(process, values)) if process else values
    shared = {n: process.__wrapped__(value) if (process := _to_driver(session, table, n)) else value for n, value in for_all.items()}
    put(session, table, ready, shared)


def put(session: Session, table: Table, columns: Mapping[str, Sequence[Any]], same: Mapping[str, Any] = MappingProxyType({})) -> None:
    """Insert rows given by their columns, as the driver takes them; all have the values of `same` besides.

    A column that is empty in every row is left out: SQLite's driver takes longer over nothing than over something.
    """
    full = {name: values for name, values in columns.items() if not _empty(values) or table.c[name].server_default}
    quote = session.connection().dialect.identifier_preparer.quote
    into = f"{quote(table.name)} ({', '.join(map(quote, (*full, *same)))})"
    shared, many = list(same.values()), len(next(iter(full.values()))) >= _WORTH_SENDING
    if postgres(session) and many:
        postgres_copy.send(session, into, postgres_copy.lines(list(full.values()), shared))
        return
    rows = list(zip(*full.values(), *map(repeat, shared), strict=False))
    if many:
        sqlite_insert.send(session, into, rows)
        return
    marks = ", ".join(["%s" if postgres(session) else "?"] * (len(full) + len(same)))
    session.connection().exec_driver_sql(f"INSERT INTO {into} VALUES ({marks})", rows)  # noqa: S608  our own names


def _to_driver(session: Session, table: Table, name: str) -> Any:
    """What makes a column's values those the driver takes, where they are not the same."""
    return _processor(session.connection().dialect, table.c[name])


@lru_cache(256)
def _processor(dialect: Dialect, column: Column[Any]) -> Any:
    """Remembers values: days and words come again and again."""
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(_REMEMBERED, typed=True)(process) if process else None


def _empty(values: Sequence[Any]) -> bool:
    return values[0] is None and values.count(None) == len(values)


def update_from(session: Session, statement: str, fields: Sequence[str], rows: Sequence[tuple[int | None, ...]]) -> list[Any]:
    """Run an update from rows of whole numbers, which it calls `{b}` in FROM and `b` elsewhere. Returns the rows it returns."""
    connection = session.connection()
    if postgres(session):
        arrays = ", ".join(["%s::bigint[]"] * len(fields))
        b = f"unnest({arrays}) AS b ({', '.join(fields)})"
        result = connection.exec_driver_sql(statement.format(b=b), columns(rows))
    else:
        picked = ", ".join(f"value ->> {number} AS {name}" for number, name in enumerate(fields))
        b = f"(SELECT {picked} FROM json_each(?)) AS b"  # noqa: S608
        result = connection.exec_driver_sql(statement.format(b=b), (json.dumps(rows),))
    return list(result.all()) if result.returns_rows else []
