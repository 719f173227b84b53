"""Opens a CSV or XLSX file as a table."""

from collections.abc import Callable
from typing import BinaryIO

from musterroll.readers.csv_files import read_text
from musterroll.readers.table import BadFile, Table
from musterroll.readers.xlsx_files import read_workbook

_ZIP = b"PK\x03\x04"


def read_table(file: BinaryIO, known: Callable[[list[str]], int], sheet: str | None = None) -> Table:
    """The table in a seekable CSV, or in a sheet (default: the first that is not empty) of an XLSX. Raises BadFile."""
    if not file.seekable():
        raise BadFile("the file is read twice and cannot be a pipe; save it first")
    file.seek(0)
    if file.read(4) == _ZIP:
        return read_workbook(file, sheet)
    if sheet:
        raise BadFile("the file is not a workbook and has no sheets; omit the sheet")
    return read_text(file, known)
