"""How the columns of a file are written: the order of dates, the decimal sign, what bare numbers count, times without a zone.

A person's choice goes first; then what the column itself proves, what the other columns of the file prove, and what its source
usually writes. What is still open is asked, and cells that can be read in two ways are rejected until it is answered.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import NamedTuple

from musterroll.readers import cells
from musterroll.readers.cells.date_forms import written_date
from musterroll.readers.fields import CellReader, ColumnReader, Hints
from musterroll.readers.nothing import means_nothing

_SAMPLE = 1_000  # rows after which only columns with an open question are searched on
_WORDS = {
    "dates": {"dmy": "day first", "mdy": "month first", "ymd": "year first"},
    "numbers": {".": "1,000.00 is a thousand", ",": "1.000,00 is a thousand"},
}
_FLAGS = {"dates": {"dmy": "dmy", "mdy": "mdy", "ymd": "ymd"}, "numbers": cells.NUMBERS}


class Decision(NamedTuple):
    """How a column is read, and why. `choice` is empty where that is open. `line` and `cell`: the row that decided or asks."""

    heading: str
    about: str  # dates, numbers, zone, count, unit
    choice: str
    reason: str
    line: int | None = None
    cell: str = ""

    def __str__(self) -> str:
        return f"{self.heading!r}: {self.reason}"


class Wishes(NamedTuple):
    """What a person chose, and what the source of the file usually writes; by convention."""

    chosen: Mapping[str, str] = {}
    zone: tzinfo | None = None
    usual: Mapping[str, str] = {}
    source: str = ""


class _Place(NamedTuple):
    line: int
    cell: str

    def __str__(self) -> str:
        return f"{self.cell.strip()[:40]!r} in line {self.line}"


class _Column:
    """What the cells of one column show."""

    def __init__(self, heading: str, read: ColumnReader) -> None:
        self.heading, self.read = heading, read
        self.possible: frozenset[str] = frozenset()  # the ways in which every cell can be read; empty: it does not matter yet
        self.proof: _Place | None = None
        self.question: _Place | None = None
        self.contradiction: _Place | None = None
        self.count: tuple[set[str], _Place | None] = (set(), None)
        self.times: dict[bool, _Place] = {}  # by whether they have a zone
        self.loose = False
        self.signs: set[str] = set()

    @property
    def open(self) -> bool:
        return self.question is not None and self.proof is None

    @property
    def proven(self) -> str:
        return min(self.possible) if self.proof and not self.contradiction else ""

    def look_at(self, line: int, cell: str) -> None:
        ways = self.read.shows(cell)
        self.loose = self.loose or self.read.loosens(cell)
        if self.read.convention == "dates":
            self._look_at_time(line, cell)
        if not ways:
            return
        if len(ways) > 1:
            self.question = self.question or _Place(line, cell)
            self.signs |= set(cell) & set(".,")
        left = self.possible & ways if self.possible else ways
        if not left:
            self.contradiction = self.contradiction or _Place(line, cell)
            return
        self.possible = left
        if len(left) == 1:
            self.proof = self.proof or _Place(line, cell)

    def _look_at_time(self, line: int, cell: str) -> None:
        units, first = self.count
        units.add(cells.counted_in(cell))
        self.count = units, first or _Place(line, cell)
        if len(cell) > 10 and len(self.times) < 2 and (written := written_date(cell)) and written.clock:
            self.times.setdefault(written.zone is not None, _Place(line, cell))

    @property
    def counted(self) -> str:
        return next(iter(self.count[0])) if len(self.count[0]) == 1 else ""


class Reading(NamedTuple):
    """How the columns of a file are read: hints by the place of the column, and what was decided."""

    hints: dict[int, Hints]
    decisions: list[Decision]


def find_reading(
    columns: Iterable[tuple[int, str, CellReader]],
    lines: Iterable[tuple[int, list[str]]],
    wishes: Wishes = Wishes(),  # noqa: B008  immutable
) -> Reading:
    """Decide how columns, given as place, heading and reader, are read. `lines`: the rows with their number."""
    columns = list(columns)
    seen = {place: _Column(heading, read) for place, heading, read in columns if isinstance(read, ColumnReader)}
    _look_through(seen, lines)
    hints: dict[int, Hints] = {}
    decisions: list[Decision] = []
    for place, heading, read in columns:
        hints[place] = Hints(zone=wishes.zone, unit=cells.unit_in(heading))
        if (column := seen.get(place)) is not None:
            choice, reason, where = _decide(column, list(seen.values()), wishes)
            hints[place] = _hints(column, choice, hints[place], wishes)
            decisions += _told(column, choice, reason, where)
            decisions += _about_times(column, read is cells.instant, wishes.zone)
    return Reading(hints, decisions)


def _look_through(columns: Mapping[int, _Column], lines: Iterable[tuple[int, list[str]]]) -> None:
    left = dict(columns)
    for number, (line, row) in enumerate(lines):
        if number >= _SAMPLE:
            left = {place: column for place, column in left.items() if column.open}
        if not left:
            break
        for place, column in left.items():
            cell = row[place]
            if type(cell) is str and cell.strip() and not means_nothing(cell):  # a number of a workbook shows nothing of texts
                column.look_at(line, cell)


def _decide(column: _Column, others: list[_Column], wishes: Wishes) -> tuple[str, str, _Place | None]:
    """The way a column is read, the reason in words, and the cell it rests on."""
    about = column.read.convention
    words = _WORDS[about]
    if choice := wishes.chosen.get(about, ""):
        return choice, f"{words[choice]}, as chosen", None
    if column.contradiction and column.proof:
        return "", f"{column.proof} and {column.contradiction} are written in different ways{_please(about, words)}", column.contradiction
    if column.proven:
        return column.proven, f"{words[column.proven]}, as {column.proof} shows", column.proof
    possible = column.possible or frozenset(words)
    proofs = {other.proven: other for other in reversed(others) if other.read.convention == about and other.proven in possible}
    if len(proofs) == 1:
        ((choice, other),) = proofs.items()
        return choice, f"{words[choice]}, as in the column {other.heading} ({other.proof})", other.proof
    if not proofs and (choice := wishes.usual.get(about, "")) in possible:
        return choice, f"{words[choice]}, as {wishes.source} writes it", column.question
    return "", f"{column.question} can be read in more than one way{_please(about, sorted(possible))}", column.question


def _please(about: str, ways: Iterable[str]) -> str:
    return ": choose " + " or ".join(f"{_WORDS[about][way]} (--{about} {_FLAGS[about][way]})" for way in ways)


def _hints(column: _Column, choice: str, hints: Hints, wishes: Wishes) -> Hints:
    if column.read.convention == "dates":
        return hints._replace(dates=choice, counted=column.counted)
    fits = column.loose or (bool(wishes.chosen.get("numbers")) and len(column.signs) < 2)
    return hints._replace(numbers=choice, decimals=fits)


def _told(column: _Column, choice: str, reason: str, where: _Place | None) -> Iterator[Decision]:
    """What a person should know: of dates every decision, of numbers those that some cell depended on."""
    about = column.read.convention
    if column.question or (about == "dates" and column.possible):
        yield Decision(column.heading, about, _FLAGS[about].get(choice, ""), reason, *(where or (None, "")))
    if about == "dates" and column.counted:
        first = column.count[1]
        what = "days of a spreadsheet" if column.counted == "days" else f"{column.counted} since 1970"
        yield Decision(column.heading, "count", column.counted, f"bare numbers are {what} ({first})", *(first or (None, "")))


def _about_times(column: _Column, instants: bool, zone: tzinfo | None) -> Iterator[Decision]:
    without, zoned = column.times.get(False), column.times.get(True)
    if instants and without:
        reason = (
            f"times without a zone ({without}) are in {zone}, as chosen"
            if zone
            else f"{without} has no time zone: choose it (--zone Europe/Berlin)"
        )
        yield Decision(column.heading, "zone", str(zone or ""), reason, *without)
    elif zoned and not instants:
        place = f"in {zone}, as chosen" if zone else "at the site of the record, or else where it was written (--zone: another)"
        yield Decision(column.heading, "zone", str(zone or "site"), f"times have a zone ({zoned}); the day is the one {place}", *zoned)
