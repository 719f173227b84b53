"""An XLS workbook, the binary format before 2007, after a check of how far its cells reach."""

import struct
from collections.abc import Iterable
from typing import BinaryIO

import olefile

from musterroll.readers import number_formats, xls_formats
from musterroll.readers.number_formats import CellFormats
from musterroll.readers.table import BadFile, Grid
from musterroll.readers.workbooks import read_workbook

_MOST_BYTES = 100 << 20
_MOST_CELLS = 10_000_000  # of the rectangles that hold every cell of a sheet
_PLACE = struct.Struct("<HH")
_SHEET_STARTS = (0x0009, 0x0209, 0x0409, 0x0809)
_ENCRYPTED = 0x002F
_CELLS = frozenset((0x0003, 0x0004, 0x0005, 0x0006, 0x00BD, 0x00BE, 0x00D6, 0x00FD, 0x0201, 0x0203, 0x0204, 0x0205, 0x0206, 0x027E))
_DIMENSIONS, _MOST_ROWS, _MOST_COLUMNS = 0x0200, 65_536, 256  # of a sheet, as declared: memory is reserved for them
_SEVERAL = 0x00BD  # numbers side by side, the last column at the end


def read_xls(file: BinaryIO, wanted: str) -> list[Grid]:
    """The sheets that may hold a table, or the one wanted. Raises BadFile for what is unsafe or no workbook."""
    content = _stream(file)
    for begin in (0, *xls_formats.beginnings(content)):  # a damaged length leads astray: each sheet is read from where it is said to be
        _check(xls_formats.records(content, begin))
    sheets, patterns = xls_formats.sheets(content), xls_formats.patterns(content)

    def formats(sheet: str) -> CellFormats:
        return number_formats.spans(xls_formats.cells(content, sheets[sheet], patterns)) if patterns and sheet in sheets else CellFormats()

    return read_workbook(file, formats, wanted)


def _stream(file: BinaryIO) -> bytes:
    size = file.seek(0, 2)
    if size > _MOST_BYTES:
        raise BadFile(f"the workbook has {size >> 20:,} MiB, too many; save the sheet as CSV")
    file.seek(0)
    try:
        book = olefile.OleFileIO(file.read())
        names = ["/".join(path) for path in book.listdir()]
        name = next((name for name in names if name.lower() in ("workbook", "book")), None)
        content: bytes = book.openstream(name).read() if name else b""
    except Exception as error:  # whatever a damaged file leads to
        raise BadFile(f"the workbook is damaged: {str(error)[:80]}; open it and save it again as XLSX") from None
    if "EncryptedPackage" in names:
        raise BadFile("the workbook is password-protected; remove the password and save it again")
    if not name:
        raise BadFile("the file is an old Office document without sheets; save its table as CSV")
    return content


def _check_dimensions(body: bytes) -> None:
    """Raises BadFile for a record of a sheet's first and last row and column that no sheet has: memory would be reserved for it."""
    width = 4 if len(body) >= 14 else 2
    numbers = [
        int.from_bytes(body[start : start + size], "little")
        for start, size in ((0, width), (width, width), (2 * width, 2), (2 * width + 2, 2))
    ]
    first_row, last_row, first_column, last_column = numbers
    if not (first_row <= last_row <= _MOST_ROWS and first_column <= last_column <= _MOST_COLUMNS):
        raise BadFile("the workbook is damaged: it declares rows or columns that no sheet has; open it and save it again as XLSX")


def _check(records: Iterable[tuple[int, bytes]]) -> None:
    rows = columns = cells = 0
    for record, body in records:
        if record == _ENCRYPTED:
            raise BadFile("the workbook is password-protected; remove the password and save it again")
        if record in _SHEET_STARTS:
            cells, rows, columns = cells + rows * columns, 0, 0
        elif record in _CELLS and len(body) >= _PLACE.size:
            row, column = _PLACE.unpack_from(body)
            last = int.from_bytes(body[-2:], "little") if record == _SEVERAL else column
            rows, columns = max(rows, row + 1), max(columns, column + 1, last + 1)
        elif record == _DIMENSIONS:
            _check_dimensions(body)
        if cells + rows * columns > _MOST_CELLS:
            raise BadFile(f"the sheets of the workbook spread over more than {_MOST_CELLS:,} cells; save the one to import as CSV")
