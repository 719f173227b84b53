"""Rows read a column at a time: nearly all cells are as many before them, and a column is looked up at once."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from musterroll.domain.values.errors import DomainError
from musterroll.readers.cell_values import ODD, CellValues
from musterroll.readers.cells import Moment
from musterroll.readers.fields import NOTHING
from musterroll.readers.table import Line

_TOGETHER = 256  # lines


class ColumnOfCells(NamedTuple):
    """`place` counts the columns of the file from 0; `name` is that of the field."""

    place: int
    name: str
    known: CellValues


def some_at_a_time(lines: Iterator[Line]) -> Iterator[list[Line]]:
    """Lines in lists; those before one that raises come first."""
    some: list[Line] = []
    try:
        for line in lines:
            some.append(line)
            if len(some) == _TOGETHER:
                yield some
                some = []
    except DomainError:
        yield some
        raise
    yield some


def values_of_lines(lines: Sequence[Line], columns: Sequence[ColumnOfCells], given: Mapping[str, Any]) -> list[dict[str, Any] | None]:
    """The values of each line by field, besides those `given`; None where a cell must be read with its row."""
    rows = iter(_values([line.cells for line in lines if not line.problem], columns, given))
    return [None if line.problem else next(rows) for line in lines]


def _values(rows: Sequence[Sequence[str]], columns: Sequence[ColumnOfCells], given: Mapping[str, Any]) -> list[dict[str, Any] | None]:
    if not rows or not columns:
        return [None] * len(rows)
    cells = list(zip(*rows, strict=True))
    read = [known.column(cells[place]) for place, _, known in columns]
    names = [column.name for column in columns]
    values: list[dict[str, Any] | None]
    if any(column.known.some_empty for column in columns):
        values = [{name: value for name, value in zip(names, row, strict=True) if value is not NOTHING} for row in zip(*read, strict=True)]
    else:
        values = [dict(zip(names, row, strict=True)) for row in zip(*read, strict=True)]
    if given:
        values = [{**given, **row} for row in values if row is not None]
    for column, of_rows in zip(columns, read, strict=True):
        if column.known.some_odd:
            for place, value in enumerate(of_rows):
                if value is ODD or type(value) is Moment:
                    values[place] = None
    return values
