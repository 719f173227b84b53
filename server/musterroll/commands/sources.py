"""`musterroll sources`: documents that come by themselves."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.import_output import outcome_counts, outcome_words
from musterroll.commands.imports import ACTOR
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list, print_table
from musterroll.domain.imports import RunState
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import from_ms
from musterroll.readers.cells import DAY_AFTER, LAST_DAY, NUMBERS
from musterroll.runtime.source_runner import SourceRunner
from musterroll.sources import SOURCES
from musterroll.storage.engine.database import Database
from musterroll.storage.imports import sources as stored
from musterroll.storage.imports.sources import SourceStatus
from musterroll.storage.tables.imports import SourceRun
from musterroll.usecases.imports import source_edits
from musterroll.usecases.imports import sources as import_sources
from musterroll.usecases.imports.document_kinds import KINDS
from musterroll.usecases.imports.source_edits import Edit
from musterroll.usecases.imports.sources import LISTS, WORDS, Wanted

_LIST: Columns[SourceStatus] = (
    Column("NAME", lambda row: row.source.name),
    Column("TYPE", lambda row: row.source.type),
    Column("KIND", lambda row: row.source.kind),
    Column("STATUS", import_sources.status),
    Column("LAST RUN (UTC)", lambda row: _moment(row.source.ran_at)),
)
_RUNS: Columns[SourceRun] = (
    Column("TIME (UTC)", lambda run: _moment(run.at)),
    Column("RESULT", lambda run: run.state.value),
    Column("FILE", lambda run: run.file),
    Column("ROWS", lambda run: outcome_counts(run.counts)),
    Column("IMPORT", lambda run: run.import_run_id, right=True),
    Column("DETAIL", lambda run: run.reason),
)
_SHOWN: Columns[list[Any]] = (
    Column("LINE", lambda row: row[1], right=True),
    Column("OUTCOME", lambda row: outcome_words(row[0])),
    Column("RECORD", lambda row: row[2] or "(unnamed)"),
    Column("DETAIL", lambda row: row[3]),
)


def _moment(at: int | None) -> str:
    return f"{from_ms(at):%Y-%m-%d %H:%M}" if at else "never"


@click.group()
def sources() -> None:
    """Sources: documents that come by themselves, on schedule and within limits."""


@sources.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List sources and their status."""
    with context.database().snapshot() as session:
        rows = stored.all_sources(session)
    empty = "No sources. To add one: musterroll sources add NAME TYPE KIND --with SETTING=VALUE"
    print_list(rows, _LIST, empty=empty, as_json=as_json, shape=import_sources.as_dict)


@sources.command("types")
@json_option
def types(as_json: bool) -> None:
    """List the types of sources and their settings; * is required."""
    columns: Columns[tuple[str, str, str]] = (
        Column("TYPE", lambda row: row[0]),
        Column("SETTING", lambda row: row[1]),
        Column("WHAT IT IS", lambda row: row[2]),
    )
    rows = [
        (kind.name, f"{setting.name}{'*' if setting.required else ''}", ": ".join(filter(None, (setting.label, setting.hint))))
        for kind in SOURCES.values()
        for setting in kind.settings
    ]
    print_list(rows, columns, empty="", as_json=as_json, shape=lambda row: dict(zip(("type", "setting", "about"), row, strict=True)))


_Command = Callable[..., Any]
_READING = (
    click.option("--map", "columns", multiple=True, metavar="HEADING=FIELD", help="As for musterroll import."),
    click.option("--set", "given", multiple=True, metavar="FIELD=VALUE", help="As for musterroll import."),
    click.option("--word", "words", multiple=True, metavar="WORD=MEANING", help="As for musterroll import."),
    click.option("--mapping", metavar="NAME", help="Use the saved column mapping NAME."),
    click.option("--dates", type=click.Choice(["dmy", "mdy", "ymd"]), help="Order of day and month in dates such as 1/2/2026."),
    click.option("--numbers", type=click.Choice(list(NUMBERS.values())), help="How documents write a thousand."),
    click.option("--ends", type=click.Choice([LAST_DAY, DAY_AFTER]), help="What an end date is: the last day, or the day after it."),
    click.option("--zone", metavar="ZONE", help="Time zone of times without one."),
    click.option("--currency", metavar="CODE", help="Currency of amounts that show none."),
    click.option("--sheet", metavar="NAME", help="Sheet of a workbook, or file of an archive."),
    click.option("--encoding", metavar="NAME", help="Encoding of text files."),
    click.option("--separator", metavar="SIGN", help="Separator of text files."),
    click.option("--heading-row", metavar="ROW", help="Row of the headings; 0: none."),
    click.option("--skip", metavar="ROWS", help="Rows to leave out, such as 3,12-14."),
    click.option("--accept-guesses/--no-guesses", default=None, help="Read unrecognised columns as what the preview proposes."),
)


def _reading_options(command: _Command) -> _Command:
    for option in reversed(_READING):
        command = option(command)
    return command


@sources.command("add")
@click.argument("name")
@click.argument("type_", metavar="TYPE", type=click.Choice(list(SOURCES)))
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.option("--with", "settings", multiple=True, metavar="SETTING=VALUE", help="A setting of the type; secrets as env:NAME or file:NAME.")
@click.option("--every", default=1440, show_default=True, help="Minutes between runs.")
@click.option("--most-changed", default=10, show_default=True, help="Percentage of rows that may change or go before a person is asked.")
@_reading_options
@click.pass_obj
def add(
    context: Context, /, name: str, type_: str, kind: str, settings: tuple[str, ...], every: int, most_changed: int, **reading: Any
) -> None:
    """Add a source, or replace the one of this NAME. `musterroll sources types` lists the types and their settings."""
    _put(context, Wanted(name, type_, kind, _pairs(settings), reading, every * 60, most_changed))


@sources.command("edit")
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="Another name.")
@click.option("--kind", type=click.Choice(list(KINDS)), help="Another file type.")
@click.option("--with", "settings", multiple=True, metavar="SETTING=VALUE", help="A setting to change; SETTING= removes it.")
@click.option("--every", type=int, help="Minutes between runs.")
@click.option("--most-changed", type=int, help="Percentage of rows that may change or go before a person is asked.")
@_reading_options
@click.pass_obj
def edit(
    context: Context,
    /,
    name: str,
    new_name: str | None,
    kind: str | None,
    settings: tuple[str, ...],
    every: int | None,
    most_changed: int | None,
    **reading: Any,
) -> None:
    """Change a source. What is not named stays as it is, and so do its secrets.

    What it fetches or how it is read changes: it is then fetched from its beginning, and a person approves what comes.
    """
    changed = {setting: value or None for setting, value in _pairs(settings).items()}
    chosen = {choice: value for choice, value in reading.items() if value not in (None, ())}
    minutes = every * 60 if every is not None else None
    with context.database().transaction() as session:
        source = import_sources.named(session, name)
        wanted = source_edits.edited(source, Edit(new_name, kind, changed, chosen, minutes, most_changed))
        source = import_sources.change(session, source, wanted, context.settings, ACTOR, clock())
    click.echo(
        f"Source {source.name} saved." + ("" if source.approved else f" Its next document waits: musterroll sources run {source.name!r}")
    )


@sources.command("load")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.pass_obj
def load(context: Context, file: Path) -> None:
    """Add or change the sources of a JSON file: a list of objects as `musterroll sources list --json` prints them."""
    try:
        rows = json.loads(file.read_text())
        for row in rows if isinstance(rows, list) else [rows]:
            reading = {key: row.get("reading", {}).get(key) for key in (*LISTS, *WORDS, "accept_guesses")}
            every, most = int(row.get("every", 86_400)), int(row.get("most_changed", 10))
            _put(context, Wanted(row["name"], row["type"], row["kind"], row.get("settings", {}), reading, every, most))
    except (ValueError, KeyError, AttributeError, TypeError) as error:
        if isinstance(error, DomainError):
            raise
        raise DomainError(f"{file.name} is not a list of sources: {type(error).__name__} {str(error)[:80]}") from None


@sources.command("run")
@click.argument("name")
@click.pass_obj
def run(context: Context, name: str) -> None:
    """Run a source now. Its first document, and one beyond the limit, then waits for `musterroll sources approve`."""
    database = context.database()
    with database.snapshot() as session:
        source = import_sources.named(session, name)
    _say(name, _run(context, database, source.id or 0))


@sources.command("approve")
@click.argument("name")
@click.option("--discard", is_flag=True, help="Discard the document instead.")
@click.pass_obj
def approve(context: Context, name: str, discard: bool) -> None:
    """Import the document of a source that waits."""
    database = context.database()
    with database.transaction() as session:
        source = import_sources.named(session, name)
        import_sources.decide(session, source, not discard, ACTOR, clock())
    if discard:
        click.echo("Discarded.")
        return
    _say(name, _run(context, database, source.id or 0))


@sources.command("pause")
@click.argument("name")
@click.option("--resume", is_flag=True, help="Let it go on instead.")
@click.pass_obj
def pause(context: Context, name: str, resume: bool) -> None:
    """Pause a source."""
    with context.database().transaction() as session:
        import_sources.pause(session, import_sources.named(session, name), not resume, ACTOR, clock())
    click.echo("Resumed." if resume else "Paused.")


@sources.command("remove")
@click.argument("name")
@click.pass_obj
def remove(context: Context, name: str) -> None:
    """Remove a source. The records it brought stay."""
    with context.database().transaction() as session:
        change = import_sources.remove(session, import_sources.named(session, name), ACTOR, clock())
    click.echo(f"Removed. To undo: musterroll changes undo {change.id}")


@sources.command("history")
@click.argument("name")
@limit_option("runs", default=20, most=1000)
@json_option
@click.pass_obj
def history(context: Context, name: str, limit: int, as_json: bool) -> None:
    """List the runs of a source, newest first."""
    with context.database().snapshot() as session:
        runs = stored.runs(session, import_sources.named(session, name).id or 0, limit=limit)
    print_list(runs, _RUNS, empty="It has not run yet.", as_json=as_json, shape=lambda row: row.model_dump(mode="json"))


def _put(context: Context, wanted: Wanted) -> None:
    with context.database().transaction() as session:
        source = import_sources.put(session, wanted, context.settings, ACTOR, clock())
    click.echo(f"Source {source.name} saved. To fetch its first document: musterroll sources run {source.name!r}")


def _run(context: Context, database: Database, source_id: int) -> SourceRun | None:
    return SourceRunner(database, context.settings, clock).run(source_id)


def _say(name: str, run: SourceRun | None) -> None:
    if run is None:
        click.echo("Nothing new, or it is being run already.")
        return
    for note in run.notes:
        click.echo(f"{note[:1].upper()}{note[1:]}.")
    if run.shown:
        print_table(run.shown, _SHOWN)
    counts = outcome_counts(run.counts)
    if run.state is RunState.WAITING:
        click.echo(f"Ready: {counts}. {run.reason[:1].upper()}{run.reason[1:]}.\nTo import it: musterroll sources approve {name!r}")
        return
    undo = f" (import {run.import_run_id}; to undo it: musterroll imports undo {run.import_run_id})" if run.import_run_id else ""
    click.echo(f"{run.state.value.capitalize()}: {counts}{undo}")
    sys.exit(3 if run.counts.get("refused") else 0)


def _pairs(written: tuple[str, ...]) -> dict[str, str]:
    for text in written:
        if "=" not in text:
            raise DomainError(f"{text[:80]!r} is not of the form SETTING=VALUE")
    return {name.strip(): value for name, _, value in (text.partition("=") for text in written)}
