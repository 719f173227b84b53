"""How the columns of a file are written: the order of dates, the decimal sign, what bare numbers count, times without a zone.

A person's choice goes first; then what the column itself proves, what the other columns of the file prove, and what its source
usually writes. What is still open is asked, and cells that can be read in two ways are rejected until it is answered.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta, tzinfo
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
_ENDS = {cells.LAST_DAY: "the last day", cells.DAY_AFTER: "the day after the last one"}
_WHOLES = ".0"  # what follows whole numbers where a program wrote a column with gaps as decimals
_FLAGS = {"dates": {"dmy": "dmy", "mdy": "mdy", "ymd": "ymd"}, "numbers": cells.NUMBERS}


class Decision(NamedTuple):
    """How a column is read, and why. `choice` is empty where that is open. `line` and `cell`: the row that decided or asks."""

    heading: str
    about: str  # dates, numbers, wholes, zone, count, unit, ends
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
        self.midnight: _Place | None = None  # of an end, as long as all of them are written with the time 00:00
        self.terms: dict[str, list[_Place]] = {cells.LAST_DAY: [], cells.DAY_AFTER: []}  # ends that show which of the two is written
        self.ends = read is cells.last_day

    @property
    def open(self) -> bool:
        if self.read.convention == "wholes":
            return self.proven == _WHOLES
        return (self.question is not None and self.proof is None) or (self.ends and self.midnight is not None)

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

    def look_at_term(self, line: int, cell: str, others: Iterable[str]) -> None:
        """Look at an end beside the other dates of its row: a term of whole months tells whether its last day is written, or the next."""
        if not cells.midnight(cell):
            self.ends, self.midnight = False, None
            return
        place = _Place(line, cell)
        self.midnight = self.midnight or place
        end = cells.certain_day(cell) if len(self.terms[cells.LAST_DAY]) + len(self.terms[cells.DAY_AFTER]) < _SAMPLE else None
        if end is None:
            return
        begun = {day.day for other in others if (day := cells.certain_day(other)) and day < end}
        following = end + timedelta(1)
        votes = {cells.DAY_AFTER: end.day in begun, cells.LAST_DAY: following.day in begun or (not begun and following.day == 1)}
        for way, shown in votes.items():
            self.terms[way] += [place] * shown

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
        column = seen.get(place)
        if column is not None and column.read.convention == "wholes":
            hints[place] = hints[place]._replace(wholes=column.proven)
            decisions += _about_wholes(column)
        elif column is not None:
            choice, reason, where = _decide(column, list(seen.values()), wishes)
            hints[place] = _hints(column, choice, hints[place], wishes)
            decisions += _told(column, choice, reason, where)
            if read is cells.last_day and (decision := _about_end(column, wishes.chosen.get("ends", ""))):
                hints[place] = hints[place]._replace(ends=decision.choice)
                decisions.append(decision)
            if hints[place].ends != cells.DAY_AFTER:
                decisions += _about_times(column, read is cells.instant, wishes.zone)
    return Reading(hints, decisions)


def _look_through(columns: Mapping[int, _Column], lines: Iterable[tuple[int, list[str]]]) -> None:
    left, dated = dict(columns), [place for place, column in columns.items() if column.read.convention == "dates"]
    for number, (line, row) in enumerate(lines):
        if number >= _SAMPLE:
            left = {place: column for place, column in left.items() if column.open}
        if not left:
            break
        for place, column in left.items():
            cell = row[place]
            counts = type(cell) is str or column.read.convention == "wholes"  # a number of a workbook shows nothing of texts
            if counts and cell.strip() and not means_nothing(cell):
                column.look_at(line, cell)
                if column.ends:
                    others = dated if number < _SAMPLE else ()
                    column.look_at_term(line, cell, [row[other] for other in others if other != place and type(row[other]) is str])


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


def _about_wholes(column: _Column) -> Iterator[Decision]:
    if column.proven == _WHOLES and column.proof:
        lost = "; leading zeros are lost where there were any" if column.read is cells.serial else ""
        yield Decision(
            column.heading, "wholes", _WHOLES, f"whole numbers are written as {column.proof} is; read without .0{lost}", *column.proof
        )


def _about_end(column: _Column, chosen: str) -> Decision | None:
    """Whether ends are last days, as people write them, or the day after, as systems do that end a term at an instant."""
    if chosen:
        return Decision(column.heading, "ends", chosen, f"an end is {_ENDS[chosen]}, as chosen")
    if column.midnight is None:
        return None
    last, after = column.terms[cells.LAST_DAY], column.terms[cells.DAY_AFTER]
    if len(last) != len(after):
        choice, place = (cells.LAST_DAY, last[0]) if len(last) > len(after) else (cells.DAY_AFTER, after[0])
        why = "ends a term of whole months so"
    else:
        place = column.midnight
        choice, why = (cells.DAY_AFTER, "is a point in time") if cells.is_instant(place.cell) else (cells.LAST_DAY, "names no time zone")
    other = cells.LAST_DAY if choice == cells.DAY_AFTER else cells.DAY_AFTER
    reason = f"all ends have the time 00:00; an end is {_ENDS[choice]} ({place} {why}); if it is {_ENDS[other]}, say so (--ends {other})"
    return Decision(column.heading, "ends", choice, reason, *place)


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
