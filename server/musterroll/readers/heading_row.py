"""Finds the row of headings: below titles and legends, or nowhere. The rows below it are the table."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import NamedTuple

from musterroll.readers import heading_names
from musterroll.readers.cells import heading_key
from musterroll.readers.layout import KEEP_ALL, Layout
from musterroll.readers.left_out_rows import LeftOutRows
from musterroll.readers.table import DAMAGED, MOST_COLUMNS, BadFile, Grid, Known, Line, Remarks, Table

_SEARCHED = 60  # rows
_SAMPLE = 200  # rows below the headings
_WORD = re.compile(r"[^\W\d_]+")
_DIGIT = re.compile(r"\d")
_OF_OTHERS = re.compile(  # groups whose columns say nothing of the record itself
    r"warrant|garant|contract|vertrag|contrat|customer|kunde|client|account|contact|owner|user|vendor|supplier|parent|billing|invoice",
    re.IGNORECASE,
)
_FILL = 0.6  # of the cells of most rows are filled in a row of headings


class Headings(NamedTuple):
    """The rows above the headings, the row of headings (none: the file has no headings), and how many are recognised."""

    above: list[Line]
    heading: Line | None
    known: int
    two_rows: bool = False


def table_of(grid: Grid, known: Known, layout: Layout) -> Table:
    """Raises BadFile where there is nothing below which a table could be."""
    rows = sample_of(grid, layout)
    if not rows:
        raise BadFile("the file is empty: it needs a row of headings, and below it a row for each record")
    if grid.headed:
        headings, layout = Headings([], rows[0], 0), layout._replace(skip=layout.skip or KEEP_ALL)
    elif layout.heading_row is not None:
        headings = _chosen(grid, rows, layout.heading_row, known)
    else:
        headings = heading_row(rows, known)
    remarks = Remarks((*grid.remarks, *_remarks(headings)))
    first = headings.heading.number if headings.heading else 0
    sample = list(islice((line for line in grid.rows() if line.number > first and not line.problem), _SAMPLE))
    header = _header(headings.heading, sample or rows)
    if len(header) > MOST_COLUMNS:
        raise BadFile(f"the row of headings has {len(header):,} columns; the limit is {MOST_COLUMNS}: export fewer")
    keep_all = layout.skip.strip().lower() == KEEP_ALL

    def lines() -> Iterator[Line]:
        rows = _lines(grid, first, len(header), LeftOutRows(header, sample, layout, remarks, headings.above))
        return rows if keep_all else _above_another_table(rows)

    return Table(header, lines, remarks, grid.height)


def sample_of(grid: Grid, layout: Layout) -> list[Line]:
    """The first rows, among which the headings are searched."""
    return list(islice((line for line in grid.rows() if not layout.skips(line.number)), _SEARCHED))


def heading_row(rows: list[Line], known: Known) -> Headings:
    """The row with most recognised headings; where there are none, the first that is as wide as the table, unless it looks like data."""
    counts = [known(line.cells) for line in rows]
    best = counts.index(max(counts))
    if double := _two_rows(rows, counts, best, known):
        return double
    if counts[best] and (counts[best] > 1 or all(_filled(line) * 2 <= _filled(rows[best]) for line in rows[:best])):
        return Headings(rows[:best], rows[best], counts[best])
    typical = Counter(_filled(line) for line in rows).most_common(1)[0][0]
    first = next((place for place, line in enumerate(rows) if _filled(line) >= max(1, typical * _FILL)), 0)
    if _is_data(rows[first], rows[first + 1 :]):
        return Headings(rows[:first], None, 0)
    return Headings(rows[:first], rows[first], counts[first])


def _two_rows(rows: list[Line], counts: list[int], best: int, known: Known) -> Headings | None:
    """Headings in two rows, the upper one naming groups of columns: where together more are recognised than in either."""
    for top in (best - 1, best):
        if top >= 0 and top + 1 < len(rows) and rows[top + 1].number == rows[top].number + 1:
            names = _combined(rows[top].cells, rows[top + 1].cells, known)
            if known(names) > max(counts[top], counts[top + 1]):
                return Headings(rows[:top], Line(rows[top + 1].number, names, None), known(names), two_rows=True)
    return None


def _combined(top: list[str], below: list[str], known: Known) -> list[str]:
    """A name below a group is of that group, unless it stands for itself; one without a name below is the heading."""
    names, group = [], ""
    for place in range(max(len(top), len(below))):
        upper, lower = ("".join(cells[place : place + 1]).strip() for cells in (top, below))
        group = upper or group
        both = f"{group} - {lower}" if group and lower else group if upper else lower
        names.append(lower if lower and not known([both]) and known([lower]) and not _OF_OTHERS.search(group) else both)
    return names


def _chosen(grid: Grid, rows: list[Line], number: int, known: Known) -> Headings:
    if number == 0:
        return Headings([], None, 0)
    heading = next((line for line in grid.rows() if line.number >= number), None)
    if heading is None or heading.number != number:
        raise BadFile(f"row {number} is empty and cannot hold the headings; the first row of the file is {rows[0].number}")
    return Headings([line for line in rows if line.number < number], heading, known(heading.cells))


def _filled(line: Line) -> int:
    return sum(1 for cell in line.cells if cell.strip())


def _is_data(first: Line, below: list[Line]) -> bool:
    """Whether a cell with digits is of the same pattern as most cells below it, as `SN1001` above `SN1002`."""
    for place, cell in enumerate(first.cells):
        if _DIGIT.search(cell) and below:
            alike = sum(1 for line in below if _pattern("".join(line.cells[place : place + 1])) == _pattern(cell))
            if alike * 2 > len(below):
                return True
    return False


def _pattern(cell: str) -> str:
    return _DIGIT.sub("9", _WORD.sub("a", cell.strip()))


def _remarks(headings: Headings) -> Iterator[str]:
    if headings.above and headings.heading:
        titles = [" ".join(" ".join(line.cells).split())[:60] for line in headings.above]
        shown = ", ".join(map(repr, titles[:4])) + (", ..." if len(titles) > 4 else "")
        rows = "1 row" if len(titles) == 1 else f"{len(titles)} rows"
        yield f"{rows} above the headings left out ({shown}); the headings are in row {headings.heading.number}"
    if headings.two_rows and headings.heading:
        yield f"the headings are in rows {headings.heading.number - 1} and {headings.heading.number}"
    if not headings.heading:
        yield "the file has no headings; its columns are called Column 1, Column 2, ..."


def _header(heading: Line | None, sample: list[Line]) -> list[str]:
    """The headings. A column without one is called by its place if it holds anything."""
    names = [" ".join(name.replace("\ufeff", "").replace("\0", "").split()) for name in heading.cells] if heading else []
    width = len(names) if heading else max(len(line.cells) for line in sample)
    names += [""] * (width - len(names))
    for place, name in enumerate(names):
        if not name and any("".join(line.cells[place : place + 1]).strip() for line in sample):
            names[place] = f"Column {place + 1}"
    while names and not names[-1]:
        names.pop()
    return names


def _lines(grid: Grid, heading: int, width: int, left_out: LeftOutRows) -> Iterator[Line]:
    """The rows below the headings. Extra cells are ignored where they are empty."""
    for line in grid.rows():
        if line.number <= heading or left_out.includes(line):
            continue
        cells = line.cells
        if "\0" in "".join(cells):  # no database or message can hold it
            cells = [cell.replace("\0", DAMAGED) for cell in cells]
            line = line._replace(cells=cells)
        if line.problem or len(cells) == width:
            yield line
        elif len(cells) > width and not any(cells[width:]):
            yield line._replace(cells=cells[:width])
        else:
            yield line._replace(
                problem=f"the row has {len(cells)} columns, but there are {width} headings; is a separator inside a value not quoted?"
            )


def _above_another_table(lines: Iterator[Line]) -> Iterator[Line]:
    """From the headings of another table on, which stand below an empty row, no row is a record of this one."""
    problem = ""
    for line in lines:
        if not problem and line.below_gap and _are_headings(line.cells):
            shown = " | ".join(" ".join(cell.split()) for cell in line.cells if cell.strip())[:60]
            problem = (
                f"another table begins in row {line.number} ({shown!r}); save it as a file of its own, or keep every row (--skip none)"
            )
        yield line._replace(problem=line.problem or problem) if problem else line


def _are_headings(cells: list[str]) -> bool:
    """Whether nearly all of these cells, of which none has a digit, are usual names of columns."""
    filled = [cell for cell in cells if cell.strip()]
    if len(filled) < 2 or any(map(_DIGIT.search, filled)):
        return False
    named = sum(heading_key(cell) in _usual_names() for cell in filled)
    return named >= 2 and named * 3 >= len(filled) * 2


@cache
def _usual_names() -> frozenset[str]:
    lists = (words for name, words in vars(heading_names).items() if name.isupper() and isinstance(words, str))
    return frozenset(word for words in lists for word in words.replace("|", " ").split())
