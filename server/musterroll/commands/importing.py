"""`musterroll import KIND FILE`: what a document would change, and then the change."""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click

from musterroll.commands.context import Context, clock
from musterroll.importers.units import BadRow, UnitList, UnitRow, read_units
from musterroll.registry.import_verdicts import Outcome, Verdict
from musterroll.registry.importing import import_units
from musterroll.storage.database import Database

_ACTOR = "command line"
REFUSED_ROWS = 3  # exit status: done, but not for every row
_SHOWN = 20  # verdicts of each kind told to a person
_STEP = 2000  # rows between two moves of the progress bar


class _Source(NamedTuple):
    file: BinaryIO
    name: str


@click.command("import")
@click.argument("kind", type=click.Choice(["units"]))
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--yes", is_flag=True, help="Import without asking.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines: every verdict, then the counts.")
@click.pass_obj
def import_(context: Context, kind: str, file: BinaryIO, dry_run: bool, yes: bool, as_json: bool) -> None:
    """Take a CSV of customers' paper into the roll.

    Shows first what would be new, changed, the same or refused, row by row, and asks; --yes does not ask. It is one transaction, and
    the same file twice changes nothing. Exit status: 0 every row was taken, 3 some rows were refused, 1 nothing was done, 2 wrong use.
    """
    source, database = _Source(file, Path(file.name).name), context.database()
    try:
        if dry_run or not yes:
            counts = _run(source, database, as_json, commit=False)
            if dry_run or not _agreed(counts, as_json):
                sys.exit(_status(counts))
        counts = _run(source, database, as_json, commit=True)
    finally:
        database.close()
    sys.exit(_status(counts))


def _agreed(counts: dict[Outcome, int], as_json: bool) -> bool:
    if not counts[Outcome.NEW] + counts[Outcome.CHANGED]:
        click.echo("Nothing to import.", err=True)
        return False
    if as_json or not sys.stdin.isatty():
        click.echo("Nothing was imported: say --yes to import, or --dry-run to only look.", err=True)
        sys.exit(1)
    return click.confirm("Import this?", err=True)


def _run(source: _Source, database: Database, as_json: bool, commit: bool) -> dict[Outcome, int]:
    units = read_units(source.file)
    report = (_JsonReport if as_json else _PlainReport)(source.name, commit)
    with _progress(source, as_json) as moved, database.writing() if commit else database.reading() as session:
        rows = _watched(units, source, moved)
        counts = import_units(session, rows, report.told, source=source.name, actor=_ACTOR, now=clock(), commit=commit)
    report.finish(counts, units.ignored)
    return counts


def _watched(units: UnitList, source: _Source, moved: Callable[[int], None]) -> Iterator[UnitRow | BadRow]:
    for number, row in enumerate(units.rows):
        if number % _STEP == 0:
            moved(source.file.tell())
        yield row


@contextmanager
def _progress(source: _Source, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar over the bytes of the file, on standard error, where a person looks at it."""
    size = os.fstat(source.file.fileno()).st_size
    if quiet or not sys.stderr.isatty() or not size:
        yield lambda position: None
        return
    with click.progressbar(length=size, label=source.name, file=sys.stderr) as bar:
        yield lambda position: bar.update(position - bar.pos)


class _PlainReport:
    """The first verdicts of each kind, then the counts."""

    def __init__(self, name: str, commit: bool) -> None:
        self._name, self._commit = name, commit
        self._kept: dict[Outcome, list[Verdict]] = {Outcome.REFUSED: [], Outcome.CHANGED: []}

    def told(self, verdict: Verdict) -> None:
        kept = self._kept.get(verdict.outcome)
        if kept is not None and len(kept) < _SHOWN:
            kept.append(verdict)

    def finish(self, counts: dict[Outcome, int], ignored: list[str]) -> None:
        if ignored:
            click.echo(f"Columns passed over: {', '.join(ignored)}", err=True)
        for outcome, kept in self._kept.items():
            for verdict in kept:
                click.echo(f"line {verdict.line}: {outcome}: {verdict.serial or '(no serial)'}: {_words(verdict)}")
            if counts[outcome] > len(kept):
                click.echo(f"... and {counts[outcome] - len(kept)} more {outcome}; --json gives them all")
        numbers = ", ".join(f"{count} {outcome}" for outcome, count in counts.items())
        click.echo(f"{self._name}: {sum(counts.values())} rows: {numbers}" + ("" if self._commit else " (nothing written yet)"))


class _JsonReport:
    """One JSON object, written as the rows go by."""

    def __init__(self, name: str, commit: bool) -> None:
        self._name, self._commit, self._separator = name, commit, ""

    def told(self, verdict: Verdict) -> None:
        if not self._separator:
            self._open()
        said: dict[str, object] = {"line": verdict.line, "serial": verdict.serial, "outcome": verdict.outcome}
        if verdict.differences:
            said["changed"] = [one._asdict() for one in verdict.differences]
        if verdict.why:
            said["why"] = verdict.why
        click.echo(self._separator + json.dumps(said, ensure_ascii=False), nl=False)
        self._separator = ",\n"

    def finish(self, counts: dict[Outcome, int], ignored: list[str]) -> None:
        if not self._separator:
            self._open()
        said: dict[str, object] = {"file": self._name, "committed": self._commit, "rows": sum(counts.values())}
        said |= {outcome.value: count for outcome, count in counts.items()}
        said["ignored_columns"] = ignored
        click.echo("\n], " + json.dumps(said, ensure_ascii=False)[1:])

    def _open(self) -> None:
        click.echo('{"verdicts": [')


def _words(verdict: Verdict) -> str:
    return verdict.why or ", ".join(f"{one.field} {one.old or 'nothing'} -> {one.new or 'nothing'}" for one in verdict.differences)


def _status(counts: dict[Outcome, int]) -> int:
    return REFUSED_ROWS if counts[Outcome.REFUSED] else 0
