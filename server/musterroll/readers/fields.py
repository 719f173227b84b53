"""What a kind of document is: its fields, the headings their columns go by, and how their cells are read.

A new column for a kind of document is one `Field` in its reader, and what its importer does with the value.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any, NamedTuple

from musterroll.domain.values.errors import DomainError


class BadCell(DomainError):
    """A cell that cannot be read, or only in more than one way."""

    code = "bad_cell"


class WrongOrder(BadCell):
    """Two days of a row of which the later one is before the earlier one, by field."""

    def __init__(self, later: str, earlier: str) -> None:
        super().__init__(f"the {later} is before the {earlier}")
        self.later, self.earlier = later, earlier


NOTHING = object()  # the value of a cell that says there is none, such as a date `Never`


class Hints(NamedTuple):
    """What a cell does not show by itself: it is known from its column, from the whole file, or from the person who imports it."""

    dates: str = ""  # dmy, mdy, ymd: the order of a date in numbers
    zone: tzinfo | None = None  # of times without one
    currency: str = ""  # of amounts without one: a code, or a sign that several currencies use
    numbers: str = ""  # the decimal sign
    decimals: bool = False  # whether three digits after it can be decimals
    counted: str = ""  # what bare numbers in a column of dates count
    months: int = 0  # that an amount is for, as the heading says
    ends: str = ""  # what an end is: its last day (if empty), or the day after it
    wholes: str = ""  # .0: what follows numbers that can only be whole
    unit: str = ""  # of bare lengths of time, as the heading names it


CellReader = Callable[[str, str, Hints], Any]  # (label of the field, cell, hints) -> value or NOTHING; raises DomainError


@dataclass(frozen=True, slots=True)
class ColumnReader:
    """A cell reader that depends on how the whole column is written. `shows`: the ways a cell can be read in, where that matters."""

    read: CellReader
    convention: str  # dates, numbers, wholes
    shows: Callable[[str], frozenset[str]]
    loosens: Callable[[str], bool] = lambda cell: False  # whether a cell shows that its column has decimals other than two

    def __call__(self, name: str, cell: str, hints: Hints) -> Any:
        return self.read(name, cell, hints)


class Field(NamedTuple):
    """One column of a document, recognised by its label or by one of `headings`, as in `heading_names`: words, best first."""

    name: str  # of the value in a row: mostly a column of the table
    label: str
    headings: str
    read: CellReader
    required: bool = False


class DocumentKind(NamedTuple):
    """One kind of document. `key`: the fields that identify the record a row is about; `shown`: those a person knows it by.

    With `counters`, a column can also be mapped to `usage:NAME`, a counter of the unit.
    """

    name: str  # as commands and addresses write it
    about: str  # what is in it, for the page that offers it
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    shown: tuple[str, ...] = ()
    named_by: tuple[str, ...] = ()  # the fields a person names a record by, where the key is made of them
    complete: Callable[[dict[str, Any]], None] | None = None  # checks a row as a whole and adds what follows; raises DomainError
    counters: CellReader | None = None
    nouns: str = ""  # what a record of this kind is called in front of a heading, as in "Account: Phone"
    stand_in: Callable[[dict[str, Any]], None] | None = None  # fills what identifies a record from another field, where it is empty
    may_be_empty: tuple[str, ...] = ()  # required fields whose column must be there, but whose cells may be empty
    assumed: Mapping[str, str] = {}  # by required field, what is taken to be true where a file has no such column, in words
    ends: str = ""  # the field of the first day without cover, of records that end when the other system deletes them

    @property
    def title(self) -> str:
        return self.name.replace("-", " ").capitalize()

    @property
    def required(self) -> tuple[Field, ...]:
        """The fields that every document of this kind has, and every row fills."""
        return tuple(field for field in self.fields if field.required or field.name in self.key)

    def label(self, name: str) -> str:
        """What people call a field, or something that is told of such a record besides."""
        return next((field.label for field in self.fields if field.name == name), name.removesuffix("_id").replace("_", " "))

    def named(self, values: Mapping[str, Any]) -> str:
        """What a person knows the record of these values by."""
        names = self.shown or self.key
        return str(values[names[0]]) if len(names) == 1 else "/".join([str(values[name]) for name in names])

    def attributes(self, *, without: Collection[str] = ()) -> tuple[str, ...]:
        """The fields that describe the record, in order, without those that identify it."""
        return tuple(field.name for field in self.fields if field.name not in (*self.key, *without))


class DocumentRow(NamedTuple):
    """A row as read: values by field, without those left empty. `shown` is what a person knows the record by.

    `moments`: days that were written as instants (`cells.Moment`), where no zone was chosen for the file. `deleted`: the other system
    has deleted the record; the values are those that identify it, and the day where the row says it.
    """

    line: int
    shown: str
    values: dict[str, Any]
    moments: Mapping[str, Any] = {}
    deleted: bool = False


class BadRow(NamedTuple):
    """A row that cannot be read, and why."""

    line: int
    shown: str
    why: str
