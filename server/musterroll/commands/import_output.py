"""How the command line tells what an import does: a few lines for people, everything for machines."""

import json

import click

from musterroll.domain.values.instants import from_ms
from musterroll.readers.document import Document
from musterroll.storage.imports.runs import RunRow
from musterroll.usecases.imports.run import Imported
from musterroll.usecases.imports.verdicts import Outcome, Verdict, in_words

_SHOWN = 20  # verdicts of each kind told to a person


class PlainReport:
    """The first verdicts of each kind, then the counts."""

    def __init__(self, name: str, commit: bool) -> None:
        self._name, self._commit = name, commit
        self._kept: dict[str, list[Verdict]] = {"refused": [], "changed": [], "taken, with a note": []}
        self._noted = 0

    def told(self, verdict: Verdict) -> None:
        word = verdict.outcome.value
        if verdict.note and verdict.outcome is not Outcome.CHANGED:
            word = "taken, with a note"
            self._noted += 1
        if len(self._kept.get(word, [0] * _SHOWN)) < _SHOWN:
            self._kept[word].append(verdict)

    def finish(self, done: Imported, document: Document, before: RunRow | None) -> None:
        if document.ignored:
            click.echo(f"Columns passed over: {', '.join(document.ignored)}", err=True)
        if before is not None:
            click.echo(f"The same file was imported before, on {from_ms(before.at):%Y-%m-%d %H:%M} UTC (import {before.id}).", err=True)
        totals = {**{outcome.value: count for outcome, count in done.counts.items()}, "taken, with a note": self._noted}
        for word, kept in self._kept.items():
            for verdict in kept:
                click.echo(f"line {verdict.line}: {word}: {verdict.record or '(no name)'}: {in_words(verdict)}")
            if totals[word] > len(kept):
                click.echo(f"... and {totals[word] - len(kept)} more {word}; --json gives them all")
        numbers = ", ".join(f"{count} {outcome}" for outcome, count in done.counts.items())
        after = f" (import {done.run_id}; undo with: musterroll imports undo {done.run_id})" if self._commit else " (nothing written yet)"
        click.echo(f"{self._name}: {sum(done.counts.values())} rows: {numbers}{after}")


class JsonReport:
    """One JSON object, written as the rows go by."""

    def __init__(self, name: str, commit: bool) -> None:
        self._name, self._commit, self._separator = name, commit, ""

    def told(self, verdict: Verdict) -> None:
        if not self._separator:
            self._open()
        said: dict[str, object] = {"line": verdict.line, "record": verdict.record, "outcome": verdict.outcome}
        if verdict.differences:
            said["changed"] = [one._asdict() for one in verdict.differences]
        said |= {name: value for name, value in (("why", verdict.why), ("note", verdict.note)) if value}
        click.echo(self._separator + json.dumps(said, ensure_ascii=False), nl=False)
        self._separator = ",\n"

    def finish(self, done: Imported, document: Document, before: RunRow | None) -> None:
        if not self._separator:
            self._open()
        said: dict[str, object] = {"file": self._name, "kind": document.kind.name, "committed": self._commit, "import": done.run_id}
        said |= {"imported_before": before.id if before else None, "rows": sum(done.counts.values())}
        said |= {outcome.value: count for outcome, count in done.counts.items()}
        said |= {"columns": document.mapping, "ignored_columns": document.ignored}
        click.echo("\n], " + json.dumps(said, ensure_ascii=False)[1:])

    def _open(self) -> None:
        click.echo('{"verdicts": [')
