"""A table whose rows are audited: the columns an image of a row has, and rows read, written and looked for in bulk."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from sqlalchemy import JSON, ColumnElement, Date, Float, Table, bindparam, delete, insert, select, true, update
from sqlmodel import Session, SQLModel
from sqlmodel.sql.sqltypes import UTCDateTime

from musterroll.domain.audit import Image, canonical, canonical_rows, column_heads, image, plain_column
from musterroll.domain.contracts.terms import LineScope
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.columns import Audited, Price
from musterroll.storage.tables.contracts import ContractLine

_READERS: dict[type, Callable[[Any], Any]] = {
    Price: Decimal,
    UTCDateTime: datetime.fromisoformat,
    Date: date.fromisoformat,
    Float: float,
    JSON: json.loads,
}
_CHUNK = 5_000  # keys one statement may name
# The scopes under which the place of a contract line is a row of the table.
_PLACES = {"site": (LineScope.SERIAL, LineScope.SITE), "account": (LineScope.ACCOUNT, LineScope.SUBTREE)}


class AuditedTable:
    def __init__(self, model: type[Audited]) -> None:
        self.table: Table = model.__table__  # type: ignore[attr-defined]
        self.name = self.table.name
        (self.key,) = self.table.primary_key.columns
        self.columns = model.audited_columns()
        self.names = frozenset(column.name for column in self.columns)
        self._heads = column_heads(self.names)
        self._floats = [column.name for column in self.columns if isinstance(column.type, Float)]
        readers = [(column, reader) for column in self.columns for kind, reader in _READERS.items() if isinstance(column.type, kind)]
        self._readers = {column.name: reader for column, reader in readers}

    def image_of(self, row: Mapping[str, Any], *, whole: bool) -> Image:
        """The image of a row that a caller holds. Raises ValueError for a column that is not audited, or missing from a `whole` row."""
        if not (self.names == row.keys() if whole else self.names >= row.keys()):
            raise ValueError(f"not the audited columns of {self.name}: {sorted(self.names ^ row.keys())}")
        plain = image(row)
        for name in self._floats:
            if plain.get(name) is not None:
                plain[name] = repr(float(plain[name]))  # the caller may hold a whole number
        return plain

    def texts_of(self, columns: Mapping[str, Sequence[Any]]) -> list[str]:
        """The canonical texts of the images of whole rows, given by their columns. Raises ValueError as `image_of`."""
        if self._floats or self.names != columns.keys():
            rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
            return [canonical(self.image_of(row, whole=True)) for row in rows]
        return canonical_rows(columns, self._heads)

    def plain_of(self, columns: Mapping[str, Sequence[Any]]) -> dict[str, Sequence[Any]]:
        """The images of whole rows by column, from their columns. Raises ValueError as `image_of`."""
        if self.names != columns.keys():
            raise ValueError(f"not the audited columns of {self.name}: {sorted(self.names ^ columns.keys())}")
        plain = {name: plain_column(values) for name, values in columns.items()}
        return plain | {name: [None if value is None else repr(float(value)) for value in columns[name]] for name in self._floats}

    def images(self, session: Session, keys: Iterable[str]) -> dict[str, Image]:
        """The images of those rows that exist, by key."""
        images, ids = dict[str, Image](), [int(key) for key in keys]
        for start in range(0, len(ids), _CHUNK):
            query = select(*self.columns).where(among(session, self.key, ids[start : start + _CHUNK]))
            images |= {str(row[self.key.name]): image({**row}) for row in session.execute(query).mappings()}
        return images

    def insert(self, session: Session, rows: Sequence[Image]) -> None:
        session.connection().execute(insert(self.table), [self._values(row) for row in rows])

    def update(self, session: Session, rows: Sequence[tuple[str, Image]]) -> None:
        """Update rows by key; each image has the same columns."""
        fields: dict[str, Any] = {name: bindparam(name) for name in rows[0][1]}
        statement = update(self.table).where(self.key == bindparam("row_key")).values(fields)
        session.connection().execute(statement, [{**self._values(row), "row_key": int(key)} for key, row in rows])

    def delete(self, session: Session, keys: Sequence[str]) -> None:
        session.connection().execute(delete(self.table).where(among(session, self.key, [int(key) for key in keys])))

    def all_referring(self, session: Session, keys: Sequence[str]) -> Iterator[tuple[str, str]]:
        """The rows (table, key) that refer to one of these rows."""
        ids = [int(key) for key in keys]
        for own, column, condition in self._references:
            for key in session.scalars(select(own).where(among(session, column, ids), condition)):
                yield own.table.name, str(key)

    def referring(self, session: Session, keys: Sequence[str]) -> tuple[str, str] | None:
        """A row (table, key) that refers to one of these rows and is not one of them."""
        ids = [int(key) for key in keys]
        for own, column, condition in self._references:
            query = select(own).where(among(session, column, ids), condition)
            if own is self.key:
                query = query.where(~among(session, own, ids))
            if (row := session.execute(query.limit(1)).scalar()) is not None:
                return own.table.name, str(row)
        return None

    @cached_property
    def _references(self) -> list[tuple[Any, Any, ColumnElement[bool]]]:
        """The columns that may name a row of this table, each after the key of its own table and before a condition."""
        columns = [column for table in SQLModel.metadata.sorted_tables for column in table.columns if column.references(self.key)]
        references: list[tuple[Any, Any, ColumnElement[bool]]] = [(next(iter(c.table.primary_key)), c, true()) for c in columns]
        if self.name in _PLACES:
            line = ContractLine.__table__.c  # type: ignore[attr-defined]
            references.append((line.id, line.place_id, line.scope.in_(_PLACES[self.name])))
        return references

    def _values(self, row: Image) -> Image:
        readers = self._readers
        return {name: readers[name](value) if name in readers and value is not None else value for name, value in row.items()}
