"""The columns that a computation over many units works in: tables of DuckDB, in memory, and on disk beyond a limit.

They are filled from the session's own connection, so they are what the session sees, also what it has not committed yet. Both databases
are asked in the same SQL and answer in CSV, which DuckDB reads without a step of Python for each value. What was computed goes
back as rows of a table. DuckDB orders and compares texts byte by byte, whatever the database does.
"""

import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile, _TemporaryFileWrapper
from typing import Any, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

from musterroll.storage.engine import postgres_copy
from musterroll.storage.engine.bulk import postgres, relation

_LIMITS = "musterroll.limits"  # an option of an engine
_BLOCK = 10_000  # row ids to one block of text
WORD = "WORD"  # a type of texts of letters, digits and `_` only: they need no quotes, and an empty one reads as null
_CHUNK = 1 << 20  # bytes sent at once
_ROWS = 20_000  # rows inserted at once
_FILE = "data_0.parquet"  # as DuckDB names the first file of a folder
_CSV = "header = false, auto_detect = false, delim = ',', quote = '\"', escape = '\"', nullstr = '', allow_quoted_nulls = false"
# Planned for one big question or for many small ones: no compiling, room to sort in memory, and patience while DuckDB computes.
_SETTINGS = """SET LOCAL jit = off; SET LOCAL work_mem = '256MB'; SET LOCAL statement_timeout = '600s';
SET LOCAL idle_in_transaction_session_timeout = '600s'"""
_SHARED_OUT = "SET LOCAL parallel_tuple_cost = 0.01; SET LOCAL parallel_setup_cost = 100"
# From the few to the many by index, in the order that the joins are written: what is asked of them is in memory, and how many rows a
# list of ids leads to is not known, least of all within a transaction that has filled the tables.
_BY_INDEX = """SET LOCAL random_page_cost = 0.1; SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_seqscan = off;
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL join_collapse_limit = 1"""
Subject = tuple[str, int]  # what a row is about: its kind, and its row id


class Limits(NamedTuple):
    """What DuckDB may use: memory such as `1GB`, threads, and the directory it spills to (None: the system's)."""

    memory: str = "1GB"
    threads: int = 2
    spill: Path | None = None


def limits(memory: str, threads: int, spill: Path) -> Limits:
    """The same, where the directory may be missing or belong to another: then the system's."""
    return Limits(memory, threads, spill if os.access(spill, os.W_OK) else None)


def options(limits: Limits) -> dict[str, Any]:
    """The limits as options of an engine."""
    return {_LIMITS: limits}


class Columns:
    """The tables of one computation. `words` fill the braces of its SQL.

    `{scan}` before a column: SQLite is to use no index of it. It knows no frequencies and takes a condition on one word of three for a
    rare one.
    """

    def __init__(self, session: Session, words: Mapping[str, str] | None = None, *, whole: bool = True, after: str = "") -> None:
        """`after`: the stamp of what is stored. Tables that `leave` left under it are there; `outdated` are the subjects to read again."""
        session.flush()
        limits: Limits = session.connection().get_execution_options().get(_LIMITS, Limits())
        self._words = {**(words or {}), "scan": "" if postgres(session) else "+"}
        self._file = NamedTemporaryFile("w+b", dir=limits.spill)  # noqa: SIM115  as long as the columns
        left = _left.pop(after, None)
        self.outdated = left.outdated if left else None
        instance = limits.memory, limits.threads if whole else 1, limits.spill
        self._duck = left.duck if left else _instance(*instance).cursor()
        self._parse = _parser(*instance)
        self._whole = whole
        self.attach(session)

    def attach(self, session: Session) -> None:
        """Go on with another session: what it is sent is stored in its transaction."""
        self._session = session
        if postgres(session):
            session.connection().exec_driver_sql(f"{_SETTINGS}; {_SHARED_OUT if self._whole else _BY_INDEX}")

    def define(self, **words: str) -> None:
        """Let later SQL name something in braces."""
        self._words |= {name: word.format_map(self._words) for name, word in words.items()}

    def read(self, table: str, query: str, columns: Mapping[str, str], **given: Any) -> None:
        """(Re)make a table of what a query of the database finds. `columns`: their names and types, whole numbers first."""
        typed = ", ".join(f"'{name}': '{'VARCHAR' if kind == WORD else kind}'" for name, kind in columns.items())
        file = self._emptied()
        file.writelines(self._blocks(query, columns, given))
        file.flush()
        rows = f"read_csv($file, {_CSV}, columns = {{{{{typed}}}}})"
        self.make(table, f"FROM {rows}", file=file.name)

    def _emptied(self) -> "_TemporaryFileWrapper[bytes]":
        """The file that rows go through; making one takes longer than many a statement."""
        self._file.seek(0)
        self._file.truncate()
        return self._file

    def _blocks(self, query: str, columns: Mapping[str, str], given: Mapping[str, Any]) -> Iterator[bytes]:
        """Rows as CSV. COPY, which has no parameters, costs the server a third less than text it puts together."""
        if postgres(self._session) and not given:
            copied = ", ".join(f"nullif({name}, '') AS {name}" if kind == WORD else name for name, kind in columns.items())
            rows = f"SELECT {copied} FROM ({query.format_map(self._words)}) read_rows"  # noqa: S608  our own
            yield from postgres_copy.rows(self._session.connection(), rows)
            return
        row = ", ',', ".join(_written(name, kind) for name, kind in columns.items())
        grouped = f"GROUP BY {next(iter(columns))} / {_BLOCK}"
        for (block,) in self.ask(f"SELECT string_agg(concat({row}), '\n') FROM ({query}) read_rows {grouped}", **given):  # noqa: S608
            yield f"{block}\n".encode()

    def read_again(self, table: str, query: str, columns: Mapping[str, str], replaced: str, **given: Any) -> None:
        """Replace the rows of a table that meet a condition by what a query of the database finds."""
        self.read("read_again", query, columns, **given)
        self.make(table, f"FROM {table} WHERE NOT ({replaced}) UNION ALL FROM read_again")

    def leave(self, stamp: str, *tables: str) -> None:
        """Leave these tables, and no others, to the next computation of this process `after` a stamp, and end this one."""
        for (name,) in self.rows("SELECT table_name FROM duckdb_tables() WHERE temporary"):
            if name not in tables:
                self.run(f"DROP TABLE {name}")
        _left.clear()
        _left[stamp] = _Left(self._duck, set())

    def ask(self, query: str, **given: Any) -> list[Any]:
        """Rows of the database. Each collection of ids, or `Relation`, replaces the braces of its name; other values are parameters."""
        words, values = dict(self._words), dict[str, Any]()
        for name, value in given.items():
            if isinstance(value, Relation):
                words[name], parameters = relation(self._session, name, value.columns, value.rows)
                values |= parameters
            elif isinstance(value, Collection):
                words[name], parameters = relation(self._session, name, {"id": int}, [(id_,) for id_ in value])
                values |= parameters
            else:
                values[name] = value
        statement = text(query.format_map(words))
        if "on" in statement._bindparams:
            statement = statement.bindparams(bindparam("on", type_=Date()))
        return list(self._session.connection().execute(statement, values))

    def fill(self, table: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
        """(Re)make a table of these rows, of whole numbers and texts."""
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        self._duck.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({typed})")
        if rows:
            arrays = zip(columns.items(), zip(*rows, strict=True), strict=True)
            given = {name: np.array(values, dtype=object if kind == "VARCHAR" else np.int64) for (name, kind), values in arrays}
            self._duck.register("given_rows", given)
            self._duck.execute(f"INSERT INTO {table} FROM given_rows")
            self._duck.unregister("given_rows")

    def make(self, table: str, query: str, **values: Any) -> int:
        """(Re)make a table of what a query of these tables finds. Returns the number of rows."""
        (rows,) = self._execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}", values).fetchone()
        return int(rows)

    def run(self, statement: str, **values: Any) -> None:
        self._execute(statement, values)

    def rows(self, query: str, **values: Any) -> list[Any]:
        return self._execute(query, values).fetchall()  # type: ignore[no-any-return]

    def arrays(self, query: str, **values: Any) -> dict[str, NDArray[Any]]:
        """Rows as one array for each column, for many. A column must not have nulls."""
        return self._execute(query, values).fetchnumpy()  # type: ignore[no-any-return]

    def ids(self, query: str) -> list[int]:
        return [row[0] for row in self.rows(query)]

    def write_parquet(self, query: str, folder: Path, partition: Sequence[str], about: Mapping[str, str], **values: Any) -> int:
        """Write what a query of these tables finds as Parquet files below a folder, with metadata. Returns the number of rows.

        No rows are one file without any, so that the columns are known.
        """
        folder.mkdir()
        metadata = ", ".join(f"{name}: {_quoted(text)}" for name, text in about.items())
        form = f"FORMAT parquet, COMPRESSION zstd, KV_METADATA {{{{{metadata}}}}}"
        by = f", PARTITION_BY ({', '.join(partition)}), OVERWRITE_OR_IGNORE" if partition else ""
        target = folder if partition else folder / _FILE
        (written,) = self._execute(f"COPY ({query}) TO {_quoted(str(target))} ({form}{by})", values).fetchone()
        if partition and not written:
            self._execute(f"COPY (FROM ({query}) LIMIT 0) TO {_quoted(str(folder / _FILE))} ({form})", values)
        return int(written)

    def parquet(self, query: str, file: Path) -> bytes:
        """What a query of these tables finds, as a Parquet file, which is written first."""
        self._execute(f"COPY ({query}) TO {_quoted(str(file))} (FORMAT parquet, COMPRESSION zstd)", {})
        return file.read_bytes()

    def send(self, table: str, columns: Sequence[str], query: str, **values: Any) -> int:
        """Insert what a query of these tables finds into a table of the database. Returns the number of rows."""
        if postgres(self._session):
            return self._copy(f"{table} ({', '.join(columns)})", query, values)
        result, sent = self._execute(query, values), 0
        into = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608
        while rows := result.fetchmany(_ROWS):
            self._session.connection().exec_driver_sql(into, rows)
            sent += len(rows)
        return sent

    def send_temporary(self, table: str, columns: Mapping[str, str], query: str) -> None:
        """The same into a new temporary table, for the statements that follow."""
        typed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
        connection, until = self._session.connection(), " ON COMMIT DROP" if postgres(self._session) else ""
        connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        connection.exec_driver_sql(f"CREATE TEMP TABLE {table} ({typed}){until}")
        self.send(table, list(columns), query)
        if postgres(self._session):
            connection.exec_driver_sql(f"ANALYZE {table}")  # a plan made for an empty one can take for ever

    def write(self, statement: str, **values: Any) -> int:
        """Run a statement in the database. Returns the number of rows it changed."""
        return self._session.connection().execute(text(statement), values).rowcount

    def _copy(self, into: str, query: str, values: dict[str, Any]) -> int:
        file = self._emptied()
        written = f"COPY ({query}) TO $file (FORMAT csv, HEADER false, USE_TMP_FILE false)"
        (sent,) = self._execute(written, {**values, "file": file.name}).fetchone()
        if sent:
            postgres_copy.copy(self._session.connection(), f"{into} FROM STDIN (FORMAT csv)", iter(lambda: file.read(_CHUNK), b""))
        return int(sent)

    def _execute(self, statement: str, values: dict[str, Any]) -> Any:
        (parsed,) = self._parse(statement.format_map(self._words))
        return self._duck.execute(parsed, values or None)


class _Left(NamedTuple):
    """The tables of a computation that is over, and the subjects that have changed since."""

    duck: duckdb.DuckDBPyConnection
    outdated: set[Subject]


_left: dict[str, _Left] = {}  # by the stamp of what is stored: one at most


def outdate(before: str, after: str, changed: Collection[Subject], most: int) -> None:
    """What is left under one stamp is left under another, but for these subjects; where they are too many, it is forgotten."""
    left = _left.pop(before, None)
    if left and len(left.outdated | set(changed)) <= most:
        left.outdated.update(changed)
        _left[after] = left


class Relation(NamedTuple):
    """Rows that a question to the database is given, by the names and types (int, str) of their columns."""

    columns: Mapping[str, type]
    rows: Collection[Sequence[Any]]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"


def _written(name: str, kind: str) -> str:
    """A column as CSV: nothing where it is null, a text in quotes."""
    return f"""'"' || replace({name}, '"', '""') || '"'""" if kind == "VARCHAR" else name


@cache
def _parser(*instance: Any) -> Callable[[str], list[duckdb.Statement]]:
    """Remembers statements: computations are the same from one to the next, and of a small one parsing is a good part."""
    return lru_cache(1 << 9)(_instance(*instance).extract_statements)


@cache
def _instance(memory: str, threads: int, spill: Path | None) -> duckdb.DuckDBPyConnection:
    """One for the process, as opening it takes longer than a small computation; every cursor has temporary tables of its own."""
    config: Any = {"memory_limit": memory, "threads": threads, "autoinstall_known_extensions": False}
    config |= {"autoload_known_extensions": False, "preserve_insertion_order": False}
    if spill:
        config["temp_directory"] = str(spill)
    return duckdb.connect(":memory:", config=config)
