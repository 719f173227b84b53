"""An XLSX or XLSM workbook: its checks, and how its numbers are shown."""

import re
import zipfile
from collections.abc import Iterator
from posixpath import join, normpath
from typing import BinaryIO
from xml.etree import ElementTree  # entities are refused before

from musterroll.readers import number_formats
from musterroll.readers.number_formats import CellFormats
from musterroll.readers.table import BadFile, Grid
from musterroll.readers.workbooks import read_workbook
from musterroll.readers.xlsx_checks import check_workbook, parts, unpacked

_MOST_XML = 8 << 20  # of the parts that tell names and formats
_BUILT_IN = {"1": "0", "2": "0.00"}
_OVERLAP = 1 << 10
_ENTITY = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_NUMBER = re.compile(rb"""<(?:\w+:)?c\s(?=[^>]*?\br\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["'])(?=[^>]*?\bs\s*=\s*["']([0-9]+)["'])[^>]*>""")


def read_xlsx(file: BinaryIO, wanted: str) -> list[Grid]:
    """The sheets that may hold a table, or the one wanted. Raises BadFile for what is unsafe or would be misread."""
    checked = check_workbook(file)
    sheet_parts = _sheet_parts(file)
    patterns = _patterns(file)

    def formats(sheet: str) -> CellFormats:
        part = sheet_parts.get(sheet, "")
        if part in checked.without_results:
            raise BadFile(
                "the workbook has formulas without results; open it in a spreadsheet program and save it again, or save it as CSV"
            )
        return number_formats.spans(_formatted(file, part, patterns)) if patterns else CellFormats()

    grids = read_workbook(file, formats, wanted)
    return [_with_errors(grid, checked.errors.get(sheet_parts.get(grid.name, ""), 0)) for grid in grids]


def _with_errors(grid: Grid, errors: int) -> Grid:
    if not errors:
        return grid
    cells = "1 cell holds an error such as #N/A and is" if errors == 1 else f"{errors:,} cells hold errors such as #N/A and are"
    return grid._replace(remarks=(*grid.remarks, f"{cells} read as empty"))


def _sheet_parts(file: BinaryIO) -> dict[str, str]:
    """The part of each sheet, by its name."""
    book, links = _xml(file, "xl/workbook.xml"), _xml(file, "xl/_rels/workbook.xml.rels")
    if book is None or links is None:
        return {}
    targets = {link.get("Id"): link.get("Target", "") for link in links.iter() if link.get("Id")}
    named = {}
    for sheet in book.iter():
        link = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), None)
        if sheet.tag.endswith("}sheet") and link in targets:
            target = targets[link]
            named[sheet.get("name", "")] = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    return named


def _patterns(file: BinaryIO) -> dict[bytes, str]:
    """The formats that show numbers in another way than by their digits, by number of the cell's style."""
    styles = _xml(file, "xl/styles.xml")
    if styles is None:
        return {}
    codes = _BUILT_IN | {entry.get("numFmtId", ""): entry.get("formatCode", "") for entry in styles.iter() if entry.tag.endswith("}numFmt")}
    cell_styles = next((entry for entry in styles if entry.tag.endswith("}cellXfs")), ())
    patterns = {str(number).encode(): codes.get(style.get("numFmtId", ""), "") for number, style in enumerate(cell_styles)}
    return {style: pattern for style, pattern in patterns.items() if number_formats.changes(pattern)}


def _formatted(file: BinaryIO, part: str, patterns: dict[bytes, str]) -> Iterator[tuple[int, int, str]]:
    with parts(file) as members:
        member = _member(members, part)
        rest = b""
        for chunk in unpacked(file, member) if member else ():
            text = rest + chunk
            cut = max(text.rfind(b"<"), 0)
            for letters, row, style in _NUMBER.findall(text[:cut]):
                if style in patterns:
                    yield int(row), _column(letters), patterns[style]
            rest = text[cut:] if len(text) - cut < _OVERLAP else b""


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _xml(file: BinaryIO, part: str) -> ElementTree.Element | None:
    with parts(file) as members:
        member = _member(members, part)
        if member is None or member.file_size > _MOST_XML:
            return None
        content = b"".join(unpacked(file, member))
    try:
        return None if _ENTITY.search(content) else ElementTree.fromstring(content)  # noqa: S314  without entities, and small
    except (ElementTree.ParseError, ValueError, LookupError):
        return None


def _member(members: list[zipfile.ZipInfo], name: str) -> zipfile.ZipInfo | None:
    return next((member for member in members if member.filename == name), None)
