"""Any CSV as rows of text: encoding and separator found out, bounded in memory, every line numbered."""

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO, NamedTuple

from musterroll.domain.values.errors import DomainError

MOST_COLUMNS = 500
LONGEST_LINE = 1 << 20  # characters
MOST_EMPTY = 1 << 20  # empty lines on end: as many as a sheet has rows
_CHUNK = 1 << 20  # bytes
_SEPARATORS = ",;\t|"
_UNDEFINED_1252 = frozenset(b"\x81\x8d\x8f\x90\x9d")
_SEPARATOR_FIRST = re.compile(r"sep=.[\r\n]*")  # how Excel is told the separator, on a line before the headings
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = (
    (b"\xd0\xcf\x11\xe0", "an old Office document; save its sheet as CSV"),
    (b"\x1f\x8b", "compressed; unpack it first"),
    (b"%PDF", "a PDF; ask for the table as CSV"),
)


class BadFile(DomainError):
    """A file that cannot be read as a table at all."""

    code = "bad_file"


class Line(NamedTuple):
    """One record: where it starts, and its cells or why it could not be read."""

    number: int
    cells: list[str]
    problem: str | None


class Table(NamedTuple):
    """`lines` reads those below the headings, from the first one, every time it is called."""

    header: list[str]
    lines: Callable[[], Iterator[Line]]
    height: int | None = None  # rows, where that is known beforehand


def read_text(file: BinaryIO, known: Callable[[list[str]], int]) -> Table:
    """The table in a seekable text file. `known` counts the headings it recognises: the separator that gives most of them is right.

    Raises BadFile for what is not text or has no first line of headings.
    """
    if not file.seekable():
        raise BadFile("the file is read twice and cannot be a pipe; save it first")
    encoding = _encoding(file)
    header, separator = max((_header(file, encoding, each) for each in _SEPARATORS), key=lambda found: known(found[0]))
    if not any(cell.strip() for cell in header):
        raise BadFile("the file is empty; its first line must contain the headings")
    if len(header) > MOST_COLUMNS:
        raise BadFile(f"the first line has {len(header):,} columns; the limit is {MOST_COLUMNS}")
    return Table(header, lambda: _lines(file, encoding, separator, len(header)))


def _header(file: BinaryIO, encoding: str, separator: str) -> tuple[list[str], str]:
    first = next(_filled(_records(file, encoding, separator)), None)
    return first.cells if first else [], separator


def _lines(file: BinaryIO, encoding: str, separator: str, width: int) -> Iterator[Line]:
    """The records below the headings. A cell too many is passed over where it is empty."""
    records = _filled(_records(file, encoding, separator))
    next(records)
    for line in records:
        cells = line.cells
        if line.problem or len(cells) == width:
            yield line
        elif len(cells) > width and not any(cells[width:]):
            yield line._replace(cells=cells[:width])
        else:
            yield line._replace(problem=f"the row has {len(cells)} columns, but there are {width} headings")


def _filled(records: Iterator[Line]) -> Iterator[Line]:
    """Those that are not empty. Raises BadFile where nothing else comes for very long."""
    last = 0
    for line in records:
        if line.problem or any(cell.strip() for cell in line.cells):
            yield line
            last = line.number
        elif line.number - last > MOST_EMPTY:
            raise BadFile(f"more than {MOST_EMPTY:,} empty lines follow line {last}; remove them and save the file again")


def _records(file: BinaryIO, encoding: str, separator: str) -> Iterator[Line]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    try:
        reader = csv.reader(_physical_lines(text), delimiter=separator)
        while True:
            start = reader.line_num + 1
            try:
                cells = next(reader)
                yield Line(start, cells, _MIXED if encoding == "cp1252" and any(map(_is_of_utf8, cells)) else None)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(start, [], f"the row cannot be read: {error}; is a quotation mark not closed?")
            except UnicodeDecodeError:
                raise BadFile(f"the file is no longer {encoding.upper()} after line {reader.line_num}; save it again as UTF-8") from None
    finally:
        with suppress(ValueError):  # whoever stopped reading may have closed the file
            text.detach()


def _physical_lines(text: io.TextIOWrapper) -> Iterator[str]:
    first = True
    while line := text.readline(LONGEST_LINE):
        if first and _SEPARATOR_FIRST.fullmatch(line):
            line = "\n"
        first = False
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise BadFile(f"a line is longer than {LONGEST_LINE:,} characters; is it a CSV?")
        yield line


_MIXED = "the row is UTF-8, other rows of the file are Windows-1252; save the whole file again as UTF-8"


def _is_of_utf8(cell: str) -> bool:
    """Whether a cell read as Windows-1252 was written as UTF-8: hardly any other text reads well as both."""
    if cell.isascii():
        return False
    try:
        cell.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return False
    return True


def _encoding(file: BinaryIO) -> str:
    """UTF-8, UTF-16 or, where it is neither, Windows-1252."""
    file.seek(0)
    head = file.read(4096)
    for mark, kind in _NOT_TEXT:
        if head.startswith(mark):
            raise BadFile(f"the file is {kind}")
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        if len(head) > 8 and head[start::2].count(0) > len(head) // 3:
            return encoding
    if b"\0" in head.partition(b"\n")[0]:
        raise BadFile("the file is not text: it contains NUL bytes; save the table as CSV")
    return "utf-8" if _is_utf8(file) else _windows(file)


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for chunk in _chunks(file):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _windows(file: BinaryIO) -> str:
    if any(_UNDEFINED_1252.intersection(chunk) for chunk in _chunks(file)):
        raise BadFile("the file is neither UTF-8, UTF-16 nor Windows-1252 text; save it again as UTF-8")
    return "cp1252"


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(_CHUNK):
        yield chunk
