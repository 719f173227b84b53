"""The values of a column's cells: the same makers, days and places come row after row, and each is read once."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from musterroll.domain.values.errors import DomainError
from musterroll.readers.cells import Moment, clock_gap, heading_key, instant, serial
from musterroll.readers.fields import NOTHING, ColumnReader, Field, Hints
from musterroll.readers.nothing import means_nothing, some_mean_nothing
from musterroll.readers.statuses import Statuses, UnknownWord
from musterroll.readers.table import BadFile, Numeric

_REMEMBERED = 1 << 14  # cells of a column
_SHOWN = 12  # words of a note
_INERT = re.compile(r"'(?:'*[=+\-@\t\r\n]|[0-9]+$)")  # exports put an apostrophe before what a spreadsheet takes for a formula or number
_BEGINNINGS = frozenset(("installed_on", "shipped_on", "purchased_on"))
_EPOCH_DAY = date(1970, 1, 1)
ODD = object()  # in place of the value of a cell that is read anew each time: it cannot be read, or is counted


class Tally(NamedTuple):
    """Words of a file that are not read as they stand, and how often they come."""

    nothing: Counter[str]  # by word
    unknown: Counter[tuple[str, str]]  # by field and word
    numeric: Counter[str]  # serials that are numbers in a workbook, by field
    gaps: Counter[tuple[str, str, str]]  # times that the clocks left out, by field, as written and as taken


def empty_tally() -> Tally:
    return Tally(Counter(), Counter(), Counter(), Counter())


class Word(NamedTuple):
    """A word of a file that is not read as it stands, and how many rows have it. `field` is empty: it is taken for nothing.

    `meanings`: what it can be said to mean.
    """

    field: str
    word: str
    rows: int
    meanings: tuple[str, ...] = ()


class CellValues(dict[str, Any]):
    """Values by cell; NOTHING where there is none, ODD where `read` must say. `words` is what a person or the source of the file says
    they mean.

    `some_empty`, `some_odd`: whether there was a NOTHING; an ODD, or a moment, whose day depends on its row.
    """

    def __init__(self, field: Field, hints: Hints, words: Mapping[str, str], tally: Tally) -> None:
        super().__init__()
        self._field, self._hints, self._tally = field, hints, tally
        self._uncounted = empty_tally()
        self.some_empty = self.some_odd = False
        self._words = {heading_key(word) or word.strip(): meaning.strip() for word, meaning in words.items()}
        self._statuses = field.read if isinstance(field.read, Statuses) else None
        self._may_have_gaps, self._is_serial = field.read is instant, field.read is serial
        self._is_beginning = field.name in _BEGINNINGS
        self._read = field.read.read if isinstance(field.read, ColumnReader) else field.read

    def read(self, cell: str) -> Any:
        """Raises DomainError."""
        if not cell or cell.isspace():
            return NOTHING
        if self._statuses:
            return self._status(self._statuses, cell)
        if self._is_nothing(cell):
            self._tally.nothing[cell.strip()] += 1
            return NOTHING
        if self._is_serial and isinstance(cell, Numeric):
            self._tally.numeric[self._field.label] += 1
        value = self._read(self._field.label, cell[1:] if cell[0] == "'" and _INERT.match(cell) else cell, self._hints)
        if self._is_beginning and _day_of(value) == _EPOCH_DAY:  # zero, as programs count days and seconds
            self._tally.nothing[cell.strip()] += 1
            return NOTHING
        if self._may_have_gaps and isinstance(value, int) and (taken := clock_gap(self._field.label, cell, self._hints, value)):
            self._tally.gaps[self._field.label, cell.strip()[:40], taken] += 1
        return value

    def __missing__(self, cell: str) -> Any:
        value = self._plain(cell)
        if len(self) < _REMEMBERED:
            self[cell] = value
        if value is NOTHING:
            self.some_empty = True
        elif value is ODD or type(value) is Moment:
            self.some_odd = True
        return value

    def _plain(self, cell: str) -> Any:
        """The value of a cell, unless something is to be counted or raised each time it comes."""
        tally, self._tally = self._tally, self._uncounted
        try:
            value = self.read(cell)
        except DomainError:
            value = ODD
        finally:
            self._tally = tally
        if any(self._uncounted):
            self._uncounted, value = empty_tally(), ODD
        return value

    def column(self, cells: Sequence[str]) -> list[Any]:
        """The values of many cells. A number is not the text it looks like, and is ODD."""
        if set(map(type, cells)) <= {str}:
            return list(cells if self._is_serial and self._as_they_stand(cells) else map(self.__getitem__, cells))
        self.some_odd = True
        return [self[cell] if type(cell) is str else ODD for cell in cells]

    def _as_they_stand(self, cells: Sequence[str]) -> bool:
        """Whether the cells are letters and digits, none of them a word: as nearly all serials, which never come again."""
        text = "".join(cells)
        return text.isascii() and text.isalnum() and "" not in cells and not self._words and not some_mean_nothing(cells)

    def with_row(self, cell: str) -> Any:
        """The value of a cell, as it is counted with its row. Raises DomainError."""
        value = self[cell] if type(cell) is str else ODD
        return self.read(cell) if value is ODD else value

    def _is_nothing(self, cell: str) -> bool:
        if self._words:
            meaning = self._words.get(heading_key(cell) or cell.strip())
            if meaning is not None and (not meaning or heading_key(meaning) == heading_key(cell)):
                return not meaning
        return means_nothing(cell) and not (self._field.name == "country" and cell.strip() == "NA")  # Namibia

    def _status(self, statuses: Statuses, cell: str) -> Any:
        meaning = self._words.get(heading_key(cell), cell)
        try:
            return statuses(self._field.label, meaning, self._hints) if meaning else NOTHING
        except UnknownWord:
            word = cell.strip()[:40]
            if means_nothing(cell):
                self._tally.nothing[word] += 1
                return NOTHING
            self._tally.unknown[self._field.label, word] += 1
            if statuses.may_be_unknown:
                return NOTHING
            raise UnknownWord(
                f"the {self._field.label} {word!r} is not recognised; say once what it means (--word '{word}={_example(statuses)}')"
            ) from None


def _day_of(value: object) -> object:
    return value.at.date() if isinstance(value, Moment) else value


def _example(statuses: Statuses) -> str:
    return next(iter(statuses.values.values())).value


def check_words(fields: Iterable[Field], words: Mapping[str, str]) -> None:
    """Raises BadFile where a word is given a meaning that no status of these fields has."""
    vocabulary = {word: value for field in fields if isinstance(field.read, Statuses) for word, value in field.read.values.items()}
    for word, meaning in words.items():
        if heading_key(meaning) not in ("", heading_key(word), *vocabulary):
            values = ", ".join(dict.fromkeys(map(str, vocabulary.values())))
            raise BadFile(f"the word {word[:40]!r} cannot mean {meaning[:40]!r}; use {values or 'an empty meaning'}")


def word_notes(tally: Tally) -> list[str]:
    """Which words were taken for nothing and which not understood, with their counts."""
    notes = []
    if tally.nothing:
        notes.append(f"read as empty: {_counted((repr(word), count) for word, count in tally.nothing.most_common())}")
    for label in sorted({label for label, _ in tally.unknown}):
        words = [(word, count) for (of, word), count in tally.unknown.most_common() if of == label]
        counted = _counted((repr(word), count) for word, count in words)
        notes.append(f"{label} not recognised: {counted}; say what it means (--word '{words[0][0]}=...')")
    for label, count in tally.numeric.items():
        notes.append(f"{label}: {count:,} are numbers in the workbook and taken as it shows them; leading zeros it does not show are lost")
    for label in sorted({label for label, _, _ in tally.gaps}):
        times = [(f"{cell!r} as {taken}", count) for (of, cell, taken), count in tally.gaps.most_common() if of == label]
        notes.append(f"{label}: times that did not exist, as the clocks were set forward, are taken an hour later: {_counted(times)}")
    return notes


def words_of(fields: Mapping[str, Field], tally: Tally) -> list[Word]:
    """The words of a tally, those that are not understood first. `fields`: by what their column is called in messages."""
    unknown = [Word(label, word, count, meanings_of(fields[label])) for (label, word), count in tally.unknown.most_common()]
    return unknown + [Word("", word, count) for word, count in tally.nothing.most_common()]


def meanings_of(field: Field) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, field.read.values.values()))) if isinstance(field.read, Statuses) else ()


def _counted(words: Iterable[tuple[str, int]]) -> str:
    listed = [f"{word} ({count:,} times)" if count > 1 else f"{word} (once)" for word, count in words]
    return ", ".join(listed[:_SHOWN]) + (f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else "")
