"""What a kind of document can say: its fields, the headings they go by, and how their cells are read."""

from collections.abc import Callable, Collection
from datetime import tzinfo
from typing import Any, NamedTuple


class Hints(NamedTuple):
    """What cells alone do not tell and the whole file, or a person, does."""

    dates: str = ""  # dmy or mdy: the order of a date in numbers
    zone: tzinfo | None = None  # of instants that name none


Reader = Callable[[str, str, Hints], Any]  # (what a person calls it, the cell, hints) -> value; raises DomainError


class Field(NamedTuple):
    """One thing a row can say. `headings` are compared as `cells.heading` writes them, the best first; so is `label`, before all."""

    name: str  # ours: a column or what a column is found by
    label: str  # what a person calls it
    headings: str
    read: Reader
    needed: bool = False


class DocumentKind(NamedTuple):
    """One kind of document. `key`: the fields that identify the record a row is about; `shown`: those a person knows it by.

    With `counters`, a column can also be mapped to `usage:NAME`, a counter of the unit.
    """

    name: str  # as commands and addresses write it
    about: str  # what is in it, for the page that offers it
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    shown: tuple[str, ...] = ()
    finish: Callable[[dict[str, Any]], None] | None = None  # what only the row as a whole tells; raises DomainError
    counters: Reader | None = None

    @property
    def title(self) -> str:
        return self.name.replace("-", " ").capitalize()

    def attributes(self, *, without: Collection[str] = ()) -> tuple[str, ...]:
        """The fields that describe the record, in order, without those that identify it."""
        return tuple(field.name for field in self.fields if field.name not in (*self.key, *without))


class Row(NamedTuple):
    """A row that can be read. What it leaves empty is not in `said`."""

    line: int
    shown: str
    said: dict[str, Any]


class BadRow(NamedTuple):
    """A row that cannot, and why."""

    line: int
    shown: str
    why: str
