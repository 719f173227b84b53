"""A document of a kind, row by row: which column says what, and what each cell means."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from itertools import islice
from typing import Any, BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from musterroll.domain.values.errors import DomainError
from musterroll.readers import cells
from musterroll.readers.csv_files import BadFile, Line, Table
from musterroll.readers.fields import BadRow, DocumentKind, Field, Hints, Row
from musterroll.readers.open_table import read_table

_NOTHING = frozenset(("", "NULL", "null", "N/A", "n/a", "#N/A", "\\N"))
_CHUNK = 1 << 20
_SAMPLE = 1_000  # rows after which a column without a date in numbers is taken to have none
_SHOWN = 3  # rows shown beside a heading
_COUNTER = "usage:"
_LONGEST_COUNTER = 80
_DATED = (cells.day, cells.last_day, cells.instant)


class Choices(NamedTuple):
    """What a person says of a file. `columns`: our field by their heading, "" to pass a column over."""

    columns: Mapping[str, str] = {}
    dates: str = ""  # dmy, mdy
    zone: tzinfo | None = None
    sheet: str | None = None


def choices(
    columns: Iterable[str], saved: Mapping[str, str], dates: str | None = None, zone: str | None = None, sheet: str | None = None
) -> Choices:
    """What a person says of a file: `columns` as HEADING=FIELD go before `saved` ones. Raises BadFile."""
    try:
        return Choices({**saved, **dict(map(_pair, columns))}, dates or "", ZoneInfo(zone) if zone else None, sheet)
    except (KeyError, ValueError, OSError):
        raise BadFile(f"{str(zone)[:60]!r} is not a time zone such as Europe/Berlin") from None


def _pair(said: str) -> tuple[str, str]:
    heading, equals, field = said.rpartition("=")
    if not equals or not heading.strip():
        raise BadFile(f"{said[:80]!r} is not of the form HEADING=FIELD, as in 'Serial No.=serial'")
    return heading.strip(), field.strip()


def digest(file: BinaryIO) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    file.seek(0)
    found = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        found.update(chunk)
    return found.hexdigest()


_MEMORY = 1 << 14  # cells of a column
_LEFT_EMPTY = object()


class _Column(NamedTuple):
    place: int
    field: Field


class _Meanings(dict[str, Any]):
    """What the cells of a column say, each read once: the same makers, days and places come row after row."""

    def __init__(self, field: Field, hints: Hints) -> None:
        super().__init__()
        self._label, self._read, self._hints = field.label, field.read, hints

    def of(self, cell: str) -> Any:
        """`_LEFT_EMPTY` where it says nothing. Raises DomainError."""
        return _LEFT_EMPTY if not cell or cell.isspace() or cell in _NOTHING else self._read(self._label, cell, self._hints)

    def __missing__(self, cell: str) -> Any:
        found = self.of(cell)
        if len(self) < _MEMORY:
            self[cell] = found
        return found


class Document:
    """A file read as one kind of document. Rows can be read any number of times."""

    def __init__(self, file: BinaryIO, kind: DocumentKind, choices: Choices = Choices()) -> None:  # noqa: B008  immutable
        """Raises BadFile where the file is no table of that kind."""
        self.kind = kind = _with_counters(kind, choices.columns)
        self._file = file
        self._table: Table = read_table(file, lambda header: len(_recognised(kind, header, choices.columns)), choices.sheet)
        self._columns = _columns(kind, self._table.header, choices.columns)
        self._needed = {field.name: field for field in kind.fields if field.needed or field.name in kind.key}
        self._dates = choices.dates
        self._zone = choices.zone
        self._hints: dict[str, Hints] | None = None

    @property
    def mapping(self) -> dict[str, str]:
        """Which heading says which field."""
        return {self._table.header[column.place].strip(): column.field.name for column in self._columns}

    @property
    def ignored(self) -> list[str]:
        """Headings passed over."""
        used = {column.place for column in self._columns}
        return [name.strip()[:80] for place, name in enumerate(self._table.header) if name.strip() and place not in used]

    def progress(self, rows: int, size: int) -> float:
        """How much of a file of so many bytes, of which so many rows were told of, has been read: 0 to 1."""
        return min(1.0, rows / self._table.height if self._table.height else self._file.tell() / max(size, 1))

    def rows(self) -> Iterator[Row | BadRow]:
        """The rows from the first one. Raises BadFile where the file cannot be read on."""
        if self._hints is None:
            self._hints = self._find_hints()
        columns = [(place, field.name, _Meanings(field, self._hints[field.name])) for place, field in self._columns]
        for line in self._table.lines():
            yield self._row(line, columns)

    def survey(self, *names: str) -> Iterator[tuple[int, list[Any]]]:
        """Line and values of these fields (None: empty or unreadable) of every row, read ahead of the rows themselves."""
        for row in self.rows():
            if isinstance(row, Row):
                yield row.line, [row.said.get(name) for name in names]

    def _row(self, line: Line, columns: list[tuple[int, str, _Meanings]]) -> Row | BadRow:
        if line.problem:
            return BadRow(line.number, self._shown(line.cells), line.problem)
        said: dict[str, Any] = {}
        try:
            for place, name, meanings in columns:
                cell = line.cells[place]
                value = meanings[cell] if type(cell) is str else meanings.of(cell)  # a number is not the text it looks like
                if value is not _LEFT_EMPTY:
                    said[name] = value
            for name, field in self._needed.items():
                if name not in said:
                    raise cells.BadCell(f"the {field.label} is empty")
            if self.kind.finish:
                self.kind.finish(said)
        except DomainError as refusal:
            return BadRow(line.number, self._shown(line.cells), str(refusal))
        return Row(line.number, "/".join([said[name] for name in self.kind.shown or self.kind.key]), said)

    def _shown(self, written: list[str]) -> str:
        names = self.kind.shown or self.kind.key
        places = [column.place for name in names for column in self._columns if column.field.name == name]
        return "/".join(written[place].strip()[:80] for place in places if place < len(written))

    def _find_hints(self) -> dict[str, Hints]:
        """Per field: in which order its dates are written, where its column, or else the others of the file, prove it."""
        orders = dict.fromkeys((column.field.name for column in self._columns), self._dates)
        dated = [column for column in self._columns if column.field.read in _DATED]
        if dated and not self._dates:
            orders |= self._orders(dated)
        return {name: Hints(order, self._zone) for name, order in orders.items()}

    def _orders(self, dated: list[_Column]) -> dict[str, str]:
        seen: dict[str, set[str]] = {column.field.name: set() for column in dated}
        for number, line in enumerate(self._table.lines()):
            if number == _SAMPLE:
                dated = [column for column in dated if "?" in seen[column.field.name]]
            if not dated:
                break
            for place, field in dated:
                if not line.problem:
                    seen[field.name].add(cells.order_of(line.cells[place]))
        proven = {name: found - {"", "?"} for name, found in seen.items()}
        anywhere = set().union(*proven.values())
        return {name: order for name, found in proven.items() if len(orders := found or anywhere) == 1 for order in orders}


class Heading(NamedTuple):
    """A column as a person maps it: what it is taken for ("": passed over) and the first things it says."""

    name: str
    field: str
    samples: list[str]


def headings(file: BinaryIO, kind: DocumentKind, choices: Choices = Choices()) -> list[Heading]:  # noqa: B008  immutable
    """The columns of a file, whether it can be read as this kind of document or not yet. Raises BadFile where it is no table."""
    kind = _with_counters(kind, choices.columns)
    table = read_table(file, lambda header: len(_recognised(kind, header, choices.columns)), choices.sheet)
    meant = {min(places)[1]: field for field, places in _recognised(kind, table.header, choices.columns).items()}
    first = [line.cells for line in islice(table.lines(), _SHOWN) if not line.problem]
    samples = [[cells_of[place].strip()[:40] for cells_of in first if place < len(cells_of)] for place in range(len(table.header))]
    return [
        Heading(name.strip(), meant.get(place, ""), [one for one in samples[place] if one])
        for place, name in enumerate(table.header)
        if name.strip()
    ]


def _with_counters(kind: DocumentKind, chosen: Mapping[str, str]) -> DocumentKind:
    names = sorted({name for name in chosen.values() if name.startswith(_COUNTER) and name != _COUNTER}) if kind.counters else []
    for name in names:
        if len(name) > _LONGEST_COUNTER:
            raise BadFile(f"the name of the counter {name[:40]!r}... is too long; the limit is {_LONGEST_COUNTER} characters")
    counters = [Field(name, name, "", kind.counters) for name in names if kind.counters]
    return kind._replace(fields=(*kind.fields, *counters))


def _recognised(kind: DocumentKind, header: list[str], chosen: Mapping[str, str]) -> dict[str, list[tuple[int, int]]]:
    """Per field the columns that may say it, as (how well, place)."""
    theirs = {cells.heading(name): field for name, field in chosen.items()}
    ranks = {
        heading: (field.name, rank)
        for field in kind.fields
        for rank, heading in enumerate([cells.heading(field.label), *field.headings.split()], 1)
    }
    found: dict[str, list[tuple[int, int]]] = {}
    for place, name in enumerate(header):
        heading = cells.heading(name)
        if heading in theirs:
            if theirs[heading]:
                found.setdefault(theirs[heading], []).append((0, place))
        elif heading in ranks:
            field, rank = ranks[heading]
            found.setdefault(field, []).append((rank, place))
    return found


def _columns(kind: DocumentKind, header: list[str], chosen: Mapping[str, str]) -> list[_Column]:
    _check_choice(kind, header, chosen)
    found = _recognised(kind, header, chosen)
    _require(kind, found, header)
    columns = []
    for field in kind.fields:
        if field.name not in found:
            continue
        best = min(found[field.name])
        exact = best[0] == 0 or field.name not in (*kind.key, *kind.shown)
        same = [header[place].strip()[:40] for rank, place in found[field.name] if rank == best[0] or not exact]
        if len(same) > 1:
            names = " and ".join(map(repr, same))
            if len(set(same)) == 1:
                raise BadFile(f"{len(same)} columns have the heading {same[0]!r}; in the file, rename those that are not the {field.label}")
            raise BadFile(f"the columns {names} may both be the {field.label}; map it with --map {same[0]!r}={field.name}")
        columns.append(_Column(best[1], field))
    return columns


def _check_choice(kind: DocumentKind, header: list[str], chosen: Mapping[str, str]) -> None:
    fields, headings = [field.name for field in kind.fields], {cells.heading(name) for name in header}
    for name, field in chosen.items():
        if field and field not in fields:
            raise BadFile(f"{kind.name} have no field {field!r}; the fields are {', '.join(fields)}")
        if cells.heading(name) not in headings:
            raise BadFile(f"the file has no column {name!r}; the headings are {_listed(header)}")


def _require(kind: DocumentKind, found: Mapping[str, Any], header: list[str]) -> None:
    fields = {field.name: field for field in kind.fields}
    missing = [field.label for field in kind.fields if (field.needed or field.name in kind.key) and field.name not in found]
    missing += [fields[name].label for name in kind.shown if name not in found and fields[name].label not in missing]
    if missing:
        raise BadFile(
            f"the file has no column {' and no column '.join(missing)}; the headings are {_listed(header)}; "
            "map it with --map 'Their Heading=field'"
        )


def _listed(header: list[str]) -> str:
    return ", ".join(repr(name.strip()[:40]) for name in header[:12]) + (", ..." if len(header) > 12 else "")
