"""Rows read a column at a time are those that reading them cell by cell gives, and count the same words."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st
from musterroll.domain.values.errors import DomainError
from musterroll.readers.cell_columns import ColumnOfCells, values_of_lines
from musterroll.readers.cell_values import CellValues, empty_tally
from musterroll.readers.cells import Moment
from musterroll.readers.fields import NOTHING, Hints
from musterroll.readers.table import Line, Numeric
from musterroll.usecases.imports.document_kinds import KINDS

HINTS = Hints(dates="dmy", zone=ZoneInfo("Europe/Berlin"), numbers=".")
CELLS: tuple[str, ...] = (
    *("", "  ", "N/A", "none", "Unknown", "-", "K400MVX7", "k400mvx7", "SN-1 2", "4711", "4711.0", "1E+5", "'0042", "=A1", "A1,B2,C3"),
    *("2026-01-05", "05/01/2026", "1970-01-01", "2026-01-05T23:30:00Z", "2026-03-29 02:30", "Never", "31/2/2026", "12", "3Y", "1,000"),
    *("In Stock", "Installed", "Suspended", "Quarantined", "spare", "active", "yes", "EUR", "$12.00", "a\x1ab", "é" * 300, "seat"),
    *(Numeric("4711"), Numeric("4711", "0004711"), Numeric(1.5), Numeric("1234567890123456", exact=False)),
)
WORDS = {"spare": "stock", "none": "none", "K400MVX7": ""}


@settings(deadline=None)
@example("units", [["K400MVX7"] * 40, ["none"] * 40], {})
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.lists(st.one_of(st.sampled_from(CELLS), st.text(max_size=8)), min_size=40, max_size=40), min_size=1, max_size=6),
    st.sampled_from(({}, WORDS)),
)
def test_a_column_gives_what_its_cells_give(kind: str, rows: list[Sequence[str]], words: dict[str, str]) -> None:
    fields, whole, counted = KINDS[kind].fields, empty_tally(), empty_tally()
    columns = [ColumnOfCells(place, field.name, CellValues(field, HINTS, words, whole)) for place, field in enumerate(fields)]
    alone = [CellValues(field, HINTS, words, counted) for field in fields]
    given_values = {"given": 1}
    lines = [Line(number, list(cells), None) for number, cells in enumerate([*rows, *rows])]
    lines.append(Line(99, [], "not closed"))
    together = values_of_lines(lines, columns, given_values)
    assert together.pop() is None
    assert not any(whole)
    for line, values in zip(lines, together, strict=False):
        before = [counter.total() for counter in counted]
        try:
            expected = [known.read(cell) for known, cell in zip(alone, line.cells, strict=False)]
        except DomainError:
            assert values is None
        else:
            if values is None:
                special = any(type(value) is Moment for value in expected) or any(type(cell) is not str for cell in line.cells)
                assert special or before != [counter.total() for counter in counted]
            else:
                filled = {field.name: value for field, value in zip(fields, expected, strict=False) if value is not NOTHING}
                assert list(values.items()) == [*given_values.items(), *filled.items()]
                assert before == [counter.total() for counter in counted]
        for column, cell in zip(columns, line.cells, strict=False):
            try:
                column.known.with_row(cell) if values is None else None
            except DomainError:
                break
    assert whole == counted
