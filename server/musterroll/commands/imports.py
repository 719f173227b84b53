"""`musterroll import KIND FILE`: what a document would change, and then the change."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.import_output import JsonReport, PlainReport
from musterroll.readers.document import Document, choices, digest
from musterroll.readers.kinds import KINDS
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports.kinds.base import Source
from musterroll.usecases.imports.run import import_document
from musterroll.usecases.imports.verdicts import Outcome, Verdict

ACTOR = "command line"
REFUSED_ROWS = 3  # exit status: done, but not for every row
_STEP, _PARTS = 2000, 1000  # rows between two moves of the progress bar, and how many moves it has
_UNTIL_COLLECTED = 200_000  # objects: rows come and go in no circles, and looking for circles among them takes a tenth of the time


class _Given(NamedTuple):
    """A file, and how it is to be told of."""

    file: BinaryIO
    name: str
    sha256: str
    as_json: bool
    interval: int


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Only say what would happen.")
@click.option("--yes", is_flag=True, help="Import without asking.")
@click.option("--map", "columns", multiple=True, metavar="HEADING=FIELD", help="Which field a column of the file says; none: pass it over.")
@click.option("--mapping", metavar="NAME", help="Use columns saved under this name.")
@click.option("--save-mapping", metavar="NAME", help="Save the columns of --map (and --mapping) under this name.")
@click.option("--dates", type=click.Choice(["dmy", "mdy"]), help="Which comes first in dates such as 1/2/2026: the day or the month.")
@click.option("--zone", metavar="ZONE", help="Time zone of times that name none, as Europe/Berlin.")
@click.option("--sheet", metavar="NAME", help="Which sheet of a workbook; default: the first that is not empty.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines: every verdict, then the counts.")
@click.pass_obj
def import_(
    context: Context,
    kind: str,
    file: BinaryIO,
    dry_run: bool,
    yes: bool,
    columns: tuple[str, ...],
    mapping: str | None,
    save_mapping: str | None,
    dates: str | None,
    zone: str | None,
    sheet: str | None,
    as_json: bool,
) -> None:
    """Take a document (CSV or XLSX) of customers' paper into the roll.

    Shows first what would be new, changed, the same or refused, row by row, and asks; --yes does not ask. It is one transaction, can
    be undone (musterroll imports undo), and the same file twice changes nothing. Take accounts and sites first, then units, then
    contracts and the rest. Exit status: 0 every row was taken, 3 some rows were refused, 1 nothing was done, 2 wrong use.
    """
    database = context.database()
    try:
        with database.reading() as session:
            chosen = choices(columns, import_mappings.columns(session, kind, mapping) if mapping else {}, dates, zone, sheet)
        document = Document(file, KINDS[kind], chosen)
        given = _Given(file, Path(file.name).name, digest(file), as_json, context.settings.interval)
        if save_mapping:
            with database.writing() as session:
                import_mappings.save(session, kind, save_mapping, dict(chosen.columns))
        counts = _import(database, document, given, dry_run, yes)
    finally:
        database.close()
    sys.exit(REFUSED_ROWS if counts[Outcome.REFUSED] else 0)


def _import(database: Database, document: Document, given: _Given, dry_run: bool, yes: bool) -> dict[Outcome, int]:
    if dry_run or not yes:
        counts = _run(database, document, given, commit=False)
        if dry_run or not _agreed(counts, given.as_json):
            return counts
    return _run(database, document, given, commit=True)


def _agreed(counts: dict[Outcome, int], as_json: bool) -> bool:
    if not counts[Outcome.NEW] + counts[Outcome.CHANGED]:
        click.echo("Nothing to import.", err=True)
        return False
    if as_json or not sys.stdin.isatty():
        click.echo("Nothing was imported: say --yes to import, or --dry-run to only look.", err=True)
        sys.exit(1)
    return click.confirm("Import this?", err=True)


def _run(database: Database, document: Document, given: _Given, commit: bool) -> dict[Outcome, int]:
    gc.set_threshold(_UNTIL_COLLECTED, 50, 100)
    report = (JsonReport if given.as_json else PlainReport)(given.name, commit)
    source = Source(given.name, ACTOR, clock(), given.interval)
    with _progress(given, document) as moved, database.writing() if commit else database.reading() as session:
        before = import_mappings.imported_before(session, document.kind.name, given.sha256)
        told = _watched(report.told, moved)
        done = import_document(session, document, told, source, given.sha256 if commit else None)
    report.finish(done, document, before)
    return done.counts


def _watched(told: Callable[[Verdict], None], moved: Callable[[int], None]) -> Callable[[Verdict], None]:
    count = 0

    def hear(verdict: Verdict) -> None:
        nonlocal count
        if count % _STEP == 0:
            moved(count)
        count += 1
        told(verdict)

    return hear


@contextmanager
def _progress(given: _Given, document: Document) -> Iterator[Callable[[int], None]]:
    """A bar over the file, on standard error, where a person looks at it."""
    if given.as_json or not sys.stderr.isatty():
        yield lambda rows: None
        return
    size = os.fstat(given.file.fileno()).st_size
    with click.progressbar(length=_PARTS, label=given.name, file=sys.stderr) as bar:
        yield lambda rows: bar.update(int(document.progress(rows, size) * _PARTS) - bar.pos)
