"""One table of the export: its columns, what they mean, and the SQL that makes it."""

from collections.abc import Mapping
from typing import NamedTuple

INSTANT, DAY, ID, TEXT, COUNT = "TIMESTAMP WITH TIME ZONE", "DATE", "BIGINT", "VARCHAR", "INTEGER"


class Column(NamedTuple):
    name: str
    type: str  # of DuckDB
    about: str


class Read(NamedTuple):
    """A query of the database, and the names and types of what it gives. `{unit}` is the table `unit` as far as the session sees it."""

    query: str
    columns: Mapping[str, str]


class Table(NamedTuple):
    """`reads`: what it is made from, by the name it has in `query`. `partition`: its columns that are names of folders."""

    name: str
    about: str
    columns: tuple[Column, ...]
    query: str
    reads: Mapping[str, Read] = {}
    partition: tuple[str, ...] = ()

    def select(self) -> str:
        """The query, with the types of the columns."""
        columns = ", ".join(f"CAST({column.name} AS {column.type}) AS {column.name}" for column in self.columns)
        return f"SELECT {columns} FROM ({self.query}) made"  # noqa: S608  our own


def instant(ms: str) -> str:
    """A column of ms as an instant."""
    return f"make_timestamptz({ms} * 1000)"


def amount(stored: str) -> str:
    """A column of ten-thousandths as a decimal number."""
    return f"CAST({stored} AS DECIMAL(22, 4)) * CAST(0.0001 AS DECIMAL(5, 4))"
