"""The sheet of an XLSX workbook as rows of text. What could make reading it dangerous or misleading is looked at first."""

import re
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO, NamedTuple

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from musterroll.importers.text_tables import MOST_COLUMNS, BadFile, Line, Table

_MOST_MEMBERS = 2_000
_MOST_BYTES = 400 << 20  # of everything in it, unpacked
_MOST_RATIO = 200  # unpacked to packed, of what is large
_LARGE = 16 << 20
_MOST_CELLS = 20_000_000  # of the rectangle that holds every cell
_CHUNK = 1 << 20
_OVERLAP = 1 << 12
_CELL = re.compile(rb'<c [^>]*?\br="([A-Z]{1,7})([0-9]{1,9})"')
_ROW = re.compile(rb'<row [^>]*?\br="([0-9]{1,9})"')
_EMPTY_FORMULA = re.compile(rb"<f(?:\s[^>]*)?(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v></v>|</c>)")


class Numeric(str):
    """The text of a cell that holds a number, not text: it has lost whatever zeros stood before it."""

    __slots__ = ()


class _Extent(NamedTuple):
    rows: int
    columns: int
    empty_formula: bool


def read_workbook(file: BinaryIO, sheet: str | None) -> Table:
    """The named sheet, or the first that is not empty. Raises BadFile for what is no workbook, too large, or misleading."""
    _look_inside(file)
    file.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(file)
        found = _sheet(book, sheet)
        rows = found.to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as error:
        raise BadFile(f"the workbook cannot be read: {str(error)[:120]}; open it and save it again as XLSX") from None
    first = next((number for number, row in enumerate(rows) if any(str(cell).strip() for cell in row)), None)
    if first is None:
        raise BadFile(f"the sheet {found.name!r} is empty; its first line must be the headings")
    header = [_text(cell) for cell in rows[first]]
    while header and not header[-1].strip():
        header.pop()
    merged = _merged(found, first)
    return Table(header, lambda: _lines(rows, first + 1, len(header), merged))


def _sheet(book: CalamineWorkbook, wanted: str | None) -> CalamineSheet:
    if wanted is not None:
        if wanted not in book.sheet_names:
            raise BadFile(f"the workbook has no sheet {wanted!r}; it has {', '.join(map(repr, book.sheet_names[:12]))}")
        return book.get_sheet_by_name(wanted)
    sheets = (book.get_sheet_by_name(name) for name in book.sheet_names)
    return next((one for one in sheets if one.start is not None), None) or book.get_sheet_by_index(0)


def _lines(rows: list[list[Any]], start: int, width: int, merged: dict[int, str]) -> Iterator[Line]:
    for number, row in enumerate(rows[start:], start + 1):
        cells = [_text(cell) for cell in row]
        if not any(cell.strip() for cell in cells):
            continue
        problem = None
        if number in merged:
            problem = f"it lies in the merged cells {merged[number]}; unmerge them and write the value on every row"
        elif any(cells[width:]):
            problem = "it has a cell to the right of the last heading"
        yield Line(number, cells[:width], problem)


def _merged(sheet: CalamineSheet, header: int) -> dict[int, str]:
    """Merged cells by the lines below the headings that they touch."""
    found = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(max(top, header + 1), bottom + 1):
            found[row + 1] = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
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
            members = archive.infolist()
            _refuse_bomb(members)
            if "xl/workbook.xml" not in archive.namelist():
                raise BadFile("the file is a ZIP archive but no XLSX workbook; unpack it and give the table itself")
            for member in members:
                if member.filename.startswith("xl/worksheets/") and member.filename.endswith(".xml"):
                    _refuse_extent(_extent(archive, member))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
        raise BadFile(f"the workbook is damaged or locked with a password: {str(error)[:80]}; open it and save it again as XLSX") from None


def _refuse_bomb(members: list[zipfile.ZipInfo]) -> None:
    unpacked = sum(member.file_size for member in members)
    if len(members) > _MOST_MEMBERS or unpacked > _MOST_BYTES:
        raise BadFile(f"the workbook unpacks to {unpacked >> 20:,} MiB in {len(members):,} parts, too much; save the sheet as CSV")
    for member in members:
        if member.file_size > _LARGE and member.file_size > _MOST_RATIO * max(member.compress_size, 1):
            raise BadFile(f"the workbook's part {member.filename[:80]!r} is packed beyond belief; save the sheet as CSV")


def _extent(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> _Extent:
    """How far a sheet reaches, without laying it out. Also counts what is unpacked: the directory of an archive may lie."""
    rows = columns = size = 0
    formula, rest = False, b""
    with archive.open(member) as part:
        while chunk := part.read(_CHUNK):
            size += len(chunk)
            if size > member.file_size:
                raise BadFile("the workbook's parts are larger than it says; save the sheet as CSV")
            text = rest + chunk
            rows = max(rows, max((int(found) for found in _ROW.findall(text)), default=0))
            widest = max((found for found, _ in _CELL.findall(text)), key=lambda name: (len(name), name), default=b"")
            columns = max(columns, _column(widest))
            formula = formula or _EMPTY_FORMULA.search(text) is not None
            rest = text[-_OVERLAP:]
    return _Extent(rows, columns, formula)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _refuse_extent(found: _Extent) -> None:
    if found.columns > MOST_COLUMNS:
        raise BadFile(f"a sheet of the workbook has {found.columns:,} columns; at most {MOST_COLUMNS} are read")
    if found.rows * found.columns > _MOST_CELLS:
        raise BadFile(f"a sheet of the workbook has {found.rows:,} rows of {found.columns} columns, too many; save it as CSV")
    if found.empty_formula:
        raise BadFile("the workbook has formulas without their results; open it in a spreadsheet program and save it, or save it as CSV")
