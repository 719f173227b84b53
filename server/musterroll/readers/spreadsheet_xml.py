"""A workbook as one XML file (SpreadsheetML of Excel 2003), as many systems save under the name of an XLS."""

import re
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree  # entities are refused before

from musterroll.readers.table import MOST_COLUMNS, BadFile, Grid, Line, Numeric, visible

NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
_TAG = f"{{{NAMESPACE}}}"
_MOST_BYTES = 64 << 20
_MOST_CELLS = 2_000_000
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)


def read_spreadsheet_xml(file: BinaryIO, wanted: str) -> list[Grid]:
    """The sheets that have rows, or the one wanted. Raises BadFile."""
    size = file.seek(0, 2)
    if size > _MOST_BYTES:
        raise BadFile(f"the XML workbook has {size >> 20:,} MiB, too many; save the sheet as CSV")
    file.seek(0)
    content = file.read()
    if _ENTITY.search(content.replace(b"\0", b"")):
        raise BadFile("the XML workbook defines entities; open it in a spreadsheet program and save it as XLSX")
    try:
        book = ElementTree.fromstring(content)  # noqa: S314  without entities, and bounded
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise BadFile(f"the XML workbook is damaged: {str(error)[:80]}; open it and save it again as XLSX") from None
    grids = [_grid(sheet.get(f"{_TAG}Name", ""), list(_rows(sheet))) for sheet in book.iter(f"{_TAG}Worksheet")]
    named = [grid for grid in grids if grid.name == wanted] if wanted else [grid for grid in grids if grid.height]
    if not named:
        names = ", ".join(repr(grid.name) for grid in grids[:12])
        raise BadFile(f"the workbook has no sheet {wanted!r}; it has {names}" if wanted else "all sheets of the workbook are empty")
    return named


def _grid(name: str, rows: list[Line]) -> Grid:
    return Grid(lambda: iter(rows), len(rows), name)


def _rows(sheet: ElementTree.Element) -> Iterator[Line]:
    number = filled = cells = 0
    for row in sheet.iter(f"{_TAG}Row"):
        number = _index(row, number + 1)
        texts = _cells(row)
        cells += len(texts)
        if cells > _MOST_CELLS:
            raise BadFile(f"the XML workbook has more than {_MOST_CELLS:,} cells; save the sheet as CSV")
        if any(map(str.strip, texts)):
            yield Line(number, texts, None, number - filled > 1)
            filled = number


def _cells(row: ElementTree.Element) -> list[str]:
    texts: list[str] = []
    for cell in row.iter(f"{_TAG}Cell"):
        place = _index(cell, len(texts) + 1)
        if place > MOST_COLUMNS:
            raise BadFile(f"a sheet of the workbook has {place:,} columns; the limit is {MOST_COLUMNS}")
        texts += [""] * (place - len(texts) - 1)
        data = cell.find(f"{_TAG}Data")
        texts.append("" if data is None else _text(data))
        texts += [""] * min(_number(cell.get(f"{_TAG}MergeAcross")), MOST_COLUMNS)
    return texts


def _text(data: ElementTree.Element) -> str:
    text, kind = "".join(data.itertext()), data.get(f"{_TAG}Type")
    if kind == "Number":
        return Numeric(text[:-2] if text.endswith(".0") else text, exact=sum(map(str.isdigit, text)) <= 15)
    if kind == "Boolean":
        return "yes" if text.strip() == "1" else "no"
    return visible(text)


def _index(element: ElementTree.Element, following: int) -> int:
    """Where a row or a cell stands, counted from 1: written, or behind the one before."""
    return max(_number(element.get(f"{_TAG}Index")), following)


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0
