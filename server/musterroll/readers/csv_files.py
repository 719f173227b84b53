"""Any CSV as rows of text: encoding and separator are detected, memory is bounded, every row knows its line."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import BinaryIO

from musterroll.readers.table import MOST_COLUMNS, BadFile, Line, Table
from musterroll.readers.text_encoding import encoding_of

LONGEST_LINE = 1 << 20  # characters
MOST_EMPTY = 1 << 20  # empty lines in a row: as many as a sheet has
_SEPARATORS = ",;\t|"
_MIXED = "the row is UTF-8, other rows of the file are Windows-1252; save the whole file again as UTF-8"
_SEPARATOR_FIRST = re.compile(r"sep=.[\r\n]*")  # a line before the headings that tells Excel the separator


def read_text(file: BinaryIO, known: Callable[[list[str]], int]) -> Table:
    """The table in a seekable text file. `known` counts recognised headings: the separator that gives most of them is used.

    Raises BadFile for what is not text or has no first line of headings.
    """
    if not file.seekable():
        raise BadFile("the file is read twice and cannot be a pipe; save it first")
    encoding = encoding_of(file)
    header, separator = max((_header(file, encoding, separator) for separator in _SEPARATORS), key=lambda candidate: known(candidate[0]))
    if not any(cell.strip() for cell in header):
        raise BadFile("the file is empty; its first line must contain the headings")
    if len(header) > MOST_COLUMNS:
        raise BadFile(f"the first line has {len(header):,} columns; the limit is {MOST_COLUMNS}")
    return Table(header, lambda: _lines(file, encoding, separator, len(header)))


def _header(file: BinaryIO, encoding: str, separator: str) -> tuple[list[str], str]:
    first = next(_skip_empty(_records(file, encoding, separator)), None)
    return first.cells if first else [], separator


def _lines(file: BinaryIO, encoding: str, separator: str, width: int) -> Iterator[Line]:
    """The rows below the headings. Extra cells are ignored where they are empty."""
    records = _skip_empty(_records(file, encoding, separator))
    next(records)
    for line in records:
        cells = line.cells
        if line.problem or len(cells) == width:
            yield line
        elif len(cells) > width and not any(cells[width:]):
            yield line._replace(cells=cells[:width])
        else:
            yield line._replace(problem=f"the row has {len(cells)} columns, but there are {width} headings")


def _skip_empty(records: Iterator[Line]) -> Iterator[Line]:
    """The rows that are not empty. Raises BadFile for an endless run of empty ones."""
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
        yield line


def _is_of_utf8(cell: str) -> bool:
    """Whether a cell read as Windows-1252 was written as UTF-8: hardly any other text is valid as both."""
    if cell.isascii():
        return False
    try:
        cell.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return False
    return True
