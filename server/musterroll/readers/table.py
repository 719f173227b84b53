"""A file as a table of text, whatever its format."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from musterroll.domain.values.errors import DomainError

MOST_COLUMNS = 500


class BadFile(DomainError):
    """A file that cannot be read as a table at all."""

    code = "bad_file"


class Numeric(str):
    """The text of a cell that holds a number, not text: any leading zeros are lost."""

    __slots__ = ()


class Line(NamedTuple):
    """One row: where it starts, and its cells or why it cannot be read."""

    number: int
    cells: list[str]
    problem: str | None


class Table(NamedTuple):
    """`lines` reads the rows below the headings, from the first one, every time it is called."""

    header: list[str]
    lines: Callable[[], Iterator[Line]]
    height: int | None = None  # rows, where the number is known beforehand
