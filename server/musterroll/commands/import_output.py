"""What `musterroll import` prints: a short summary, or every verdict as JSON."""

import json
from collections.abc import Mapping

import click

from musterroll.commands.tables import Column, Columns, print_table
from musterroll.domain.values.instants import from_ms
from musterroll.readers.document import Document
from musterroll.storage.imports.runs import RunRow
from musterroll.usecases.imports.run import ImportResult
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict, in_words

_SHOWN = 20  # verdicts of each group in the summary
_WORDS = {Outcome.SAME.value: "unchanged", Outcome.REFUSED.value: "rejected"}
_NOTED = "accepted with a note"
_VERDICTS: Columns[tuple[str, RowVerdict]] = (
    Column("LINE", lambda row: row[1].line, right=True),
    Column("OUTCOME", lambda row: row[0]),
    Column("RECORD", lambda row: row[1].record or "(unnamed)"),
    Column("DETAIL", lambda row: in_words(row[1])),
)


def outcome_words(outcome: str) -> str:
    """An outcome as shown to people."""
    return _WORDS.get(outcome, outcome)


def outcome_counts(counts: Mapping[str, int]) -> str:
    """Rows by outcome, such as `2 new, 0 changed`."""
    return ", ".join(f"{count:,} {outcome_words(outcome)}" for outcome, count in counts.items())


class PlainReport:
    """The first verdicts of each group, then the counts."""

    def __init__(self, name: str, commit: bool) -> None:
        self._name, self._commit = name, commit
        self._shown: dict[str, list[RowVerdict]] = {outcome_words(Outcome.REFUSED): [], Outcome.CHANGED.value: [], _NOTED: []}
        self._noted = 0

    def add(self, verdict: RowVerdict) -> None:
        group = outcome_words(verdict.outcome)
        if verdict.note and verdict.outcome is not Outcome.CHANGED:
            group = _NOTED
            self._noted += 1
        if len(self._shown.get(group, [0] * _SHOWN)) < _SHOWN:
            self._shown[group].append(verdict)

    def finish(self, result: ImportResult, document: Document, before: RunRow | None) -> None:
        if document.ignored:
            click.echo(f"Ignored columns: {', '.join(document.ignored)}", err=True)
        for note in document.notes():
            click.echo(f"{note[:1].upper()}{note[1:]}.")
        if before is not None:
            click.echo(f"This file was imported before, on {from_ms(before.at):%Y-%m-%d %H:%M} UTC (import {before.id}).", err=True)
        rows = [(group, verdict) for group, verdicts in self._shown.items() for verdict in verdicts]
        if rows:
            print_table(rows, _VERDICTS)
        totals = {**{outcome_words(outcome): count for outcome, count in result.counts.items()}, _NOTED: self._noted}
        for group, verdicts in self._shown.items():
            if totals[group] > len(verdicts):
                click.echo(f"... and {totals[group] - len(verdicts):,} more {group}; --json lists them all")
        undo = f" (import {result.run_id}; to undo it: musterroll imports undo {result.run_id})"
        counts = outcome_counts({outcome.value: count for outcome, count in result.counts.items()})
        click.echo(f"{self._name}: {sum(result.counts.values()):,} rows: {counts}{undo if self._commit else ' (nothing imported yet)'}")


class JsonReport:
    """One JSON object, written row by row."""

    def __init__(self, name: str, commit: bool) -> None:
        self._name, self._commit, self._separator = name, commit, ""

    def add(self, verdict: RowVerdict) -> None:
        if not self._separator:
            self._open()
        row: dict[str, object] = {"line": verdict.line, "record": verdict.record, "outcome": verdict.outcome}
        if verdict.differences:
            row["changed"] = [difference._asdict() for difference in verdict.differences]
        row |= {name: value for name, value in (("why", verdict.why), ("note", verdict.note)) if value}
        click.echo(self._separator + json.dumps(row, ensure_ascii=False), nl=False)
        self._separator = ",\n"

    def finish(self, result: ImportResult, document: Document, before: RunRow | None) -> None:
        if not self._separator:
            self._open()
        summary: dict[str, object] = {"file": self._name, "kind": document.kind.name, "committed": self._commit, "import": result.run_id}
        summary |= {"imported_before": before.id if before else None, "rows": sum(result.counts.values())}
        summary |= {outcome.value: count for outcome, count in result.counts.items()}
        summary |= {"columns": document.mapping, "ignored_columns": document.ignored, "notes": document.notes()}
        summary["decisions"] = [decision._asdict() for decision in document.decisions]
        click.echo("\n], " + json.dumps(summary, ensure_ascii=False)[1:])

    def _open(self) -> None:
        click.echo('{"verdicts": [')
