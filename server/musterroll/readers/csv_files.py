"""Any CSV as rows of text: encoding and separator are detected, memory is bounded, every row knows its line."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import BinaryIO

from musterroll.readers import fixed_width
from musterroll.readers.heading_row import heading_row
from musterroll.readers.layout import SEPARATORS, Layout
from musterroll.readers.table import BadFile, Grid, Known, Line, visible
from musterroll.readers.text_encoding import encoding_of

LONGEST_LINE = 1 << 20  # characters
MOST_EMPTY = 1 << 20  # empty lines in a row: as many as a sheet has
_SAMPLE = 60  # rows that show the separator
_MOST_COUNTED = 50  # columns
_WRAPPED = re.compile(r'"(?:[^"]|"")*"')
_SEPARATOR_FIRST = re.compile(r"\ufeff?sep=(.)[\r\n]*")  # a line before the headings that tells Excel the separator


def read_text(file: BinaryIO, known: Known, layout: Layout) -> Grid:
    """The rows of a seekable text file. Raises BadFile for what is not text, NeedsChoice where its encoding is in doubt."""
    encoding, remark = encoding_of(file, layout.encoding)
    declared = _declared_separator(file, encoding)
    remarks = [remark] if remark else []
    if declared:
        remarks.append(f"row 1 left out: 'sep={declared}'")
    wrapped = _is_wrapped(file, encoding)
    if wrapped:
        remarks.append("each row stands between quotation marks as a whole, which are left out")
    separator = layout.separator or declared or max(SEPARATORS.values(), key=lambda sign: _fit(file, encoding, sign, known, wrapped))
    if not (layout.separator or declared) and (places := _places(file, encoding, separator, known)):
        remarks.append("columns are told by their place in the line")
        return Grid(lambda: _skip_empty(_placed(file, encoding, places)), remarks=tuple(remarks))
    return Grid(lambda: _skip_empty(_records(file, encoding, separator, wrapped)), remarks=tuple(remarks))


def _declared_separator(file: BinaryIO, encoding: str) -> str:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace", newline="")
    try:
        match = _SEPARATOR_FIRST.fullmatch(text.readline(64))
    finally:
        text.detach()
    return match[1] if match else ""


def _is_wrapped(file: BinaryIO, encoding: str) -> bool:
    """Whether each row was quoted as a whole, as if it were one value: `"a,""b"",c"`."""
    sample = [line for line in islice(_unplaced(file, encoding), _SAMPLE) if line]
    if len(sample) < 2 or not all(map(_WRAPPED.fullmatch, sample)):
        return False
    rows = [_unwrapped(line) for line in sample]
    return any(min(counts) > 1 and len(set(counts)) == 1 for sign in SEPARATORS.values() if (counts := _widths(rows, sign)))


def _widths(rows: list[str], separator: str) -> list[int]:
    return [len(cells) for cells in csv.reader(rows, delimiter=separator)]


def _unwrapped(line: str) -> str:
    content = line.rstrip("\r\n")
    return content[1:-1].replace('""', '"') + line[len(content) :] if _WRAPPED.fullmatch(content) else line


def _places(file: BinaryIO, encoding: str, separator: str, known: Known) -> list[int] | None:
    """Where the columns begin in a file without separators."""
    if _fit(file, encoding, separator, known)[0]:
        return None
    sample = list(islice(_unplaced(file, encoding), _SAMPLE))
    places = fixed_width.starts(sample)
    return places if places and max(known(fixed_width.cut(line, places)) for line in sample) > 1 else None


def _placed(file: BinaryIO, encoding: str, places: list[int]) -> Iterator[Line]:
    for number, line in enumerate(_unplaced(file, encoding), 1):
        yield Line(number, fixed_width.cut(line, places), None)


def _unplaced(file: BinaryIO, encoding: str) -> Iterator[str]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, errors="replace")
    try:
        for line in _physical_lines(text):
            yield line.rstrip().expandtabs()
    finally:
        with suppress(ValueError):  # the file may have been closed while rows were left
            text.detach()


def _fit(file: BinaryIO, encoding: str, separator: str, known: Known, wrapped: bool = False) -> tuple[int, float, int]:
    """How well a separator fits: headings recognised, then columns that come in every row, at best many."""
    rows = list(islice(_skip_empty(_records(file, encoding, separator, wrapped)), _SAMPLE))
    if not rows:
        return 0, 0.0, 0
    headings = heading_row(rows, known)
    below = rows[len(headings.above) + (headings.heading is not None) :]
    width = len(headings.heading.cells) if headings.heading else Counter(len(line.cells) for line in rows).most_common(1)[0][0]
    alike = sum(1 for line in below if len(line.cells) == width or (len(line.cells) > width and not any(line.cells[width:])))
    share = (1 + alike) / (1 + len(below))  # the headings count as a row
    return headings.known if headings.known > 1 else 0, share * min(width, _MOST_COUNTED), headings.known


def _skip_empty(records: Iterator[Line]) -> Iterator[Line]:
    """The rows that are not empty. Raises BadFile for an endless run of empty ones."""
    last = 0
    gap = False
    for line in records:
        cells = line.cells
        if line.problem or (cells and cells[0] and not cells[0].isspace()) or any(cell.strip() for cell in cells):
            yield line._replace(below_gap=True) if gap else line
            last, gap = line.number, False
        else:
            gap = True
            if line.number - last > MOST_EMPTY:
                raise BadFile(f"more than {MOST_EMPTY:,} empty lines follow line {last}; remove them and save the file again")


def _records(file: BinaryIO, encoding: str, separator: str, wrapped: bool = False) -> Iterator[Line]:
    file.seek(0)
    text = io.TextIOWrapper(file, encoding, newline="")
    mixed = f"the row is UTF-8, other rows of the file are {encoding}; save the whole file again as UTF-8"
    may_be_mixed = not encoding.startswith("utf")
    try:
        physical = map(_unwrapped, _physical_lines(text)) if wrapped else _physical_lines(text)
        reader = csv.reader(_without_formulas(physical, separator), delimiter=separator, skipinitialspace=not separator.isspace())
        while True:
            start = reader.line_num + 1
            try:
                cells = next(reader)
                yield Line(start, cells, mixed if may_be_mixed and any(_is_of_utf8(cell, encoding) for cell in cells) else None, False)
            except StopIteration:
                return
            except csv.Error as error:
                yield Line(start, [], f"the row cannot be read: {error}; is a quotation mark not closed?")
            except UnicodeError:
                raise BadFile(f"the file is no longer {encoding.upper()} after line {reader.line_num}; save it again as UTF-8") from None
    finally:
        with suppress(ValueError):  # the file may have been closed while rows were left
            text.detach()


def _physical_lines(text: io.TextIOWrapper) -> Iterator[str]:
    first = True
    while line := text.readline(LONGEST_LINE):
        if first and _SEPARATOR_FIRST.fullmatch(line):
            line = "\n"
        first = False
        if len(line) == LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise BadFile(f"a line is longer than {LONGEST_LINE:,} characters; is it a CSV?")
        yield visible(line)


def _without_formulas(lines: Iterator[str], separator: str) -> Iterator[str]:
    """Lines whose cells `="00123"`, as written for a spreadsheet to keep its zeros, are texts between quotation marks."""
    sign = re.escape(separator)
    formula = re.compile(rf'(?:(?<=^)|(?<={sign}))(?:="([^"\r\n]*)"|"=""([^"\r\n]*)""")(?=[{sign}\r\n]|$)')
    for line in lines:
        yield formula.sub(r'"\1\2"', line) if '="' in line else line


def _is_of_utf8(cell: str, encoding: str) -> bool:
    """Whether a cell read in an older encoding was written as UTF-8: hardly any other text is valid as both."""
    if cell.isascii():
        return False
    try:
        cell.encode(encoding).decode("utf-8")
    except UnicodeError:
        return False
    return True
