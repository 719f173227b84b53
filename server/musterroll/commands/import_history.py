"""`musterroll imports` and `musterroll mappings`: import history, undo, and saved column mappings."""

import click

from musterroll import long_work
from musterroll.commands.context import Context, clock
from musterroll.commands.import_output import outcome_counts, outcome_words
from musterroll.commands.imports import ACTOR
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_json, print_list, print_table
from musterroll.domain.imports import is_interrupted
from musterroll.domain.values.instants import from_ms
from musterroll.storage.imports.runs import RunRow
from musterroll.storage.tables.imports import ImportRow, SavedMapping
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import mappings as import_mappings

_IMPORTS: Columns[RunRow] = (
    Column("ID", lambda run: run.id, right=True),
    Column("KIND", lambda run: run.kind),
    Column("FILE", lambda run: run.file),
    Column("TIME (UTC)", lambda run: f"{from_ms(run.at):%Y-%m-%d %H:%M}"),
    Column("IMPORTED BY", lambda run: run.actor),
    Column("ROWS", lambda run: outcome_counts(run.counts) + (f"; {_progress(run)}, up to line {run.line:,}" if run.line else "")),
    Column("UNDONE BY", lambda run: run.undone_by and f"change {run.undone_by}{f' ({_progress(run)})' if run.undoing else ''}"),
)
_ROWS: Columns[ImportRow] = (
    Column("LINE", lambda row: row.line, right=True),
    Column("OUTCOME", lambda row: outcome_words(row.verdict)),
    Column("DETAIL", lambda row: row.detail),
)
_COLUMNS: Columns[tuple[str, str]] = (Column("HEADING", lambda pair: pair[0]), Column("FIELD", lambda pair: pair[1] or "(ignored)"))
_MAPPINGS: Columns[SavedMapping] = (
    Column("NAME", lambda mapping: mapping.name),
    Column("KIND", lambda mapping: mapping.kind),
    Column("COLUMNS", lambda mapping: len(mapping.columns), right=True),
)


def _progress(run: RunRow) -> str:
    return "interrupted" if is_interrupted(run, clock()) else "not complete"


@click.group()
def imports() -> None:
    """Import history and undo."""


@imports.command("list")
@limit_option("imports", default=20, most=1000)
@json_option
@click.pass_obj
def list_(context: Context, limit: int, as_json: bool) -> None:
    """List imports, newest first."""
    database = context.database()
    with database.snapshot() as session:
        runs = import_history.runs(session, limit=limit)
    print_list(runs, _IMPORTS, empty="No imports yet.", as_json=as_json, shape=_shape)


@imports.command("show")
@click.argument("run_id", metavar="ID", type=int)
@limit_option("rows", default=100, most=1_000_000)
@json_option
@click.pass_obj
def show_(context: Context, run_id: int, limit: int, as_json: bool) -> None:
    """Show one import: its columns, and its rows except unchanged ones."""
    database = context.database()
    with database.snapshot() as session:
        run = import_history.run(session, run_id)
        rows = import_history.rows(session, run_id, limit=limit)
    if as_json:
        print_json({**_shape(run), "rows": [row.model_dump(exclude={"run_id"}) for row in rows]})
        return
    print_table([run], _IMPORTS)
    click.echo()
    print_table(list(run.mapping.items()), _COLUMNS)
    if rows:
        click.echo()
        print_table(rows, _ROWS)
    if len(rows) == limit:
        click.echo("More with a higher --limit.")


@imports.command("undo")
@click.argument("run_id", metavar="ID", type=int)
@click.option("--reason", default="", help="Reason.")
@json_option
@click.pass_obj
def undo(context: Context, run_id: int, reason: str, as_json: bool) -> None:
    """Undo an import: restore every record, or report what prevents it."""
    change = long_work.undo_import(context.database(), run_id, ACTOR, clock, reason)
    if as_json:
        print_json({"undone": run_id, "change": change})
    else:
        click.echo(f"Import {run_id} undone by change {change}. To redo it: musterroll changes undo {change}")


@click.group()
def mappings() -> None:
    """Saved column mappings of customers' files."""


@mappings.command("list")
@json_option
@click.pass_obj
def list_mappings(context: Context, as_json: bool) -> None:
    """List saved mappings."""
    with context.database().snapshot() as session:
        saved = import_mappings.saved(session)
    empty = "No saved mappings. To save one: musterroll import ... --map 'Their Heading=field' --save-mapping NAME"
    print_list(saved, _MAPPINGS, empty=empty, as_json=as_json, shape=lambda mapping: mapping.model_dump(exclude={"id"}))


@mappings.command("show")
@click.argument("name")
@json_option
@click.pass_obj
def show_mapping(context: Context, name: str, as_json: bool) -> None:
    """Show the columns of a mapping."""
    with context.database().snapshot() as session:
        mapping = import_mappings.find(session, name)
    if as_json:
        print_json(mapping.model_dump(exclude={"id"}))
    else:
        print_table(list(mapping.columns.items()), _COLUMNS)


@mappings.command("delete")
@click.argument("name")
@click.pass_obj
def delete(context: Context, name: str) -> None:
    """Delete a mapping. Records imported with it stay."""
    with context.database().transaction() as session:
        import_mappings.delete(session, name)
    click.echo(f"Mapping {name} deleted.")


def _shape(run: RunRow) -> dict[str, object]:
    return {**run._asdict(), "at": from_ms(run.at).isoformat().replace("+00:00", "Z")}
