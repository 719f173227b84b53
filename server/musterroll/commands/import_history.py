"""`musterroll imports` and `musterroll mappings`: what was imported, taking it back, and the columns saved for next time."""

import click

from musterroll.commands.context import Context, clock, show
from musterroll.commands.imports import ACTOR
from musterroll.domain.values.instants import from_ms
from musterroll.storage.imports.runs import RunRow
from musterroll.usecases.imports import history as import_history
from musterroll.usecases.imports import mappings as import_mappings

_JSON = click.option("--json", "as_json", is_flag=True, help="Answer for machines.")


@click.group()
def imports() -> None:
    """What was imported, and taking it back."""


@imports.command("list")
@click.option("--limit", default=20, type=click.IntRange(1, 1000), help="How many, newest first.")
@_JSON
@click.pass_obj
def list_(context: Context, limit: int, as_json: bool) -> None:
    """Imports, newest first."""
    database = context.database()
    with database.reading() as session:
        found = import_history.runs(session, limit=limit)
    if as_json:
        show([_shape(run) for run in found])
        return
    for run in found:
        click.echo(_line(run))
    if not found:
        click.echo("Nothing was imported yet.")


@imports.command("show")
@click.argument("run_id", metavar="ID", type=int)
@click.option("--limit", default=100, type=click.IntRange(1, 1_000_000), help="How many rows.")
@_JSON
@click.pass_obj
def show_(context: Context, run_id: int, limit: int, as_json: bool) -> None:
    """One import, with its rows that were not simply the same."""
    database = context.database()
    with database.reading() as session:
        run = import_history.run(session, run_id)
        rows = import_history.rows(session, run_id, limit=limit)
    if as_json:
        show({**_shape(run), "rows": [row.model_dump(exclude={"run_id"}) for row in rows]})
        return
    click.echo(_line(run))
    click.echo("columns: " + ", ".join(f"{heading} = {field}" for heading, field in run.mapping.items()))
    for row in rows:
        click.echo(f"line {row.line}: {row.verdict}{': ' + row.detail if row.detail else ''}")
    if len(rows) == limit:
        click.echo("... --limit shows more")


@imports.command("undo")
@click.argument("run_id", metavar="ID", type=int)
@click.option("--reason", default="", help="Why, for the history.")
@_JSON
@click.pass_obj
def undo(context: Context, run_id: int, reason: str, as_json: bool) -> None:
    """Put every record back to what it was before an import, or say what stands in the way."""
    database = context.database()
    with database.writing() as session:
        change = import_history.undo(session, run_id, ACTOR, clock(), reason)
    if as_json:
        show({"undone": run_id, "change": change})
    else:
        click.echo(f"Import {run_id} is undone, by change {change}; to bring it back: musterroll changes undo {change}")


@click.group()
def mappings() -> None:
    """Columns of customers' files, saved to be used again."""


@mappings.command("list")
@_JSON
@click.pass_obj
def list_mappings(context: Context, as_json: bool) -> None:
    """Every saved mapping."""
    with context.database().reading() as session:
        found = import_mappings.saved(session)
    if as_json:
        show([mapping.model_dump(exclude={"id"}) for mapping in found])
        return
    for mapping in found:
        click.echo(f"{mapping.name} ({mapping.kind}): {len(mapping.columns)} columns")
    if not found:
        click.echo("No mapping is saved yet; musterroll import ... --map 'Their Heading=field' --save-mapping NAME saves one.")


@mappings.command("show")
@click.argument("name")
@_JSON
@click.pass_obj
def show_mapping(context: Context, name: str, as_json: bool) -> None:
    """The columns of one mapping."""
    with context.database().reading() as session:
        found = import_mappings.find(session, name)
    if as_json:
        show(found.model_dump(exclude={"id"}))
        return
    for heading, field in found.columns.items():
        click.echo(f"{heading} = {field or '(passed over)'}")


@mappings.command("delete")
@click.argument("name")
@click.pass_obj
def delete(context: Context, name: str) -> None:
    """Forget a mapping; what was imported with it stays."""
    with context.database().writing() as session:
        import_mappings.delete(session, name)
    click.echo(f"The mapping {name} is deleted.")


def _line(run: RunRow) -> str:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in run.counts.items())
    undone = f", undone by change {run.undone_by}" if run.undone_by else ""
    return f"import {run.id}: {run.kind} from {run.file}, {from_ms(run.at):%Y-%m-%d %H:%M} UTC, {run.actor}: {counts}{undone}"


def _shape(run: RunRow) -> dict[str, object]:
    return {**run._asdict(), "at": from_ms(run.at).isoformat().replace("+00:00", "Z")}
