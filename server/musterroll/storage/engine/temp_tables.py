"""Temporary tables a reconciliation works in, made alike on SQLite and PostgreSQL. They are the session's own; PostgreSQL drops them
with the end of the transaction, SQLite keeps them until the next run."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Date, bindparam, text
from sqlmodel import Session

from musterroll.storage.engine.bulk import Bigints, Texts, postgres

# Planned for one big run and not for many small ones: no compiling, room to sort in memory, sizes known rather than every frequency.
_SETTINGS = (
    "SET LOCAL jit = off; SET LOCAL work_mem = '256MB'; SET LOCAL default_statistics_target = 10; SET LOCAL statement_timeout = '600s'"
)
_SHARED_OUT = "SET LOCAL parallel_tuple_cost = 0.01; SET LOCAL parallel_setup_cost = 100"
_BY_INDEX = "SET LOCAL random_page_cost = 0.1; SET LOCAL max_parallel_workers_per_gather = 0"  # what is hot is in memory
# What runs write in braces: the order of texts byte by byte, and (before a column) that no index of it is to be used: SQLite, which knows
# no frequencies, takes a condition on one word of three for a rare one.
_DIALECTS = {"postgresql": {"by_bytes": ' COLLATE "C"', "scan": ""}, "sqlite": {"by_bytes": "", "scan": "+"}}
_MADE = "musterroll.staged"  # under which a session remembers the tables it made


class Staging:
    """Where the tables of one run are made. `words` fill the braces of its SQL, `values` its parameters."""

    def __init__(self, session: Session, words: dict[str, str], values: dict[str, Any]) -> None:
        session.flush()
        self._connection = session.connection()
        assert not self._connection.get_execution_options().get("asking"), "what only asks has no transaction to keep a table in"
        self._postgres = postgres(session)
        self._words = {**words, **_DIALECTS[self._connection.dialect.name]}
        self._values = dict(values)
        self._whole = False
        self._made: set[str] = session.info.setdefault(_MADE, set())

    def settle(self, *, whole: bool) -> None:
        """Tell PostgreSQL, for the rest of the transaction, what kind of work comes: on all rows, or by index on some."""
        self._whole = whole
        if self._postgres:
            self._connection.exec_driver_sql(f"{_SETTINGS}; {_SHARED_OUT if whole else _BY_INDEX}")

    def define(self, name: str, query: str, **values: Any) -> None:
        """Let later SQL name a query in braces."""
        self._words[name] = query.format_map(self._words)
        self._values |= values

    def make(self, table: str, query: str, *, by: str, **values: Any) -> None:
        """(Re)make a temporary table of what a query finds; others will look into it `by` these columns.

        Of small tables PostgreSQL knows enough by their size, and measuring each takes longer than working with it.
        """
        self._drop(table)
        self.run(f"CREATE TEMP TABLE {table}{self._until} AS {query}", **values)
        if self._whole:
            self.measure(table)
        self._index(table, by)

    def _drop(self, table: str) -> None:
        """Make room for a table where one of the name may be: on PostgreSQL only one made before in the same session."""
        if not self._postgres or table in self._made:
            self._connection.exec_driver_sql(f"DROP TABLE IF EXISTS {table}")
        self._made.add(table)

    @property
    def _until(self) -> str:
        return " ON COMMIT DROP" if self._postgres else ""

    def _index(self, table: str, by: str) -> None:
        """SQLite knows no hash join."""
        if not self._postgres:
            self._connection.exec_driver_sql(f"CREATE INDEX temp.ix_{table} ON {table} ({by})")

    def measure(self, table: str) -> None:
        """Let PostgreSQL know how many rows are in a table now: a plan made for an empty one can take for ever on a full one."""
        if self._postgres:
            self._connection.exec_driver_sql(f"ANALYZE {table}")

    def run(self, statement: str, **values: Any) -> int:
        return self._execute(statement, values).rowcount  # type: ignore[no-any-return]

    def rows(self, query: str, **values: Any) -> list[Any]:
        return list(self._execute(query, values).all())

    def fill(self, table: str, columns: dict[str, type], rows: Sequence[tuple[int | str, ...]]) -> None:
        """(Re)make a temporary table of these rows; others will look into it by its first column."""
        kinds = ["TEXT" if kind is str else "BIGINT" for kind in columns.values()]
        typed = ", ".join(f"{name} {kind}" for name, kind in zip(columns, kinds, strict=True))
        self._drop(table)
        self._connection.exec_driver_sql(f"CREATE TEMP TABLE {table} ({typed}){self._until}")
        if rows:
            self._insert(table, kinds, rows)
        self.measure(table)
        self._index(table, next(iter(columns)))

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
