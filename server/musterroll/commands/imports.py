"""`musterroll import KIND FILE`: preview what a file would change, then import it."""

import gc
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import click

from musterroll import long_work
from musterroll.commands.context import Context, clock
from musterroll.commands.import_output import JsonReport, PlainReport
from musterroll.readers.cells import DAY_AFTER, LAST_DAY
from musterroll.readers.columns import choices
from musterroll.readers.document import Document, digest
from musterroll.readers.layout import layout
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import mappings as import_mappings
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.importer import Source
from musterroll.usecases.imports.run import import_document
from musterroll.usecases.imports.verdicts import Outcome, RowVerdict

ACTOR = "command line"
REFUSED_ROWS = 3  # exit status: imported, but some rows were rejected
_STEP, _PARTS = 2000, 1000  # rows between updates of the progress bar, and its length
_UNTIL_COLLECTED = 1_000_000  # objects: rows form no reference cycles, and searching for cycles would take a tenth of the time


class _Input(NamedTuple):
    """The file and how to report on it."""

    file: BinaryIO
    name: str
    sha256: str
    as_json: bool
    interval: int
    create_missing: bool


@click.command("import")
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("file", type=click.File("rb"))
@click.option("--dry-run", is_flag=True, help="Preview what would change, without importing.")
@click.option("--yes", is_flag=True, help="Import without asking for confirmation.")
@click.option("--map", "columns", multiple=True, metavar="HEADING=FIELD", help="Read column HEADING as FIELD; empty FIELD: ignore it.")
@click.option("--accept-guesses", is_flag=True, help="Read unrecognised columns as what the preview proposes.")
@click.option("--set", "given", multiple=True, metavar="FIELD=VALUE", help="The FIELD of every row that has none, as in maker=Dell.")
@click.option("--word", "words", multiple=True, metavar="WORD=MEANING", help="What a status means here; empty MEANING: nothing.")
@click.option("--mapping", metavar="NAME", help="Use the saved column mapping NAME.")
@click.option("--save-mapping", metavar="NAME", help="Save the column mapping as NAME.")
@click.option("--dates", type=click.Choice(["dmy", "mdy", "ymd"]), help="Order of day and month in dates such as 1/2/2026.")
@click.option("--numbers", type=click.Choice(["1,000.00", "1.000,00"]), help="How the file writes a thousand.")
@click.option("--ends", type=click.Choice([LAST_DAY, DAY_AFTER]), help="What an end date is: the last day, or the day after it.")
@click.option("--zone", metavar="ZONE", help="Time zone of times without one, and of the days that times with one fall on.")
@click.option("--currency", metavar="CODE", help="Currency of amounts that show none; the same as --set currency=CODE.")
@click.option("--sheet", metavar="NAME", help="Sheet of the workbook, or file of the archive.")
@click.option("--encoding", metavar="NAME", help="Encoding of a text file, such as windows-1250; default: detected.")
@click.option("--separator", metavar="SIGN", help="Separator of a text file: comma, semicolon, tab, pipe or a sign; default: detected.")
@click.option("--heading-row", metavar="ROW", default="", help="Row that holds the headings; 0: the file has none; default: detected.")
@click.option("--skip", metavar="ROWS", default="", help="Rows to leave out, such as 3,12-14; none: keep total rows, too.")
@click.option(
    "--create-missing/--no-create-missing",
    default=True,
    show_default=True,
    help="Create accounts and sites that only a row names; else reject such rows.",
)
@click.option("--json", "as_json", is_flag=True, help="JSON output: every verdict, then the counts.")
@click.pass_obj
def import_(
    context: Context,
    kind: str,
    file: BinaryIO,
    dry_run: bool,
    yes: bool,
    columns: tuple[str, ...],
    accept_guesses: bool,
    given: tuple[str, ...],
    words: tuple[str, ...],
    mapping: str | None,
    save_mapping: str | None,
    dates: str | None,
    numbers: str | None,
    ends: str | None,
    zone: str | None,
    currency: str | None,
    sheet: str | None,
    encoding: str | None,
    separator: str | None,
    heading_row: str,
    skip: str,
    create_missing: bool,
    as_json: bool,
) -> None:
    """Import records from a CSV file, a workbook or JSON, zipped or not.

    Shows first which rows are new, changed, unchanged or rejected, and asks before importing. An import can be undone as one
    (musterroll imports undo). Importing the same file again changes nothing, and completes an import that was interrupted. Import
    accounts and sites first, then units, then contracts and the rest. Exit status: 0 all rows accepted, 3 some rows rejected,
    1 nothing imported, 2 usage error.
    """
    database = context.database()
    try:
        with database.snapshot() as session:
            saved = import_mappings.choices(session, kind, mapping)
        laid_out = layout(sheet, encoding, separator, heading_row, skip)
        given += (f"currency={currency}",) if currency else ()
        ways: dict[str, Any] = {"numbers": numbers, "ends": ends, "accept_guesses": accept_guesses}
        chosen = choices(columns, saved, dates, zone, laid_out, given=given, words=words, **ways)
        document = Document(file, KINDS[kind], chosen)
        source_file = _Input(file, Path(file.name).name, digest(file), as_json, context.settings.interval, create_missing)
        if save_mapping:
            with database.transaction() as session:
                chosen = chosen._replace(columns={**document.accepted_guesses, **chosen.columns})
                import_mappings.save(session, kind, save_mapping, chosen)
        counts = _import(database, document, source_file, dry_run, yes)
    finally:
        database.close()
    sys.exit(REFUSED_ROWS if counts[Outcome.REFUSED] else 0)


def _import(database: Database, document: Document, source_file: _Input, dry_run: bool, yes: bool) -> dict[Outcome, int]:
    if dry_run or not yes:
        counts = _run(database, document, source_file, commit=False)
        if dry_run or not _confirmed(counts, source_file.as_json):
            return counts
    return _run(database, document, source_file, commit=True)


def _confirmed(counts: dict[Outcome, int], as_json: bool) -> bool:
    if not counts[Outcome.NEW] + counts[Outcome.CHANGED]:
        click.echo("Nothing to import.", err=True)
        return False
    if as_json or not sys.stdin.isatty():
        click.echo("Nothing imported: add --yes to import, or --dry-run to preview.", err=True)
        sys.exit(1)
    return click.confirm("Import this?", err=True)


def _run(database: Database, document: Document, source_file: _Input, commit: bool) -> dict[Outcome, int]:
    gc.set_threshold(_UNTIL_COLLECTED, 50, 100)
    report = (JsonReport if source_file.as_json else PlainReport)(source_file.name, document, commit)
    source = Source(source_file.name, ACTOR, clock(), source_file.interval, source_file.create_missing)
    with database.snapshot() as session:
        before = import_history.imported_before(session, document.kind.name, source_file.sha256)
    with _progress(source_file, document) as progress:
        add = _with_progress(report.add, progress)
        if commit:
            result = long_work.import_document(database, document, add, source, source_file.sha256, clock)
        else:
            with database.snapshot() as session:
                result = import_document(session, document, add, source, None)
    report.finish(result, before)
    return result.counts


def _with_progress(add: Callable[[RowVerdict], None], progress: Callable[[int], None]) -> Callable[[RowVerdict], None]:
    count = 0

    def add_and_count(verdict: RowVerdict) -> None:
        nonlocal count
        if count % _STEP == 0:
            progress(count)
        count += 1
        add(verdict)

    return add_and_count


@contextmanager
def _progress(source_file: _Input, document: Document) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error, if that is a terminal."""
    if source_file.as_json or not sys.stderr.isatty():
        yield lambda rows: None
        return
    size = os.fstat(source_file.file.fileno()).st_size
    with click.progressbar(length=_PARTS, label=source_file.name, file=sys.stderr) as bar:
        yield lambda rows: bar.update(int(document.progress(rows, size) * _PARTS) - bar.pos)
