"""Generated documents of every kind, with any headings and any cells: a bad row is one rejected row, and nothing crashes."""

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from musterroll.domain.values.errors import DomainError
from musterroll.readers.document import Document
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import history
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import import_document
from musterroll.usecases.imports.verdicts import RowVerdict, in_words

from tests.support.documents import FLEET

NOW = datetime(2026, 11, 30, tzinfo=UTC)
HOSTILE = (
    *("", " ", "N/A", "\x00", "a\x00b", "\ud800", "\u202e", "é" * 300, "x" * 5_000, "9" * 25, "-1", "1e400", "NaN", "∞"),
    *("9223372036854775808", "0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31", "9999-12-31T23:59:59-14:00", "1/2/2026"),
    *("31/2/2026", "1969-12-31", "2200-12-31", "1793534400", "99999999999999", "45662", "1,000", "2.000", "$1.000", "1'000,5 CHF", "3Y"),
    *("lifetime", "P9999Y", "10 minutes", "=1+1", "<b>", "'; DROP TABLE unit; --", "%s", "{}", '"', "\r\n", "\t", "SN1001", "A1", "S1"),
    *("C1", "Acme", "Pump 3", "active", "usage:x"),
)
cells = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=12), st.integers().map(str), st.datetimes().map(str), st.floats().map(str))


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, list[str], list[list[str]]]:
    """A kind, headings with most of its own, and rows that are partly those of a real list."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    good = list(csv.reader(io.StringIO(FLEET[kind])))
    labels = [field.label for field in KINDS[kind].fields]
    header = [*good[0], *draw(st.lists(st.sampled_from(labels), max_size=3)), *draw(st.lists(st.text(max_size=8), max_size=2))]
    if draw(st.integers(0, 9)) == 0:
        header = draw(st.lists(st.text(max_size=10), min_size=1, max_size=6))
    rows = []
    for _ in range(draw(st.integers(1, 5))):
        base = draw(st.sampled_from(good[1:]))
        width = len(header) + draw(st.sampled_from((0, 0, 0, 0, 1, -1)))
        row = [base[place] if place < len(base) and draw(st.booleans()) else draw(cells) for place in range(max(width, 0))]
        rows.append(row)
    return kind, header, rows


def as_csv(header: list[str], rows: list[list[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header, *rows])
    return text.getvalue().encode("utf-8", "surrogatepass")


def as_json(header: list[str], rows: list[list[str]]) -> bytes:
    values: list[Any] = [[int(cell) if cell.isascii() and cell.isdigit() else cell for cell in row] for row in rows]
    return json.dumps([dict(zip(header, row, strict=False)) for row in values]).encode()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@example(("units", ["Serial\ud800", "Serial", "Maker", "Model"], [["", "SN\ud800", "Ac\udfffme", "\ud83d\ude00"]]), as_json, True)
@given(documents(), st.sampled_from((as_csv, as_json)), st.booleans())
def test_any_document_is_read_or_rejected_row_by_row(database: Database, drawn: Any, form: Any, commit: bool) -> None:
    kind, header, rows = drawn
    verdicts: list[RowVerdict] = []
    try:
        document = Document(io.BytesIO(form(header, rows)), KINDS[kind])
        with database.transaction() if commit else database.snapshot() as session:
            result = import_document(session, document, verdicts.append, Source("any.csv", "kim", NOW), "0" * 64 if commit else None)
    except DomainError:  # of the file as a whole
        return
    assert sum(result.counts.values()) == len(verdicts)
    texts = [*(in_words(verdict, KINDS[kind]) + verdict.record for verdict in verdicts), *document.notes(), *map(str, document.decisions)]
    assert "\x00" not in "".join(texts).encode().decode()
    if result.run_id is not None:
        with database.read_only() as session:
            history.rows(session, result.run_id)
