"""What a person should see of an import before it is committed, the same for pages, commands and REST: the values of new records, what
rows refer to and is not registered, how the file was read and why, and what is still to be decided.
"""

from typing import Any, NamedTuple

from musterroll.readers.cell_values import Word
from musterroll.readers.conventions import Decision
from musterroll.readers.document import Document
from musterroll.usecases.imports.questions import Question, open_questions
from musterroll.usecases.imports.run import ImportResult
from musterroll.usecases.imports.verdicts import RowVerdict, values_of

_FIRST, _ODD = 20, 10  # new records shown, and others that are unlike them


class NewRecord(NamedTuple):
    """A row that makes a record. `odd`: in what it is unlike the first rows; empty for those."""

    line: int
    values: dict[str, str]  # by what their field is called
    odd: str = ""


class Created(NamedTuple):
    """A record that would be created because rows name it. `table`: account, site, product."""

    table: str
    name: str
    rows: int


class Preview(NamedTuple):
    source: str  # the list that the file looks like
    new_records: list[NewRecord]
    created: list[Created]
    duplicates: int
    rows_left_out: list[str]
    decisions: list[Decision]
    words: list[Word]
    questions: list[Question]
    notes: list[str]


class NewRecords:
    """Collects the first new records of an import and those that are unlike them."""

    def __init__(self, document: Document) -> None:
        self._kind = document.kind
        self.first: list[NewRecord] = []
        self.odd: dict[str, NewRecord] = {}
        self._usual: set[str] | None = None

    def add(self, verdict: RowVerdict) -> None:
        if not verdict.written:
            return
        if len(self.first) < _FIRST:
            self.first.append(NewRecord(verdict.line, values_of(verdict, self._kind), verdict.note))
        elif len(self.odd) < _ODD:
            self._add_odd(verdict)

    def _add_odd(self, verdict: RowVerdict) -> None:
        """A row with a note, or without a value that all the first rows have; each lack is shown once."""
        if self._usual is None:
            labels = set.intersection(*(set(record.values) for record in self.first))
            self._usual = {field.name for field in self._kind.fields if field.label in labels}
        lacking = self._usual - verdict.written[-1].keys() - {name for name, fact in verdict.written[0].items() if fact is not None}
        reason = verdict.note or (f"without {' and '.join(sorted(map(self._kind.label, lacking)))}" if lacking else "")
        if reason and reason not in self.odd:
            self.odd[reason] = NewRecord(verdict.line, values_of(verdict, self._kind), reason)


def preview(document: Document, result: ImportResult, records: NewRecords) -> Preview:
    """Once every row was read."""
    created = sorted(Created(table, name, rows) for (table, name), rows in result.created.items())
    return Preview(
        document.source.name if document.source else "",
        [*records.first, *records.odd.values()],
        created,
        result.duplicates,
        document.rows_left_out,
        document.decisions,
        document.words,
        open_questions(document),
        [*document.notes(), *_repeated(result.repeated)],
    )


def _repeated(rows: int) -> list[str]:
    count = "1 row repeats" if rows == 1 else f"{rows:,} rows repeat"
    return [f"{count} an earlier row in every value, counted as unchanged"] if rows else []


def as_data(seen: Preview) -> dict[str, Any]:
    """For JSON: every tuple with names as an object."""
    return {name: _plain(value) for name, value in seen._asdict().items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return {name: _plain(part) for name, part in value._asdict().items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
