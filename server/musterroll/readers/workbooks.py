"""The sheets of a workbook (XLSX, XLS, ODS) as rows of text, after checks that it is safe to read."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from musterroll.readers.number_formats import CellFormats
from musterroll.readers.table import BadFile, Grid, Line, Numeric, visible

_EXACT = 10**15  # numbers of more digits are rounded by spreadsheets
Formats = Callable[[str], CellFormats]  # of the numbers of a sheet; raises BadFile where the sheet would be misread


def read_workbook(file: BinaryIO, formats: Formats, wanted: str) -> list[Grid]:
    """The sheets that may hold a table: those that can be seen, or the one wanted. Raises BadFile for what is no workbook."""
    file.seek(0)
    sheets = _guarded(lambda: _Sheets(CalamineWorkbook.from_filelike(file)))
    names = sheets.names
    if wanted and wanted not in names:
        raise BadFile(f"the workbook has no sheet {wanted!r}; it has {', '.join(map(repr, names[:12]))}")
    candidates = [wanted] if wanted else sheets.visible or names
    grids = [grid for name in candidates if (grid := _grid(sheets, name, formats))]
    if not grids:
        what = f"the sheet {wanted or names[0]!r} is" if wanted or len(names) == 1 else f"all {len(names)} sheets of the workbook are"
        raise BadFile(f"{what} empty; the first row must contain the headings")
    return grids


class _Sheets:
    """Keeps the sheet that was read last: only one is in memory."""

    def __init__(self, book: CalamineWorkbook) -> None:
        self._book = book
        tables = [sheet for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        self.names = [sheet.name for sheet in tables]
        self.visible = [sheet.name for sheet in tables if sheet.visible == SheetVisibleEnum.Visible]
        self._last: CalamineSheet | None = None

    def get(self, name: str) -> CalamineSheet:
        if self._last is None or self._last.name != name:
            self._last = None
            self._last = _guarded(lambda: self._book.get_sheet_by_name(name))
        return self._last


def _guarded(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except (CalamineError, OSError, ValueError) as error:
        raise _unreadable(error) from None
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # a failure inside calamine
            raise _unreadable(error) from None
        raise


def _unreadable(error: BaseException) -> BadFile:
    return BadFile(f"the workbook cannot be read: {str(error)[:120]}; open it and save it again as XLSX")


def _grid(sheets: _Sheets, name: str, formats: Formats) -> Grid | None:
    sheet = sheets.get(name)
    if sheet.start is None:
        return None
    return Grid(lambda: _rows(sheets.get(name), formats(name)), sheet.total_height, name)


def _rows(sheet: CalamineSheet, formats: CellFormats) -> Iterator[Line]:
    """The rows that are not empty, numbered as a spreadsheet shows them."""
    merged = _merged(sheet)
    filled = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        cells = [_text(cell) for cell in row]
        if not any(map(str.strip, cells)):
            continue
        for place, shown in formats.of_row(number, cells):
            cells[place] = shown
        problem = (
            f"the row is in the merged cells {merged[number]}; unmerge them and enter the value in every row" if number in merged else None
        )
        yield Line(number, cells, problem, number - filled > 1)
        filled = number


def _merged(sheet: CalamineSheet) -> dict[int, str]:
    """Merged cells of several rows, and of several columns that are not alone in a row, by the rows they touch."""
    cells = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(top + 1, bottom + 2):
            cells[row] = f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
    return cells


def _letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return visible(cell)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)


def _number(cell: float) -> Numeric:
    if abs(cell) < _EXACT:
        return Numeric(int(cell) if cell == int(cell) else repr(cell))
    return Numeric(repr(cell), exact=False)
