"""Tables of an HTML page, as many systems save under the name of a workbook."""

from html.parser import HTMLParser
from typing import BinaryIO

from musterroll.readers.table import MOST_COLUMNS, BadFile, Grid, Line, visible

_MOST_BYTES = 64 << 20
_MOST_CELLS = 2_000_000
_MOST_ROWS_SPANNED = 10_000
_BREAKS = frozenset(("br", "p", "div", "li"))
_SILENT = frozenset(("script", "style"))


def read_html(file: BinaryIO, encoding: str) -> list[Grid]:
    """The tables that have rows. Raises BadFile where there is none, or too much."""
    size = file.seek(0, 2)
    if size > _MOST_BYTES:
        raise BadFile(f"the HTML file has {size >> 20:,} MiB, too many; export the table as CSV")
    file.seek(0)
    parser = _Tables()
    parser.feed(file.read().decode(encoding, "replace"))
    parser.close()
    tables = [rows for rows in parser.tables if any(cell.strip() for row in rows for cell in row)]
    if not tables:
        raise BadFile("the HTML page has no table; export the list as CSV")
    return [_grid(f"table {number}", rows) for number, rows in enumerate(tables, 1)]


def _grid(name: str, rows: list[list[str]]) -> Grid:
    lines = [Line(number, row, None) for number, row in enumerate(rows, 1) if any(map(str.strip, row))]
    return Grid(lambda: iter(lines), len(rows), name)


class _Tables(HTMLParser):
    """Collects the rows of every table; a table in a cell is a table of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._open: list[_OpenTable] = []
        self._silent = False
        self._cells = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        table = self._open[-1] if self._open else None
        if tag == "table":
            self._open.append(_OpenTable())
            self.tables.append(self._open[-1].rows)
        elif table and tag == "tr":
            table.start_row()
        elif table and tag in ("td", "th"):
            self._count(table.start_cell(dict(attrs)))
        elif table and tag in _BREAKS:
            table.text("\n")
        self._silent = tag in _SILENT

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        if tag == "table" and self._open:
            self._open.pop().end_row()
        elif tag == "tr" and self._open:
            self._open[-1].end_row()
        elif tag in ("td", "th") and self._open:
            self._open[-1].end_cell()

    def handle_data(self, data: str) -> None:
        if self._open and not self._silent:
            self._open[-1].text(visible(data))

    def _count(self, cells: int) -> None:
        self._cells += cells
        if self._cells > _MOST_CELLS:
            raise BadFile(f"the HTML page has more than {_MOST_CELLS:,} cells; export the table as CSV")


class _OpenTable:
    def __init__(self) -> None:
        self.rows: list[list[str]] = []
        self._row: list[str] | None = None
        self._text: list[str] | None = None
        self._span = (1, 1)
        self._from_above: dict[int, tuple[int, str]] = {}  # by column: rows left of a cell that spans rows, and its text

    def start_row(self) -> None:
        self.end_row()
        self._row = []

    def start_cell(self, attributes: dict[str, str | None]) -> int:
        self.end_cell()
        if self._row is None:
            self._row = []
        self._text = []
        self._span = _number(attributes.get("colspan"), MOST_COLUMNS), _number(attributes.get("rowspan"), _MOST_ROWS_SPANNED)
        return self._span[0]

    def text(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def end_cell(self) -> None:
        if self._text is None or self._row is None:
            return
        self._fill_from_above()
        text, (columns, rows) = _squeezed("".join(self._text)), self._span
        for place in range(len(self._row), len(self._row) + columns):
            if rows > 1:
                self._from_above[place] = (rows - 1, text)
        self._row += [text] + [""] * (columns - 1)
        self._text = None

    def end_row(self) -> None:
        self.end_cell()
        if self._row is not None:
            self._fill_from_above()
            self.rows.append(self._row)
        self._row = None

    def _fill_from_above(self) -> None:
        while self._row is not None and (above := self._from_above.pop(len(self._row), None)):
            left, text = above
            if left > 1:
                self._from_above[len(self._row)] = (left - 1, text)
            self._row.append(text)


def _squeezed(text: str) -> str:
    return "\n".join(line for line in (" ".join(part.split()) for part in text.split("\n")) if line)


def _number(text: str | None, most: int) -> int:
    return min(max(int(text), 1), most) if text and text.strip().isdecimal() and len(text) < 9 else 1
