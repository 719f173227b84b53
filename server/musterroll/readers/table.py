"""A file as a table of text, whatever its format."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from musterroll.domain.values.errors import DomainError

MOST_COLUMNS = 500
DAMAGED = "\x1a"  # ASCII's substitute for a character that cannot be kept; values with one are refused
_UNSEEN = dict.fromkeys([*range(0x200E, 0x2010), *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B, 0x2060, 0xFEFF])
_SHOWN = 12  # rows left out that are told one by one


def visible(text: str) -> str:
    """A text without marks that nobody sees: they steer the direction of writing, or join words.

    >>> visible("\u200e11/\u200e28/\u200e2025"), visible("\u202bAcme\u202c")
    ('11/28/2025', 'Acme')
    """
    return text if text.isascii() else text.translate(_UNSEEN)


class BadFile(DomainError):
    """A file that cannot be read as a table at all."""

    code = "bad_file"


class NeedsChoice(BadFile):
    """A file that can be read in several ways. `field` of the layout: what to choose, one of `options`; shown as `labels`.

    `field` is `column` where a column of the file is to be chosen, for the field `subject` of the document.
    """

    def __init__(self, sentence: str, field: str, options: Iterable[str], labels: Iterable[str] = (), subject: str = "") -> None:
        super().__init__(sentence)
        self.field, self.options, self.subject = field, tuple(options), subject
        self.labels = tuple(labels) or self.options


class Numeric(str):
    """The text of a cell that holds a number, not text: any leading zeros are lost.

    `shown` is the number in the format of its cell (`00042`); it is not `exact` where digits beyond the 15th were lost.
    """

    __slots__ = ("exact", "shown")
    shown: str
    exact: bool

    def __new__(cls, value: object, shown: str = "", exact: bool = True) -> "Numeric":
        number = super().__new__(cls, value)
        number.shown, number.exact = shown or str(value), exact
        return number


class Line(NamedTuple):
    """One row: where it starts, its cells or why it cannot be read, and whether an empty row is above it."""

    number: int
    cells: list[str]
    problem: str | None
    below_gap: bool = False


class Remarks:
    """What a person should know of how a file was read. Rows are read more than once, and each is remarked on once."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = list(texts)
        self._rows: list[str] = []
        self._last = self._more = 0

    def add(self, text: str) -> None:
        if text not in self._texts:
            self._texts.append(text)

    def left_out(self, line: Line) -> None:
        if line.number <= self._last:
            return
        self._last = line.number
        if len(self._rows) < _SHOWN:
            content = " | ".join(" ".join(cell.split()) for cell in line.cells if cell.strip())
            self._rows.append(f"row {line.number} left out: {content[:120]!r}")
        else:
            self._more += 1

    def texts(self) -> list[str]:
        return [*self._texts, *self.rows_left_out()]

    def rows_left_out(self) -> list[str]:
        more = [f"{self._more:,} more rows left out, the last one is row {self._last}"] if self._more else []
        return [*self._rows, *more]


class Grid(NamedTuple):
    """A sheet, a list or a text file before its headings are found: `rows` reads those that are not empty, from the first one.

    Where it is `headed`, the first row is known to hold the headings, and every other a record.
    """

    rows: Callable[[], Iterator[Line]]
    height: int | None = None  # rows, where the number is known beforehand
    name: str = ""
    remarks: tuple[str, ...] = ()
    headed: bool = False


class Table(NamedTuple):
    """`lines` reads the rows below the headings, from the first one, every time it is called."""

    header: list[str]
    lines: Callable[[], Iterator[Line]]
    remarks: Remarks
    height: int | None = None  # rows, where the number is known beforehand


Known = Callable[[list[str]], int]  # how many of these headings are recognised
