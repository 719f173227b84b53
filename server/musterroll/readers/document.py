"""A file read as a document of a kind, row by row."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import Any, BinaryIO

from musterroll.domain.values.errors import DomainError
from musterroll.readers import cells
from musterroll.readers.cell_columns import ColumnOfCells, some_at_a_time, values_of_lines
from musterroll.readers.cell_values import CellValues, Word, check_words, empty_tally, word_notes, words_of
from musterroll.readers.cells import Moment, money
from musterroll.readers.columns import Choices, Column, by_field, open_columns
from musterroll.readers.conventions import Decision, Reading, Wishes, find_reading
from musterroll.readers.fields import NOTHING, BadRow, DocumentKind, DocumentRow, Field, Hints, WrongOrder
from musterroll.readers.guesses import Guess
from musterroll.readers.sources import detect
from musterroll.readers.table import BadFile, Line

_CHUNK = 1 << 20
_DELETED, _DELETED_ON, _YES = "isdeleted", "deletedon", ("1", "true", "yes")
_NAMED = 5  # deleted records in a note


def digest(file: BinaryIO) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    file.seek(0)
    sha256 = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        sha256.update(chunk)
    return sha256.hexdigest()


class Document:
    """A file read as one kind of document. Its rows can be read any number of times."""

    def __init__(self, file: BinaryIO, kind: DocumentKind, choices: Choices = Choices()) -> None:  # noqa: B008  immutable
        """Raises BadFile where the file is no table of that kind."""
        self._file, choices = file, by_field(kind, choices)
        self._choices = choices
        self.kind, self._table, self._columns, self._guesses = open_columns(file, kind, choices)
        self._accepted = choices.accept_guesses
        keys = [cells.heading_key(name) for name in self._table.header]
        self.source = detect(kind.name, keys)
        check_words(self.kind.fields, choices.words)
        self._words = {**(self.source.words if self.source else {}), **choices.words}
        self._deleted, self._deleted_on = (keys.index(key) if key in keys else None for key in (_DELETED, _DELETED_ON))
        self.deleted: set[str] = set()  # records left out because the other system has deleted them
        chosen = {"dates": choices.dates, "numbers": choices.numbers, "ends": choices.ends}
        usual = {"dates": self.source.dates} if self.source and self.source.dates else {}
        self._wishes = Wishes(chosen, choices.zone, usual, self.source.name if self.source else "")
        self.tally = empty_tally()
        self._fields: dict[str, Field] = {}  # by what the column is called in messages
        self._left_out = 0
        self._empty: Counter[str] = Counter()  # rejected rows by the field they lack
        self._given = self._given_values({**(self.source.given if self.source else {}), **choices.given})
        amounts = any(field.read is money.amount for field in self.kind.fields)
        self._currency: str = self._given.pop("currency", "") if amounts else ""  # of amounts that show none

    @property
    def mapping(self) -> dict[str, str]:
        """Field by heading."""
        return {self._table.header[column.place].strip(): column.field.name for column in self._columns}

    @property
    def fingerprint(self) -> str:
        """Of how the file is read: the same for the same rows from the same file."""
        choices = [dict(sorted(part.items())) if isinstance(part, Mapping) else str(part) for part in self._choices]
        return hashlib.sha256(repr((choices, sorted(self.mapping.items()))).encode()).hexdigest()

    def notes(self) -> list[str]:
        """How the rows were read, once they have been: what a person should know about the file as a whole, in sentences."""
        source = [f"this looks like {self.source.name} and is read as one"] if self.source else []
        columns = {column.field.name for column in self._columns}
        assumed = [f"no column {field.label}: {self.kind.assumed[field.name]}" for field in self._assumed(columns)]
        periods = [note for column in self._columns if (note := self._period_note(column))]
        left_out = [self._deleted_note()] if self._left_out else []
        about_rows = [*assumed, *periods, *left_out, *map(str, self.decisions), *word_notes(self.tally)]
        about_rows += [
            f"the {field.label} is empty in {count:,} row{'s' * (count > 1)}; give them all one value (--set '{field.label}=...')"
            for field in self.kind.required
            if (count := self._empty[field.name]) and field.name not in (*self.kind.key, *self.kind.shown)
        ]
        about_rows += [f"{guess} (--accept-guesses)" for guess in self.guesses]
        return [*source, *self._table.remarks.texts(), *self._given_notes(), *about_rows]

    def _period_note(self, column: Column) -> str:
        """That prices are not written for a year, where that is so."""
        heading = self._table.header[column.place].strip()[:80]
        if column.field.name == "billing_months":
            return f"prices that name no period are for the one in the column {heading!r}, and counted for a year"
        months = cells.months_of(heading) if column.field.read is money.amount else 12
        return f"{heading!r}: amounts for {'a month' if months == 1 else f'{months} months'} are counted for a year" if months % 12 else ""

    def _label(self, place: int, field: Field) -> str:
        """What a column is called in a message: its field and, where that is another word, its own heading."""
        heading = self._table.header[place].strip()[:40]
        key, label = cells.heading_key(heading), cells.heading_key(field.label)
        return field.label if key in label or label in key else f"{field.label} ({heading})"

    def _assumed(self, columns: Collection[str]) -> list[Field]:
        return [field for field in self.kind.required if field.name in self.kind.assumed and field.name not in (*columns, *self._given)]

    @property
    def accepted_guesses(self) -> dict[str, str]:
        """Field by heading, where a proposal was accepted."""
        return {guess.heading: guess.field.name for guess in self._guesses} if self._accepted else {}

    @property
    def ignored(self) -> list[str]:
        """Headings of the columns that are not read."""
        used = {column.place for column in self._columns}
        return [name.strip()[:80] for place, name in enumerate(self._table.header) if name.strip() and place not in used]

    @property
    def rows_left_out(self) -> list[str]:
        """Titles, totals and other rows that are no records, in words."""
        return self._table.remarks.rows_left_out()

    @property
    def words(self) -> list[Word]:
        """Words that are not read as they stand, once the rows have been read, each once with its count."""
        return words_of(self._fields, self.tally)

    @property
    def guesses(self) -> list[Guess]:
        """What columns that nobody recognises may hold, where that was not accepted."""
        return [] if self._accepted else self._guesses

    def progress(self, rows: int, size: int) -> float:
        """The share of the file that is read, 0 to 1, after this many rows; `size` of the file in bytes."""
        return min(1.0, rows / self._table.height if self._table.height else self._file.tell() / max(size, 1))

    def rows(self) -> Iterator[DocumentRow | BadRow]:
        """The rows from the first one. Raises BadFile where the rest of the file cannot be read."""
        hints = {
            place: hints._replace(currency=self._stated(place), months=cells.months_of(self._table.header[place]))
            for place, hints in self._reading.hints.items()
        }
        self.tally = empty_tally()
        labels = {place: self._label(place, field) for place, field in self._columns}
        self._fields = {labels[place]: field for place, field in self._columns}
        columns = [
            ColumnOfCells(place, field.name, CellValues(field._replace(label=labels[place]), hints[place], self._words, self.tally))
            for place, field in self._columns
        ]
        own = {field.name: labels[place] for place, field in self._columns}
        assumed = self._assumed(own)
        required = {
            field.name: own.get(field.name, field.label)
            for field in self.kind.required
            if field not in assumed and field.name not in self.kind.may_be_empty
        }
        self._left_out, self._empty, self.deleted = 0, Counter(), set()
        for lines in some_at_a_time(self._table.lines()):
            for line, read in zip(lines, values_of_lines(lines, columns, self._given), strict=True):
                if self._deleted is None or not self._is_deleted(line):
                    yield self._row(line, read, columns, required)
                elif (row := self._deleted_row(line, columns)) and self.kind.ends:
                    yield row

    def _is_deleted(self, line: Line) -> bool:
        """Whether the row is a record that the other system has deleted and only keeps in its bin."""
        return self._deleted is not None and self._deleted < len(line.cells) and line.cells[self._deleted].strip().casefold() in _YES

    def _deleted_row(self, line: Line, columns: Sequence[ColumnOfCells]) -> DocumentRow | None:
        """What a row marked as deleted is about, and when it was deleted; None where it does not say what it is about."""
        self._left_out += 1
        names, ends = self.kind.shown or self.kind.key, self.kind.ends
        try:
            read = {name: known.read(line.cells[place]) for place, name, known in columns if name in names and place < len(line.cells)}
        except DomainError:
            return None
        values = {name: value for name in names if (value := read.get(name, NOTHING)) is not NOTHING}
        if len(values) < len(names):
            return None
        shown = "/".join(map(str, values.values()))
        if not ends:
            self.deleted.add(shown)
        elif (day := self._deletion_day(line)) is not None:
            values[ends] = day
        return DocumentRow(line.number, shown, values, deleted=True)

    def _deletion_day(self, line: Line) -> Any:
        cell = line.cells[self._deleted_on] if self._deleted_on is not None and self._deleted_on < len(line.cells) else ""
        try:
            value = cells.day("Deleted On", cell, Hints(zone=self._wishes.zone)) if cell.strip() else None
        except DomainError:
            return None
        return value.day(self._wishes.zone) if isinstance(value, Moment) else value

    def _deleted_note(self) -> str:
        if self.kind.ends:
            return f"rows marked as deleted: {self._left_out:,}; those that are registered end, the others are left out"
        names = ", ".join(sorted(self.deleted)[:_NAMED]) + (", ..." if len(self.deleted) > _NAMED else "")
        return f"rows marked as deleted are left out: {self._left_out:,}" + (f" ({names})" if names else "")

    def scan(self, *names: str) -> Iterator[tuple[int, list[Any]]]:
        """Line and values of these fields (None: empty) of every row that can be read, before the rows are imported."""
        for row in self.rows():
            if isinstance(row, DocumentRow):
                yield row.line, [row.values.get(name) for name in names]

    def _row(
        self, line: Line, read: dict[str, Any] | None, columns: Sequence[ColumnOfCells], required: dict[str, str]
    ) -> DocumentRow | BadRow:
        """A row whose values were `read` with those of others; None: they are read now."""
        if line.problem:
            return BadRow(line.number, self._shown(line.cells), line.problem)
        moments: dict[str, Moment] = {}
        values = dict(self._given) if read is None else read
        try:
            if read is None:
                self._read_cells(line.cells, columns, values, moments)
            if self.kind.stand_in:
                self.kind.stand_in(values)
            for name in required:
                if name not in values:
                    self._empty[name] += 1
                    raise cells.BadCell(f"the {required[name]} is empty")
            if self.kind.complete:
                self.kind.complete(values)
        except DomainError as error:
            why = self._order(error, values) if isinstance(error, WrongOrder) else str(error)
            return BadRow(line.number, self._shown(line.cells), why)
        return DocumentRow(line.number, self.kind.named(values), values, moments)

    def _read_cells(
        self, written: Sequence[str], columns: Sequence[ColumnOfCells], values: dict[str, Any], moments: dict[str, Moment]
    ) -> None:
        """Read the cells of one row up to the first that cannot be read. Raises DomainError."""
        for place, name, known in columns:
            value = known.with_row(written[place])
            if type(value) is Moment:
                moments[name] = value
                value = value.day(self._wishes.zone)
            if value is not NOTHING:
                values[name] = value

    def _order(self, error: WrongOrder, values: Mapping[str, Any]) -> str:
        later, earlier = (
            f"the {self.label(name)} {values[name] - timedelta(1) if name.endswith('ends_on') else values[name]}"
            for name in (error.later, error.earlier)
        )
        return f"{later} is before {earlier}"

    def label(self, name: str) -> str:
        """What a field is called in a message: with the heading of its column, where that is another word."""
        column = next((column for column in self._columns if column.field.name == name), None)
        return self._label(*column) if column else self.kind.label(name)

    def _given_notes(self) -> list[str]:
        labels = {field.name: field.label for field in self.kind.fields}
        amounts = [f"amounts that show no currency are in {self._currency}"] if self._currency else []
        return [*amounts, *(f"rows without a {labels[name]} are given {value}" for name, value in self._given.items())]

    def _given_values(self, given: Mapping[str, str]) -> dict[str, Any]:
        """The values that a person gives for every row of the file. Raises BadFile."""
        fields = {field.name: field for field in self.kind.fields}
        chosen = self._wishes.chosen
        hints = Hints(dates=chosen["dates"], zone=self._wishes.zone, numbers=chosen["numbers"], ends=chosen["ends"])
        try:
            return {name: fields[name].read(fields[name].label, text, hints) for name, text in given.items() if name in fields}
        except DomainError as error:
            raise BadFile(str(error)) from None

    def _shown(self, written: list[str]) -> str:
        names = self.kind.shown or self.kind.key
        places = [column.place for name in names for column in self._columns if column.field.name == name]
        return "/".join(written[place].strip()[:80] for place in places if place < len(written))

    def _stated(self, place: int) -> str:
        """The currency of amounts in a column that show none: of its heading, or of the whole file."""
        return money.of_heading(self._table.header[place])[1] or self._currency

    @property
    def decisions(self) -> list[Decision]:
        """How columns are read whose cells could be read in several ways, and what is still to be chosen."""
        return self._reading.decisions

    @cached_property
    def _reading(self) -> Reading:
        columns = [(place, self._table.header[place].strip()[:80], field.read) for place, field in self._columns]
        lines = ((line.number, line.cells) for line in self._table.lines() if not line.problem)
        return find_reading(columns, lines, self._wishes)
