"""Which column of a file holds which field: recognised by its heading, or mapped by a person."""

from collections.abc import Iterable, Mapping
from datetime import tzinfo
from itertools import islice
from typing import BinaryIO, NamedTuple
from zoneinfo import ZoneInfo

from musterroll.readers.cells import NUMBERS, heading_key
from musterroll.readers.fields import DocumentKind, Field
from musterroll.readers.guesses import Guess, guesses
from musterroll.readers.layout import Layout
from musterroll.readers.nothing import means_nothing
from musterroll.readers.open_table import read_table
from musterroll.readers.recognition import FROM_SOURCE, Rank, recognised
from musterroll.readers.sources import detect, other_kind
from musterroll.readers.table import BadFile, NeedsChoice, Table

_SAMPLES = 3  # rows shown beside a heading
_COMPARED = 200  # rows looked at to tell two columns apart
_COUNTER = "usage:"
_LONGEST_COUNTER = 80


class Choices(NamedTuple):
    """How a person wants a file read. `columns`: field by heading; an empty field ignores the column.

    `given`: by field, the value of rows that have none of their own. `words`: what a word means; nothing if empty, or itself.
    `accept_guesses`: read columns that nobody recognises as what they probably are.
    """

    columns: Mapping[str, str] = {}
    given: Mapping[str, str] = {}
    words: Mapping[str, str] = {}
    dates: str = ""  # dmy, mdy, ymd
    zone: tzinfo | None = None
    layout: Layout = Layout()
    numbers: str = ""  # the decimal sign
    accept_guesses: bool = False
    ends: str = ""  # last-day, day-after: what the end of a term is


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
    accept_guesses: bool = False,
    ends: str | None = None,
) -> Choices:
    """Choices from `columns` written HEADING=FIELD and so on, which take precedence over `saved` ones.

    `numbers`: an example of NUMBERS. Raises BadFile.
    """
    sign = next((sign for sign, example in NUMBERS.items() if example == numbers), "")
    mapped = {**saved.columns, **dict(_pair(text, "HEADING=FIELD", "Serial No.=serial") for text in columns)}
    values = {**saved.given, **dict(_pair(text, "FIELD=VALUE", "maker=Dell") for text in given)}
    meanings = {**saved.words, **dict(_pair(text, "WORD=MEANING", "Ready to Deploy=stock") for text in words)}
    try:
        place = ZoneInfo(zone) if zone else saved.zone
    except (KeyError, ValueError, OSError):
        raise BadFile(f"the zone {str(zone)[:60]!r} is not a time zone such as Europe/Berlin") from None
    laid_out = saved.layout._replace(**{name: own for name, own in layout._asdict().items() if own not in ("", None)})
    return Choices(
        mapped, values, meanings, dates or saved.dates, place, laid_out, sign or saved.numbers, accept_guesses, ends or saved.ends
    )


def _pair(text: str, form: str, example: str) -> tuple[str, str]:
    name, equals, meaning = text.rpartition("=")
    if not equals or not name.strip():
        raise BadFile(f"{text[:80]!r} is not of the form {form}, as in {example!r}")
    return name.strip(), meaning.strip()


def by_field(kind: DocumentKind, choices: Choices) -> Choices:
    """The same choices, with fields by their name where a person wrote what they are called."""
    names = {heading_key(field.label): field.name for field in reversed(kind.fields)}

    def name(field: str) -> str:
        return field if any(field == known.name for known in kind.fields) else names.get(heading_key(field), field)

    columns = {heading: name(field) for heading, field in choices.columns.items()}
    return choices._replace(columns=columns, given={name(field): value for field, value in choices.given.items()})


class Column(NamedTuple):
    """`place` counts the columns of the file from 0."""

    place: int
    field: Field


class Heading(NamedTuple):
    """A column of a file as a person maps it: the field it holds (empty: ignored), its first values, and what it may hold."""

    name: str
    field: str
    samples: list[str]
    guess: Guess | None = None


class Opened(NamedTuple):
    """A file as a document: the kind with the counters that are mapped, the table, the columns to read, and what others may hold.

    `guesses` are among the columns where they were accepted.
    """

    kind: DocumentKind
    table: Table
    columns: list[Column]
    guesses: list[Guess]


def open_columns(file: BinaryIO, kind: DocumentKind, choices: Choices) -> Opened:
    """Raises BadFile where the file is no table, or not of this kind."""
    kind, table = _open(file, kind, choices)
    proposals = guesses(kind, table, choices.columns, _given(kind, table, choices))
    if choices.accept_guesses:
        accepted = {guess.heading: guess.field.name for guess in proposals}
        choices = choices._replace(columns={**accepted, **choices.columns})
    return Opened(kind, table, _columns(kind, table, choices, proposals), proposals)


def _given(kind: DocumentKind, table: Table, choices: Choices) -> set[str]:
    """The fields that need no column."""
    source = detect(kind.name, map(heading_key, table.header))
    return {*choices.given, *(source.given if source else ()), *kind.assumed}


def headings(file: BinaryIO, kind: DocumentKind, choices: Choices = Choices()) -> list[Heading]:  # noqa: B008  immutable
    """The columns of a file, also of one that cannot be read as this kind of document yet. Raises BadFile where it is no table."""
    choices = by_field(kind, choices)
    kind, table = _open(file, kind, choices)
    fields = {min(places)[1]: field for field, places in recognised(kind, table.header, choices.columns).items()}
    rows = [line.cells for line in islice(table.lines(), _SAMPLES) if not line.problem]
    guessed = {guess.heading: guess for guess in guesses(kind, table, choices.columns, _given(kind, table, choices))}
    samples = [[cell for row in rows if (cell := "".join(row[place : place + 1]).strip()[:40])] for place in range(len(table.header))]
    return [
        Heading(name.strip(), fields.get(place, ""), samples[place], guessed.get(name.strip()))
        for place, name in enumerate(table.header)
        if name.strip()
    ]


def _open(file: BinaryIO, kind: DocumentKind, choices: Choices) -> tuple[DocumentKind, Table]:
    kind = _with_counters(kind, choices.columns)
    return kind, read_table(file, lambda header: len(recognised(kind, header, choices.columns)), choices.layout)


def _with_counters(kind: DocumentKind, mapped: Mapping[str, str]) -> DocumentKind:
    names = sorted({name for name in mapped.values() if name.startswith(_COUNTER) and name != _COUNTER}) if kind.counters else []
    for name in names:
        if len(name) > _LONGEST_COUNTER:
            raise BadFile(f"the name of the counter {name[:40]!r}... is too long; the limit is {_LONGEST_COUNTER} characters")
    counters = [Field(name, name, "", kind.counters) for name in names if kind.counters]
    return kind._replace(fields=(*kind.fields, *counters))


def _columns(kind: DocumentKind, table: Table, choices: Choices, proposals: list[Guess]) -> list[Column]:
    header = table.header
    _check_choices(kind, header, choices)
    places = recognised(kind, header, choices.columns)
    known = {*places, *_given(kind, table, choices)}
    missing = [field for field in kind.required if field.name not in known]
    if missing:
        columns = {name: [place for _, place in found] for name, found in places.items()}
        hollow = [field for field in kind.required if field.name in columns and not _different(table, columns[field.name])]
        raise BadFile(_what_is_missing(kind, header, missing, hollow, proposals))
    return [_column(kind, field, table, places[field.name]) for field in kind.fields if field.name in places]


def _what_is_missing(kind: DocumentKind, header: list[str], missing: list[Field], hollow: list[Field], proposals: list[Guess]) -> str:
    """In one sentence. `hollow`: the fields whose columns hold nothing."""
    columns = " and no column ".join(field.label for field in missing)
    keys = list(map(heading_key, header))
    other = None if detect(kind.name, keys) else other_kind(kind.name, keys)
    hint = f"; it looks like {other.name}: import it as {' or '.join(other.kinds.split())}" if other else ""
    likely = [str(guess) for guess in proposals if guess.field in missing]
    hint += f"; {', '.join(likely)}" if likely else ""
    ways = [f"name the column (--map 'HEADING={missing[0].label}')"]
    ways[:0] = ["accept the proposal (--accept-guesses)"] if likely else []
    if missing[0].name not in (*kind.key, *kind.shown):
        ways.append(f"give one value for the whole file (--set '{missing[0].label}=...')")
    rest = [f"--set '{field.label}=...'" for field in (*missing[1:], *hollow) if field.name not in (*kind.key, *kind.shown)]
    besides = f"; and give one value of the rest for the whole file ({' '.join(rest)})" if rest else ""
    hint = "".join(f", and its column of the {field.label} is empty" for field in hollow) + hint
    return f"the file has no column {columns}{hint}; the headings are {_listed(header)}; {', or '.join(ways)}{besides}"


def _column(kind: DocumentKind, field: Field, table: Table, places: list[tuple[Rank, int]]) -> Column:
    """The column with the best heading. What identifies a record must not be in doubt: any other as certain counts."""
    best, place = min(places)
    identifies = field.name in (*kind.key, *kind.shown)
    rivals = [other for rank, other in places if rank == best or (identifies and best[0] > FROM_SOURCE and rank[0] == best[0])]
    rivals = (_different(table, rivals) if len(rivals) > 1 else rivals) or [place]
    if len(rivals) == 1:
        return Column(rivals[0] if place not in rivals else place, field)
    names = [table.header[other].strip()[:40] for other in rivals]
    if len(set(names)) == 1:
        raise BadFile(f"{len(names)} columns have the heading {names[0]!r}; in the file, rename those that are not the {field.label}")
    raise NeedsChoice(
        f"the columns {' and '.join(map(repr, names))} may both be the {field.label}; choose one (--map '{names[0]}={field.label}')",
        "column",
        names,
        subject=field.name,
    )


def _different(table: Table, places: list[int]) -> list[int]:
    """Of these columns those that are not empty and do not repeat an earlier one, as far as the first rows show."""
    rows = [line.cells for line in islice(table.lines(), _COMPARED) if not line.problem]
    contents = {place: [row[place].strip() for row in rows if place < len(row)] for place in places}
    if not rows:
        return places
    filled = [place for place in places if any(not means_nothing(cell) for cell in contents[place])]
    return [place for n, place in enumerate(filled) if contents[place] not in [contents[other] for other in filled[:n]]]


def _check_choices(kind: DocumentKind, header: list[str], choices: Choices) -> None:
    fields, headings = [field.name for field in kind.fields], {heading_key(name) for name in header}
    for field in (*choices.columns.values(), *choices.given):
        if field and field not in fields:
            labels = ", ".join(field.label for field in kind.fields)
            raise BadFile(f"{kind.title} have no column {field[:60]!r}; the columns are {labels}")
    for name in choices.columns:
        if heading_key(name) not in headings:
            raise BadFile(f"the file has no column {name!r}; the headings are {_listed(header)}")


def _listed(header: list[str]) -> str:
    return ", ".join(repr(name.strip()[:40]) for name in header[:12]) + (", ..." if len(header) > 12 else "")
