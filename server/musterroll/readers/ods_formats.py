"""How an OpenDocument spreadsheet shows its numbers: each cell has the text that is shown beside its value."""

import re
import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO
from xml.etree import ElementTree

from musterroll.readers.table import BadFile

PADDED = re.compile(rb"""number:min-integer-digits\s*=\s*["'](?:[2-9]|[1-9][0-9])["']|number:decimal-places\s*=\s*["'][1-9]""")
_DECIMALS = re.compile(r"[0-9]+[.,]([0-9]+)")
_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE = f"{{{_OASIS}table:1.0}}", f"{{{_OASIS}office:1.0}}"
_CELLS = (f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell")
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)")


def cells(file: BinaryIO, sheet: str) -> Iterator[tuple[int, int, str]]:
    """The numbers of a sheet that are shown with more zeros, or fewer decimals: (row from 1, column from 0, format). Raises BadFile."""
    try:
        with zipfile.ZipFile(file) as archive, archive.open("content.xml") as content:
            if _ENTITY.search(content.read(1 << 12)):
                raise BadFile("the OpenDocument file defines entities; open it in a spreadsheet program and save it again")
            content.seek(0)
            yield from _padded(content, sheet)
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, EOFError, OSError) as error:
        raise BadFile(f"the workbook is damaged: {str(error)[:80]}; open it and save it again as XLSX") from None


def _padded(content: IO[bytes], sheet: str) -> Iterator[tuple[int, int, str]]:
    row, wanted = 1, False
    for event, element in ElementTree.iterparse(content, ("start", "end")):  # noqa: S314  without entities, and bounded before
        if event == "start" and element.tag == f"{_TABLE}table":
            row, wanted = 1, element.get(f"{_TABLE}name") == sheet
        elif event == "end" and element.tag == f"{_TABLE}table-row":
            if wanted:
                yield from ((row, column, pattern) for column, pattern in _of_row(element))
            row += _repeated(element, "rows")
            element.clear()


def _of_row(row: ElementTree.Element) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row:
        if cell.tag in _CELLS:
            shown = "".join(cell.itertext()).strip()
            value = cell.get(f"{_OFFICE}value") if cell.get(f"{_OFFICE}value-type") == "float" else shown
            if shown.isdigit() and shown != value:
                yield column, "0" * len(shown)
            elif (decimals := _DECIMALS.fullmatch(shown)) and shown.replace(",", ".") != value:
                yield column, "0." + "0" * len(decimals[1])
            column += _repeated(cell, "columns")


def _repeated(element: ElementTree.Element, what: str) -> int:
    text = element.get(f"{_TABLE}number-{what}-repeated", "1")
    return int(text) if text.isdecimal() and len(text) < 9 else 1
