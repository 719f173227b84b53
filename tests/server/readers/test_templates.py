import csv
import io

import pytest
from musterroll.readers.fields import DocumentRow
from musterroll.readers.templates import names, template
from musterroll.usecases.imports.document_kinds import KINDS

from tests.support.documents import document


@pytest.mark.parametrize("kind", KINDS)
def test_the_template_of_a_kind_is_read_without_a_question(kind: str) -> None:
    columns = template(KINDS[kind])
    text = io.StringIO()
    csv.writer(text).writerows([[column.heading for column in columns], [column.example for column in columns]])
    read = document(kind, text.getvalue())
    (row,) = read.rows()
    assert isinstance(row, DocumentRow), row
    assert not read.ignored
    assert len(read.mapping) == len(KINDS[kind].fields)
    assert all(column.note.startswith(("Required", "Optional")) for column in columns)


def test_a_note_says_what_is_required_how_it_is_written_and_how_else_it_is_called() -> None:
    notes = {column.heading: column.note for column in template(KINDS["units"])}
    assert notes["Serial Number"].startswith("Required: as on the label, stored as text. Also recognised as: serialno, ")
    assert notes["Status"].startswith("Optional: one of deployed, stock, shipped, returned, retired, suspended.")
    assert "Optional" in {column.heading: column.note for column in template(KINDS["contracts"])}["Status"]
    assert "seriennummer" in names(KINDS["units"].fields[0])
