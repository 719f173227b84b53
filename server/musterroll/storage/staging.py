"""Temporary tables a reconciliation works in, made alike on SQLite and PostgreSQL. They are the session's own and gone when it ends."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

from musterroll.storage.bulk import Bigints, Texts, postgres

# Planned for one big run and not for many small ones: no compiling, room to sort in memory.
_SETTINGS = "SET LOCAL jit = off; SET LOCAL work_mem = '256MB'; SET LOCAL temp_buffers = '64MB'; SET LOCAL statement_timeout = '600s'"
_BY_BYTES = {"postgresql": ' COLLATE "C"', "sqlite": ""}


class Staging:
    """Where the tables of one run are made. `words` fill the braces of its SQL, `values` its parameters."""

    def __init__(self, session: Session, words: dict[str, str], values: dict[str, Any]) -> None:
        self._connection = session.connection()
        self._postgres = postgres(session)
        self._words = {**words, "by_bytes": _BY_BYTES[self._connection.dialect.name]}
        self._values = values

    def settle(self) -> None:
        """Tell PostgreSQL, for the rest of the transaction, what kind of work comes."""
        if self._postgres:
            self._connection.exec_driver_sql(_SETTINGS)

    def make(self, table: str, query: str, *, analyze: bool = True, **values: Any) -> int:
        """(Re)make a temporary table of what a query finds. Returns its rows where that is known."""
        self._connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        made = self.run(f"CREATE TEMP TABLE {table} AS {query}", **values)
        if analyze:
            self.analyze(table)
        return made

    def analyze(self, table: str) -> None:
        if self._postgres:
            self._connection.exec_driver_sql(f"ANALYZE {table}")

    def run(self, statement: str, **values: Any) -> int:
        return self._execute(statement, values).rowcount  # type: ignore[no-any-return]

    def rows(self, query: str, **values: Any) -> list[Any]:
        return list(self._execute(query, values).all())

    def fill(self, table: str, columns: Sequence[str], rows: Sequence[tuple[int | str, ...]]) -> None:
        """(Re)make a temporary table of these rows; each column is of numbers or of texts, as its first value is."""
        kinds = ["TEXT" if rows and isinstance(value, str) else "BIGINT" for value in (rows[0] if rows else columns)]
        typed = ", ".join(f"{name} {kind}" for name, kind in zip(columns, kinds, strict=True))
        self._connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        self._connection.exec_driver_sql(f"CREATE TEMP TABLE {table} ({typed})")
        if rows:
            self._insert(table, kinds, rows)
        self.analyze(table)

    def _insert(self, table: str, kinds: list[str], rows: Sequence[tuple[int | str, ...]]) -> None:
        if not self._postgres:
            marks = ", ".join("?" * len(kinds))
            self._connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", list(rows))  # noqa: S608
            return
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        packed = [_packed(column) for column in zip(*rows, strict=True)]
        self._connection.exec_driver_sql(f"INSERT INTO {table} SELECT * FROM unnest({arrays})", tuple(packed))  # noqa: S608

    def _execute(self, statement: str, values: dict[str, Any]) -> Any:
        given = {**self._values, **values}
        query = text(statement.format_map(self._words))
        named = query._bindparams
        if "on" in named:
            query = query.bindparams(bindparam("on", type_=Date()))
        return self._connection.execute(query, {name: given[name] for name in named})


def _packed(column: Sequence[Any]) -> Bigints | Texts:
    return Texts([value.encode() for value in column]) if isinstance(column[0], str) else Bigints(column)
