"""Checks on an XLSX workbook before it is read: what would take too much memory, or would be misread."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from musterroll.readers.table import MOST_COLUMNS, BadFile

_MOST_MEMBERS = 2_000
_MOST_BYTES = 300 << 20  # of everything in it, unpacked
_MOST_RATIO = 200  # unpacked to packed, of what is large
_LARGE = 16 << 20
_MOST_CELLS = 10_000_000  # of the rectangle that holds every cell
_CHUNK = 1 << 20
_OVERLAP = 1 << 12
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_STORED = 0

# Tags of a sheet, whatever its prefix and quotation marks.
_CELL = re.compile(rb"<(?:\w+:)?c(?=[\s/>])")
_PLACE = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*["']\$?([A-Za-z]{1,7})\$?([0-9]{1,9})["']""")
_ROW = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*["']([0-9]{1,9})["']""")
_EMPTY_FORMULA = re.compile(rb"<(?:\w+:)?c\s([^>]*)><f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>|</c>)")
_ERROR = re.compile(rb"""<(?:\w+:)?c\s[^>]*?\bt\s*=\s*["']e["']""")
_TEXT_RESULT = re.compile(rb"""\bt\s*=\s*["']str["']""")  # its text may be empty


class _Extent(NamedTuple):
    """How far a sheet reaches, and what is missing in it."""

    rows: int = 0
    columns: int = 0
    unplaced: bool = False  # a cell without a position
    empty_formula: bool = False
    errors: int = 0  # cells such as #N/A


class Checked(NamedTuple):
    """The parts that have formulas without results, and how many cells of each part hold an error."""

    without_results: frozenset[str]
    errors: dict[str, int]


def check_workbook(file: BinaryIO) -> Checked:
    """What a reader of the workbook would not notice. Raises BadFile for what is damaged, spread too wide, or too large unpacked."""
    with parts(file) as members:
        extents = {member.filename: _extent(unpacked(file, member)) for member in members}
        for extent in extents.values():
            _check_extent(extent)
    without_results = frozenset(name for name, extent in extents.items() if extent.empty_formula)
    return Checked(without_results, {name: extent.errors for name, extent in extents.items()})


@contextmanager
def parts(file: BinaryIO) -> Iterator[list[zipfile.ZipInfo]]:
    """The parts of a workbook, of a bearable size. Raises BadFile, also for what goes wrong while they are read."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            _check_sizes(archive.infolist())
            yield archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error, struct.error) as error:
        raise BadFile(f"the workbook is damaged or password-protected: {str(error)[:80]}; open it and save it again as XLSX") from None


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > _MOST_MEMBERS or unpacked > _MOST_BYTES:
        raise BadFile(f"the workbook unpacks to {unpacked >> 20:,} MiB in {len(members):,} parts, too large; save the sheet as CSV")
    for member in members:
        if member.file_size > _LARGE and member.file_size > _MOST_RATIO * max(member.compress_size, 1):
            raise BadFile(f"the workbook's part {member.filename[:80]!r} unpacks to a suspicious size; save the sheet as CSV")


def unpacked(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content of a part up to its real end: the directory of the archive may state a wrong size."""
    file.seek(member.header_offset)
    _, name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(name + extra, 1)
    packed, size = member.compress_size, 0
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    while packed > 0 and not stream.eof:
        block = file.read(min(_CHUNK // 16, packed))
        if not block:
            raise EOFError("it ends too early")
        packed -= len(block)
        while block:
            chunk = block if member.compress_type == _STORED else stream.decompress(block, _CHUNK)
            block = b"" if member.compress_type == _STORED else stream.unconsumed_tail
            size += len(chunk)
            if size > member.file_size:
                raise BadFile("the workbook's parts are larger than declared; save the sheet as CSV")
            yield chunk


def _extent(chunks: Iterator[bytes]) -> _Extent:
    """How far the cells of a part reach, without expanding them."""
    extent, rest = _Extent(), b""
    for chunk in chunks:
        text = rest + chunk
        cut = text.rfind(b"<", 0, len(text) - _OVERLAP) if len(text) > _OVERLAP else 0
        extent, rest = _widened(extent, text[: max(cut, 0)]), text[max(cut, 0) :]
    return _widened(extent, rest)


def _widened(extent: _Extent, text: bytes) -> _Extent:
    places = _PLACE.findall(text)
    widest = max((letters for letters, _ in places), key=lambda letters: (len(letters), letters), default=b"")
    lowest = max((int(row) for _, row in places), default=0)
    return _Extent(
        max(extent.rows, lowest, max((int(row) for row in _ROW.findall(text)), default=0)),
        max(extent.columns, _column(widest.upper())),
        extent.unplaced or len(places) < len(_CELL.findall(text)),
        extent.empty_formula or any(not _TEXT_RESULT.search(match[1]) for match in _EMPTY_FORMULA.finditer(text)),
        extent.errors + (len(_ERROR.findall(text)) if b'"e"' in text or b"'e'" in text else 0),
    )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _check_extent(extent: _Extent) -> None:
    if extent.columns > MOST_COLUMNS:
        raise BadFile(f"a sheet of the workbook has {extent.columns:,} columns; the limit is {MOST_COLUMNS}")
    if extent.rows * extent.columns > _MOST_CELLS:
        raise BadFile(f"a sheet of the workbook has {extent.rows:,} rows of {extent.columns} columns, which is too many; save it as CSV")
    if extent.unplaced:
        raise BadFile("the workbook has no cell positions; open it in a spreadsheet program and save it again, or save it as CSV")
