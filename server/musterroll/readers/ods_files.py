"""An OpenDocument spreadsheet, after a check that its repeated rows and cells do not fill the memory."""

import re
from typing import BinaryIO

from musterroll.readers import number_formats, ods_formats
from musterroll.readers.number_formats import CellFormats
from musterroll.readers.table import BadFile, Grid
from musterroll.readers.workbooks import read_workbook
from musterroll.readers.xlsx_checks import parts, unpacked

_MOST_CELLS = 10_000_000
_MOST_TAG = 1 << 12
_TAG = re.compile(rb"<(/?)table:(table-row|covered-table-cell|table-cell|table)\b([^>]*?)(/?)>")
_REPEATED = re.compile(rb"""table:number-(?:rows|columns)-repeated\s*=\s*["']([0-9]{1,9})["']""")


def read_ods(file: BinaryIO, wanted: str) -> list[Grid]:
    """The sheets that may hold a table, or the one wanted. Raises BadFile for what is unsafe."""
    padded = _check_size(file)
    return read_workbook(file, lambda sheet: number_formats.spans(ods_formats.cells(file, sheet)) if padded else CellFormats(), wanted)


def _check_size(file: BinaryIO) -> bool:
    """Whether some format pads numbers with zeros. Raises BadFile."""
    padded = False
    with parts(file) as members:
        member = next((member for member in members if member.filename == "content.xml"), None)
        if member is None:
            raise BadFile("the OpenDocument file holds no sheets; save the table as CSV")
        extent, rest = _Extent(), b""
        for chunk in unpacked(file, member):
            text = rest + chunk
            padded = padded or ods_formats.PADDED.search(text) is not None
            cut = max(text.rfind(b"<"), 0)
            extent.add(text[:cut])
            rest = text[cut:] if len(text) - cut < _MOST_TAG else b""
        extent.add(rest)
    return padded


class _Extent:
    """Counts cells up to the last one of each sheet that holds anything."""

    def __init__(self) -> None:
        self._rows = self._columns = self._widest = self._cells = 0
        self._repeated, self._filled = 1, False

    def add(self, text: bytes) -> None:
        for closing, tag, attributes, empty in _TAG.findall(text):
            repeated = int(match[1]) if (match := _REPEATED.search(attributes)) else 1
            if tag == b"table":
                self._rows = self._widest = 0
            elif tag == b"table-row":
                self._end_row() if closing or empty else self._start_row(repeated)
                if empty:
                    self._rows += repeated
            elif not closing:
                self._columns += repeated
                if not empty or b"value" in attributes:
                    self._filled, self._width = True, self._columns

    def _start_row(self, repeated: int) -> None:
        self._repeated, self._columns, self._width, self._filled = repeated, 0, 0, False

    def _end_row(self) -> None:
        self._rows += self._repeated
        if self._filled:
            self._widest = max(self._widest, self._width)
            if self._rows * self._widest > _MOST_CELLS:
                raise BadFile(
                    f"a sheet of the workbook has {self._rows:,} rows of {self._widest:,} columns, which is too many; save it as CSV"
                )
