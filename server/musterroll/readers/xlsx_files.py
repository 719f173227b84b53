"""A sheet of an XLSX workbook as rows of text, after checks that the workbook is safe to read."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, BinaryIO

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from musterroll.readers.table import BadFile, Line, Numeric, Table
from musterroll.readers.xlsx_checks import check_workbook


def read_workbook(file: BinaryIO, name: str | None) -> Table:
    """The named sheet, or the first that is not empty. Raises BadFile for what is no workbook, too large, or misleading."""
    check_workbook(file)
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
        if type(error).__name__ == "PanicException":  # a failure inside calamine
            raise _unreadable(error) from None
        raise


def _unreadable(error: BaseException) -> BadFile:
    return BadFile(f"the workbook cannot be read: {str(error)[:120]}; open it and save it again as XLSX")


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[str]]]:
    """The rows, numbered as a spreadsheet shows them, from the first column that is not empty."""
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield number, list(map(_text, row))


def _sheet(book: CalamineWorkbook, name: str | None) -> CalamineSheet:
    if name is not None:
        if name not in book.sheet_names:
            raise BadFile(f"the workbook has no sheet {name!r}; it has {', '.join(map(repr, book.sheet_names[:12]))}")
        return book.get_sheet_by_name(name)
    sheets = map(book.get_sheet_by_name, book.sheet_names)
    return next((sheet for sheet in sheets if sheet.start is not None), None) or book.get_sheet_by_index(0)


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
    """Merged cells by the rows below the headings that they touch."""
    cells = {}
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        for row in range(max(top + 1, header + 1), bottom + 2):
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
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int | float):
        return Numeric(int(cell) if cell == int(cell) else repr(cell)) if abs(cell) < 1e15 else Numeric(repr(cell))
    if isinstance(cell, datetime | date):
        return cell.isoformat()
    return str(cell)
