"""`musterroll export` and `musterroll records`: records as files that import again, and one record by hand."""

import json
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path
from shutil import copyfileobj
from types import SimpleNamespace
from typing import IO, TYPE_CHECKING

import click

from musterroll.commands import analytics as tables
from musterroll.commands.context import Context, clock
from musterroll.commands.imports import ACTOR
from musterroll.commands.tables import json_option, print_json
from musterroll.domain.values.errors import DomainError
from musterroll.readers.fields import DocumentKind
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.imports import export as exports
from musterroll.usecases.imports import record_entry
from musterroll.usecases.imports.export import KINDS, Cells
from musterroll.usecases.imports.record_entry import Entry

if TYPE_CHECKING:
    from musterroll.api.http.lists import Column

_PAGE = 5_000
_FORMATS = ("csv", "xlsx", "json")
_kind = click.argument("kind", type=click.Choice(list(KINDS)))
_values = click.argument("values", nargs=-1, required=True, metavar="FIELD=VALUE...")
_reason = click.option("--reason", default="", help="Reason, kept in the audit log.")


@click.command("export")
@click.argument("kind", required=False, type=click.Choice(list(KINDS)))
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "format_", type=click.Choice(_FORMATS), help="Default: by the file's name, else csv.")
@click.option(
    "--parquet",
    "folder",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Write all facts to a new folder, as Parquet tables for analysis, instead of records of a KIND.",
)
@click.option("--json", "as_json", is_flag=True, help="With --parquet: print a summary as JSON.")
@click.pass_obj
def export(context: Context, kind: str | None, file: Path | None, format_: str | None, folder: Path | None, as_json: bool) -> None:
    """Write all records of a KIND to FILE (default: standard output), in a form that can be imported again."""
    if folder is not None:
        if kind or format_:
            raise click.UsageError("--parquet DIR writes every table: leave out KIND, FILE and --format")
        tables.export(context.database(), folder, as_json)
        return
    if kind is None or as_json:
        raise click.UsageError("name a KIND of records, or --parquet DIR" if kind is None else "--json goes with --parquet DIR only")
    format_ = format_ or (file.suffix[1:].lower() if file and file.suffix[1:].lower() in _FORMATS else "csv")
    database = context.database()
    with click.open_file(str(file or "-"), "wb", atomic=file is not None) as target:
        if format_ == "csv" and kind in exports.CSV_BY_DATABASE:
            target.writelines(text.encode() for text in _lines(database, KINDS[kind]))
        else:
            _write(target, format_, KINDS[kind], _pages(database, kind))


@click.group()
def records() -> None:
    """Add or correct one record by hand. Every change is audited and can be undone."""


@records.command("add")
@_kind
@_values
@_reason
@json_option
@click.pass_obj
def add(context: Context, kind: str, values: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Add one record, as in: musterroll records add accounts ref=A-100 name='Umber Ltd'."""
    with context.database().transaction() as session:
        change = record_entry.add(session, _entry(kind, values, reason), clock())
        _report(change, as_json)


@records.command("set")
@_kind
@_values
@_reason
@json_option
@click.pass_obj
def set_(context: Context, kind: str, values: tuple[str, ...], reason: str, as_json: bool) -> None:
    """Correct one record, identified by its number. A field not given stays as it is; FIELD= empties it."""
    with context.database().transaction() as session:
        change = record_entry.correct(session, _entry(kind, values, reason), clock())
        _report(change, as_json)


@records.command("show")
@_kind
@_values
@json_option
@click.pass_obj
def show(context: Context, kind: str, values: tuple[str, ...], as_json: bool) -> None:
    """Show one record, identified by its number, as in: musterroll records show contract-lines contract=C-1 number=2."""
    with context.database().snapshot() as session:
        cells = record_entry.current(session, _entry(kind, values, ""), clock())
    if as_json:
        print_json(cells)
        return
    width = max(map(len, cells))
    for name, cell in cells.items():
        click.echo(f"{name:<{width}}  {cell}".rstrip())


def _entry(kind: str, values: tuple[str, ...], reason: str) -> Entry:
    return Entry(kind, dict(map(_pair, values)), ACTOR, reason)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise DomainError(f"{text[:80]!r} is not of the form FIELD=VALUE, as in name='Umber Ltd'")
    return name.strip(), value


def _report(change: AuditChange | None, as_json: bool) -> None:
    if as_json:
        print_json({"change": change.id if change else None})
    elif change is None:
        click.echo("Nothing to change.")
    else:
        click.echo(f"Saved {change.subject}. To undo: musterroll changes undo {change.id}")


def _pages(database: Database, kind: str) -> Iterator[list[Cells]]:
    """Each page in a session of its own, so that an export holds nobody up."""
    last = 0
    while True:
        with database.read_only() as session:
            rows = exports.page(session, kind, last, _PAGE, clock())
        yield [cells for _, cells in rows]
        if len(rows) < _PAGE:
            return
        last = rows[-1][0]


def _lines(database: Database, kind: DocumentKind) -> Iterator[str]:
    """The same as the lines of a CSV file."""
    from musterroll.api.http.lists import csv_lines

    yield from csv_lines(_columns(kind), iter([[]]))
    last: int | None = 0
    while last is not None:
        with database.read_only() as session:
            lines, last = exports.csv_page(session, last, _PAGE)
        yield lines


def _columns(kind: DocumentKind) -> "list[Column]":
    from musterroll.api.http.lists import Column

    return [Column(field.label, (field.name,), field.name in exports.days(kind)) for field in kind.fields]


def _write(target: IO[bytes], format_: str, kind: DocumentKind, pages: Iterator[list[Cells]]) -> None:
    if format_ == "json":
        for cells in chain.from_iterable(pages):
            target.write(f"{json.dumps(_filled(cells), ensure_ascii=False)}\n".encode())
        return
    from musterroll.api.http.lists import csv_lines, workbook

    columns = _columns(kind)
    items = ([SimpleNamespace(**cells) for cells in page] for page in pages)
    if format_ == "csv":
        target.writelines(text.encode() for text in csv_lines(columns, items))
        return
    with workbook(columns, items) as book:
        copyfileobj(book, target)


def _filled(cells: Mapping[str, str]) -> dict[str, str]:
    return {name: cell for name, cell in cells.items() if cell}
