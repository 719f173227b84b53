"""Which column of a file holds which field: recognised by its heading, or mapped by a person."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from itertools import islice
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from musterroll.readers.cells import NUMBERS, heading_key, money
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.layout import Layout
from musterroll.readers.open_table import read_table
from musterroll.readers.table import BadFile, Table

_SAMPLES = 3  # rows shown beside a heading
_COUNTER = "usage:"
_LONGEST_COUNTER = 80


class Choices(NamedTuple):
    """How a person wants a file read. `columns`: field by heading; an empty field ignores the column.

    `given`: by field, the value of rows that have none of their own. `words`: what a word means; nothing if empty, or itself.
    """

    columns: Mapping[str, str] = {}
    given: Mapping[str, str] = {}
    words: Mapping[str, str] = {}
    dates: str = ""  # dmy, mdy, ymd
    zone: tzinfo | None = None
    layout: Layout = Layout()
    numbers: str = ""  # the decimal sign


def choices(
    columns: Iterable[str],
    saved: Choices,
    dates: str | None = None,
    zone: str | None = None,
    layout: Layout = Layout(),  # noqa: B008  immutable
    *,
    given: Iterable[str] = (),
    words: Iterable[str] = (),
    numbers: str | None = None,
) -> Choices:
    """Choices from `columns` written HEADING=FIELD and so on, which take precedence over `saved` ones.

    `numbers`: an example of NUMBERS. Raises BadFile.
    """
    sign = next((sign for sign, example in NUMBERS.items() if example == numbers), "")
    pairs = {
        "columns": {**saved.columns, **dict(_pair(text, "HEADING=FIELD", "Serial No.=serial") for text in columns)},
        "given": {**saved.given, **dict(_pair(text, "FIELD=VALUE", "maker=Dell") for text in given)},
        "words": {**saved.words, **dict(_pair(text, "WORD=MEANING", "Ready to Deploy=stock") for text in words)},
    }
    try:
        return saved._replace(**pairs, dates=dates or "", zone=ZoneInfo(zone) if zone else None, layout=layout, numbers=sign)
    except (KeyError, ValueError, OSError):
        raise BadFile(f"the zone {str(zone)[:60]!r} is not a time zone such as Europe/Berlin") from None


def _pair(text: str, form: str, example: str) -> tuple[str, str]:
    name, equals, meaning = text.rpartition("=")
    if not equals or not name.strip():
        raise BadFile(f"{text[:80]!r} is not of the form {form}, as in {example!r}")
    return name.strip(), meaning.strip()


class Column(NamedTuple):
    """`place` counts the columns of the file from 0."""

    place: int
    field: Field


class Heading(NamedTuple):
    """A column of a file as a person maps it: the field it holds (empty: ignored), and its first values."""

    name: str
    field: str
    samples: list[str]


def open_columns(file: BinaryIO, kind: DocumentKind, choices: Choices) -> tuple[DocumentKind, Table, list[Column]]:
    """The kind with the counters that are mapped, the file as a table, and the columns to read. Raises BadFile."""
    kind, table = _open(file, kind, choices)
    return kind, table, _columns(kind, table.header, choices)


def headings(file: BinaryIO, kind: DocumentKind, choices: Choices = Choices()) -> list[Heading]:  # noqa: B008  immutable
    """The columns of a file, also of one that cannot be read as this kind of document yet. Raises BadFile where it is no table."""
    kind, table = _open(file, kind, choices)
    fields = {min(places)[1]: field for field, places in _recognised(kind, table.header, choices.columns).items()}
    rows = [line.cells for line in islice(table.lines(), _SAMPLES) if not line.problem]
    return [
        Heading(name.strip(), fields.get(place, ""), [cell for row in rows if (cell := "".join(row[place : place + 1]).strip()[:40])])
        for place, name in enumerate(table.header)
        if name.strip()
    ]


def _open(file: BinaryIO, kind: DocumentKind, choices: Choices) -> tuple[DocumentKind, Table]:
    kind = _with_counters(kind, choices.columns)
    return kind, read_table(file, lambda header: len(_recognised(kind, header, choices.columns)), choices.layout)


def _with_counters(kind: DocumentKind, mapped: Mapping[str, str]) -> DocumentKind:
    names = sorted({name for name in mapped.values() if name.startswith(_COUNTER) and name != _COUNTER}) if kind.counters else []
    for name in names:
        if len(name) > _LONGEST_COUNTER:
            raise BadFile(f"the name of the counter {name[:40]!r}... is too long; the limit is {_LONGEST_COUNTER} characters")
    counters = [Field(name, name, "", kind.counters) for name in names if kind.counters]
    return kind._replace(fields=(*kind.fields, *counters))


def _recognised(kind: DocumentKind, header: list[str], mapped: Mapping[str, str]) -> dict[str, list[tuple[int, int]]]:
    """Per field the columns that may hold it, as (rank of the heading, place); rank 0 is mapped by a person."""
    chosen = {heading_key(name): field for name, field in mapped.items()}
    ranks = {
        heading: (field.name, rank)
        for field in kind.fields
        for rank, heading in enumerate([heading_key(field.label), *field.headings.split()], 1)
    }
    places: dict[str, list[tuple[int, int]]] = {}
    for place, name in enumerate(header):
        heading = heading_key(name)
        if heading in chosen:
            if chosen[heading]:
                places.setdefault(chosen[heading], []).append((0, place))
        elif known := ranks.get(heading) or ranks.get(heading_key(money.of_heading(name)[0])):
            field, rank = known
            places.setdefault(field, []).append((rank, place))
    return places


def _columns(kind: DocumentKind, header: list[str], choices: Choices) -> list[Column]:
    _check_choices(kind, header, choices)
    recognised = _recognised(kind, header, choices.columns)
    missing = [field.label for field in kind.required if field.name not in (*recognised, *choices.given)]
    if missing:
        raise BadFile(
            f"the file has no column {' and no column '.join(missing)}; the headings are {_listed(header)}; "
            "map it with --map 'Their Heading=field'"
        )
    return [_column(kind, field, header, recognised[field.name]) for field in kind.fields if field.name in recognised]


def _column(kind: DocumentKind, field: Field, header: list[str], places: list[tuple[int, int]]) -> Column:
    """The column with the best heading. What identifies a record must not be in doubt: any second column counts."""
    best, place = min(places)
    in_doubt = best > 0 and field.name in (*kind.key, *kind.shown)
    rivals = [header[other].strip()[:40] for rank, other in places if rank == best or in_doubt]
    if len(rivals) == 1:
        return Column(place, field)
    if len(set(rivals)) == 1:
        raise BadFile(f"{len(rivals)} columns have the heading {rivals[0]!r}; in the file, rename those that are not the {field.label}")
    raise BadFile(
        f"the columns {' and '.join(map(repr, rivals))} may both be the {field.label}; map it with --map {rivals[0]!r}={field.name}"
    )


def _check_choices(kind: DocumentKind, header: list[str], choices: Choices) -> None:
    fields, headings = [field.name for field in kind.fields], {heading_key(name) for name in header}
    for field in (*choices.columns.values(), *choices.given):
        if field and field not in fields:
            raise BadFile(f"{kind.name} have no field {field!r}; the fields are {', '.join(fields)}")
    for name in choices.columns:
        if heading_key(name) not in headings:
            raise BadFile(f"the file has no column {name!r}; the headings are {_listed(header)}")


def _listed(header: list[str]) -> str:
    return ", ".join(repr(name.strip()[:40]) for name in header[:12]) + (", ..." if len(header) > 12 else "")
