"""The sheet of an XLSX workbook as rows of text. What could make reading it dangerous or misleading is looked at first."""

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO, NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from musterroll.readers.csv_files import MOST_COLUMNS, BadFile, Line, Table

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
_EMPTY_FORMULA = re.compile(rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>|</c>)")


class Numeric(str):
    """The text of a cell that holds a number, not text: it has lost whatever zeros stood before it."""

    __slots__ = ()


class _Extent(NamedTuple):
    """How far a sheet reaches, and what in it cannot be trusted."""

    rows: int = 0
    columns: int = 0
    unplaced: bool = False  # a cell that does not say where it is
    empty_formula: bool = False


def read_workbook(file: BinaryIO, name: str | None) -> Table:
    """The named sheet, or the first that is not empty. Raises BadFile for what is no workbook, too large, or misleading."""
    _look_inside(file)
    file.seek(0)
    sheet = _opened(file, name)
    if sheet.start is None:
        raise BadFile(f"the sheet {sheet.name!r} is empty; its first row must contain the headings")
    rows = _rows(sheet)
    first, header = next(((number, cells) for number, cells in rows if any(map(str.strip, cells))), (0, []))
    while header and not header[-1].strip():
        header.pop()
    merged = _merged(sheet, first)
    return Table(header, lambda: _lines(sheet, first, len(header), merged), sheet.total_height)


def _opened(file: BinaryIO, name: str | None) -> CalamineSheet:
    try:
        return _sheet(CalamineWorkbook.from_filelike(file), name)
    except (CalamineError, OSError, ValueError) as error:
        raise _unreadable(error) from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # what the reader's own mistakes come as
            raise _unreadable(error) from None
        raise


def _unreadable(error: BaseException) -> BadFile:
    return BadFile(f"the workbook cannot be read: {str(error)[:120]}; open it and save it again as XLSX")


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """The rows by the number a spreadsheet shows, from its first column with anything in it on."""
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield number, list(map(_text, row))


def _sheet(book: CalamineWorkbook, wanted: str | None) -> CalamineSheet:
    if wanted is not None:
        if wanted not in book.sheet_names:
            raise BadFile(f"the workbook has no sheet {wanted!r}; it has {', '.join(map(repr, book.sheet_names[:12]))}")
        return book.get_sheet_by_name(wanted)
    sheets = (book.get_sheet_by_name(name) for name in book.sheet_names)
    return next((one for one in sheets if one.start is not None), None) or book.get_sheet_by_index(0)


def _lines(sheet: CalamineSheet, header: int, width: int, merged: dict[int, str]) -> Iterator[Line]:
    for number, cells in _rows(sheet):
        if number <= header or not any(map(str.strip, cells)):
            continue
        problem = None
        if number in merged:
            problem = f"the row is in the merged cells {merged[number]}; unmerge them and enter the value in every row"
        elif any(cells[width:]):
            problem = "the row has a cell to the right of the last heading"
        yield Line(number, cells[:width], problem)


def _merged(sheet: CalamineSheet, header: int) -> dict[int, str]:
    """Merged cells by the lines below the headings that they touch."""
    found = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(max(top + 1, header + 1), bottom + 2):
            found[row] = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
    return found


def _letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return Numeric(int(cell) if cell == int(cell) else repr(cell)) if abs(cell) < 1e15 else Numeric(repr(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


def _look_inside(file: BinaryIO) -> None:
    """Refuse before unpacking what unpacks to too much, and before laying out what is spread too wide."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            _refuse_bomb(archive.infolist())
            if "xl/workbook.xml" not in archive.namelist():
                raise BadFile("the file is a ZIP archive, not an XLSX workbook; unpack it and use the table itself")
            for member in archive.infolist():
                _refuse_extent(_extent(_unpacked(file, member)))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError, zlib.error, struct.error) as error:
        raise BadFile(f"the workbook is damaged or password-protected: {str(error)[:80]}; open it and save it again as XLSX") from None


def _refuse_bomb(members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > _MOST_MEMBERS or unpacked > _MOST_BYTES:
        raise BadFile(f"the workbook unpacks to {unpacked >> 20:,} MiB in {len(members):,} parts, too large; save the sheet as CSV")
    for member in members:
        if member.file_size > _LARGE and member.file_size > _MOST_RATIO * max(member.compress_size, 1):
            raise BadFile(f"the workbook's part {member.filename[:80]!r} unpacks to a suspicious size; save the sheet as CSV")


def _unpacked(file: BinaryIO, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What a part holds to its real end: the directory of an archive may lie about its size."""
    file.seek(member.header_offset)
    _, name, extra = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(name + extra, 1)
    packed, size = member.compress_size, 0
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    while packed > 0 and not stream.eof:
        taken = file.read(min(_CHUNK // 16, packed))
        if not taken:
            raise EOFError("it ends too early")
        packed -= len(taken)
        while taken:
            chunk = taken if member.compress_type == _STORED else stream.decompress(taken, _CHUNK)
            taken = b"" if member.compress_type == _STORED else stream.unconsumed_tail
            size += len(chunk)
            if size > member.file_size:
                raise BadFile("the workbook's parts are larger than declared; save the sheet as CSV")
            yield chunk


def _extent(chunks: Iterator[bytes]) -> _Extent:
    """How far the cells of a part reach, without laying them out."""
    found, rest = _Extent(), b""
    for chunk in chunks:
        text = rest + chunk
        cut = text.rfind(b"<", 0, len(text) - _OVERLAP) if len(text) > _OVERLAP else 0
        found, rest = _widened(found, text[: max(cut, 0)]), text[max(cut, 0) :]
    return _widened(found, rest)


def _widened(found: _Extent, text: bytes) -> _Extent:
    places = _PLACE.findall(text)
    widest = max((letters for letters, _ in places), key=lambda letters: (len(letters), letters), default=b"")
    lowest = max((int(row) for _, row in places), default=0)
    return _Extent(
        max(found.rows, lowest, max((int(row) for row in _ROW.findall(text)), default=0)),
        max(found.columns, _column(widest.upper())),
        found.unplaced or len(places) < len(_CELL.findall(text)),
        found.empty_formula or _EMPTY_FORMULA.search(text) is not None,
    )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _refuse_extent(found: _Extent) -> None:
    if found.columns > MOST_COLUMNS:
        raise BadFile(f"a sheet of the workbook has {found.columns:,} columns; the limit is {MOST_COLUMNS}")
    if found.rows * found.columns > _MOST_CELLS:
        raise BadFile(f"a sheet of the workbook has {found.rows:,} rows of {found.columns} columns, which is too many; save it as CSV")
    if found.unplaced:
        raise BadFile("the workbook has no cell positions; open it in a spreadsheet program and save it again, or save it as CSV")
    if found.empty_formula:
        raise BadFile("the workbook has formulas without results; open it in a spreadsheet program and save it again, or save it as CSV")
