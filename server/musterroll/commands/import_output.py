"""What `musterroll import` prints: a short summary, or every verdict as JSON."""

import json
from collections.abc import Mapping
from itertools import groupby

import click

from musterroll.commands.tables import Column, Columns, print_table
from musterroll.domain.values.instants import from_ms
from musterroll.readers.document import Document
from musterroll.storage.imports.runs import RunRow
from musterroll.usecases.imports.preview import NewRecords, Preview, as_data, preview
from musterroll.usecases.imports.run import ImportResult
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict, in_words

_SHOWN = 20  # verdicts of each group in the summary
_NAMED = 8  # records that would be created
_WORDS = {Outcome.SAME.value: "unchanged", Outcome.REFUSED.value: "rejected"}
_NOTED = "accepted with a note"
_VERDICTS: Columns[tuple[str, RowVerdict, str]] = (
    Column("LINE", lambda row: row[1].line, right=True),
    Column("OUTCOME", lambda row: row[0]),
    Column("RECORD", lambda row: row[1].record or "(unnamed)"),
    Column("DETAIL", lambda row: row[2]),
)


def outcome_words(outcome: str) -> str:
    """An outcome as shown to people."""
    return _WORDS.get(outcome, outcome)


def outcome_counts(counts: Mapping[str, int]) -> str:
    """Rows by outcome, such as `2 new, 0 changed`."""
    return ", ".join(f"{count:,} {outcome_words(outcome)}" for outcome, count in counts.items())


class PlainReport:
    """The first verdicts of each group, the values of new records, then the counts."""

    def __init__(self, name: str, document: Document, commit: bool) -> None:
        self._name, self._document, self._commit = name, document, commit
        self._new = NewRecords(document)
        self._shown: dict[str, list[RowVerdict]] = {outcome_words(Outcome.REFUSED): [], Outcome.CHANGED.value: [], _NOTED: []}
        self._noted = 0

    def add(self, verdict: RowVerdict) -> None:
        self._new.add(verdict)
        group = outcome_words(verdict.outcome)
        if verdict.note and verdict.outcome is not Outcome.CHANGED:
            group = _NOTED
            self._noted += 1
        if len(self._shown.get(group, [0] * _SHOWN)) < _SHOWN:
            self._shown[group].append(verdict)

    def finish(self, result: ImportResult, before: RunRow | None) -> None:
        document, seen = self._document, preview(self._document, result, self._new)
        if document.ignored:
            click.echo(f"Ignored columns: {', '.join(document.ignored)}", err=True)
        for note in seen.notes:
            click.echo(f"{note[:1].upper()}{note[1:]}.")
        if before is not None:
            click.echo(f"This file was imported before, on {from_ms(before.at):%Y-%m-%d %H:%M} UTC (import {before.id}).", err=True)
        if not self._commit:
            _print_new(seen)
        rows = [(group, verdict, in_words(verdict, document.kind)) for group, verdicts in self._shown.items() for verdict in verdicts]
        if rows:
            print_table(rows, _VERDICTS)
        totals = {**{outcome_words(outcome): count for outcome, count in result.counts.items()}, _NOTED: self._noted}
        for group, verdicts in self._shown.items():
            if totals[group] > len(verdicts):
                click.echo(f"... and {totals[group] - len(verdicts):,} more {group}; --json lists them all")
        undo = f" (import {result.run_id}; to undo it: musterroll imports undo {result.run_id})"
        counts = outcome_counts({outcome.value: count for outcome, count in result.counts.items()})
        click.echo(f"{self._name}: {_rows(sum(result.counts.values()))}: {counts}{undo if self._commit else ' (nothing imported yet)'}")


def _print_new(seen: Preview) -> None:
    """The values of new records, one record below the other, and what would be created besides."""
    for record in seen.new_records:
        odd = f"  [{record.odd}]" if record.odd else ""
        click.echo(f"New, line {record.line}: {', '.join(f'{label} {value}' for label, value in record.values.items())}{odd}")
    for table, records in groupby(seen.created, lambda record: record.table):
        named = list(records)
        listed = ", ".join(f"{record.name} ({_rows(record.rows)})" for record in named[:_NAMED])
        more = f" and {len(named) - _NAMED:,} more" if len(named) > _NAMED else ""
        reject = "" if table == "product" else " (--no-create-missing: reject these rows)"
        click.echo(
            f"Created with the import, as only rows name them: {len(named):,} {table}{'s' * (len(named) > 1)}: {listed}{more}{reject}."
        )
    if seen.duplicates:
        click.echo(f"{_rows(seen.duplicates)} about a record that an earlier row of the file is about, with other values.")


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


class JsonReport:
    """One JSON object, written row by row."""

    def __init__(self, name: str, document: Document, commit: bool) -> None:
        self._name, self._document, self._commit, self._separator = name, document, commit, ""
        self._new = NewRecords(document)

    def add(self, verdict: RowVerdict) -> None:
        self._new.add(verdict)
        if not self._separator:
            self._open()
        row: dict[str, object] = {"line": verdict.line, "record": verdict.record, "outcome": verdict.outcome}
        if verdict.differences:
            row["changed"] = [difference._asdict() for difference in verdict.differences]
        row |= {name: value for name, value in (("why", verdict.why), ("code", verdict.code), ("note", verdict.note)) if value}
        click.echo(self._separator + json.dumps(row, ensure_ascii=False), nl=False)
        self._separator = ",\n"

    def finish(self, result: ImportResult, before: RunRow | None) -> None:
        document = self._document
        if not self._separator:
            self._open()
        summary: dict[str, object] = {"file": self._name, "kind": document.kind.name, "committed": self._commit, "import": result.run_id}
        summary |= {"imported_before": before.id if before else None, "rows": sum(result.counts.values())}
        summary |= {outcome.value: count for outcome, count in result.counts.items()}
        summary |= {"columns": document.mapping, "ignored_columns": document.ignored}
        summary |= as_data(preview(document, result, self._new))
        click.echo("\n], " + json.dumps(summary, ensure_ascii=False)[1:])

    def _open(self) -> None:
        click.echo('{"verdicts": [')
