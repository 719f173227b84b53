"""Opens a file as a table, whatever its format: told from its content, not from its name."""

import re
import zipfile
from typing import BinaryIO

from musterroll.readers.archives import unpack_gzip, unpack_zip
from musterroll.readers.csv_files import read_text
from musterroll.readers.heading_row import heading_row, sample_of, table_of
from musterroll.readers.html_files import read_html
from musterroll.readers.json_files import read_json
from musterroll.readers.layout import Layout
from musterroll.readers.ods_files import read_ods
from musterroll.readers.spreadsheet_xml import NAMESPACE, read_spreadsheet_xml
from musterroll.readers.table import BadFile, Grid, Known, NeedsChoice, Table
from musterroll.readers.text_encoding import encoding_of, head_of
from musterroll.readers.xls_files import read_xls
from musterroll.readers.xlsx_files import read_xlsx

_ZIP, _GZIP, _COMPOUND = b"PK", b"\x1f\x8b", b"\xd0\xcf\x11\xe0"
_JSON = re.compile(r'\{\s*["}]|\[\s*(?:[\[{"\]]|$)')
_HTML = re.compile(r"<(?:!doctype html|html|head|meta|body|table|style|div)\b|<!--", re.IGNORECASE)
_NOT_READ = {  # parts of ZIP files that are other documents
    "xl/workbook.bin": "a binary workbook (XLSB); save it as XLSX",
    "Index/Document.iwa": "a Numbers document; export it as XLSX or CSV",
    "word/document.xml": "a Word document; save its table as CSV",
    "ppt/presentation.xml": "a presentation; save its table as CSV",
}
_MOST_NAMED = 12


def read_table(file: BinaryIO, known: Known, layout: Layout = Layout()) -> Table:  # noqa: B008  immutable
    """The table in a seekable file. Raises BadFile, and NeedsChoice where a person must say which table, or how it is read."""
    if not file.seekable():
        raise BadFile("the file is read twice and cannot be a pipe; save it first")
    return table_of(_chosen(_grids(file, known, layout), known, layout), known, layout)


def _grids(file: BinaryIO, known: Known, layout: Layout, unpacked: bool = False) -> list[Grid]:
    """The tables that the file may hold, of which one is chosen."""
    file.seek(0)
    head = file.read(4)
    if head.startswith(_COMPOUND):
        return read_xls(file, layout.sheet)
    if head[:2] == _ZIP and head[2:] in (b"\x03\x04", b"\x05\x06"):
        return _zipped(file, known, layout, unpacked)
    if not head.startswith(_GZIP):
        return _textual(file, known, layout)
    if unpacked:
        raise BadFile("the archive holds another archive; unpack it and use the table itself")
    return _grids(unpack_gzip(file), known, layout, unpacked=True)


def _zipped(file: BinaryIO, known: Known, layout: Layout, unpacked: bool) -> list[Grid]:
    names = _names(file)
    other = next((kind for name, kind in _NOT_READ.items() if name in names), None)
    if other:
        raise BadFile(f"the file is {other}")
    if "xl/workbook.xml" in names or "[Content_Types].xml" in names:
        return read_xlsx(file, layout.sheet)
    if "content.xml" in names and "mimetype" in names:
        return read_ods(file, layout.sheet)
    if unpacked:
        raise BadFile("the archive holds another archive; unpack it and use the table itself")
    member, name, rest = unpack_zip(file, layout.sheet)
    grids = _grids(member, known, layout._replace(sheet=rest), unpacked=True)
    return [grid._replace(remarks=(f"the file {name[:80]!r} of the archive was read", *grid.remarks)) for grid in grids]


def _names(file: BinaryIO) -> frozenset[str]:
    try:
        with zipfile.ZipFile(file) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, EOFError) as error:
        raise BadFile(f"the workbook or ZIP archive is damaged: {str(error)[:80]}; save it again") from None


def _textual(file: BinaryIO, known: Known, layout: Layout) -> list[Grid]:
    start = head_of(file).lstrip("\ufeff \t\r\n")
    if start.startswith("<") and NAMESPACE in head_of(file):
        return read_spreadsheet_xml(file, layout.sheet)
    if _HTML.match(start) or (start.startswith("<?xml") and "<html" in start.lower()):
        return _wanted(read_html(file, encoding_of(file, layout.encoding)[0]), layout.sheet)
    if start.startswith(("<?xml", "<")) and re.match(r"<\?xml|<\w+[\s>]", start):
        raise BadFile("the file is XML; export the list as CSV, XLSX or JSON")
    if _JSON.match(start):
        return _wanted(read_json(file, encoding_of(file, layout.encoding)[0]), layout.sheet)
    if layout.sheet:
        raise BadFile("the file is not a workbook and has no sheets; omit the sheet")
    return [read_text(file, known, layout)]


def _wanted(grids: list[Grid], name: str) -> list[Grid]:
    wanted = [grid for grid in grids if grid.name == name]
    if name and not wanted:
        raise BadFile(f"the file has no table {name[:60]!r}; it has {_listed(grids)}")
    return wanted or grids


def _chosen(grids: list[Grid], known: Known, layout: Layout) -> Grid:
    """The only table, or the only one with recognised headings. Raises NeedsChoice, with the names."""
    if len(grids) == 1:
        return grids[0]
    recognised = [grid for grid in grids if _recognised(grid, known, layout) > 1]
    if len(recognised) != 1:
        choosable = recognised or grids
        raise NeedsChoice(
            f"the file has {len(choosable)} tables: {_listed(choosable)}; choose one (--sheet {choosable[0].name[:60]!r})",
            "sheet",
            [grid.name for grid in choosable],
        )
    others = [grid for grid in grids if grid.name != recognised[0].name]
    remark = f"{recognised[0].name[:60]!r} was read; without known headings, so not read: {_listed(others)}"
    return recognised[0]._replace(remarks=(remark, *recognised[0].remarks))


def _recognised(grid: Grid, known: Known, layout: Layout) -> int:
    rows = sample_of(grid, layout)
    return heading_row(rows, known).known if rows else 0


def _listed(grids: list[Grid]) -> str:
    return ", ".join(repr(grid.name[:60]) for grid in grids[:_MOST_NAMED]) + (", ..." if len(grids) > _MOST_NAMED else "")
