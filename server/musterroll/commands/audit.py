"""`musterroll audit` and `musterroll changes`: who did what, the proof of it, and taking it back."""

import sys
from typing import Any

import click

from musterroll.commands.context import Context, clock, show
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import from_ms
from musterroll.storage.audit.log import Wanted, entries_back, undone_by
from musterroll.storage.audit.log import changes as changes_of
from musterroll.storage.audit.log import verify as verify_chain
from musterroll.storage.tables.audit import Change
from musterroll.usecases.undo import undo as undo_changes

_ACTOR = "command line"
BROKEN_CHAIN = 4  # exit status


@click.group()
def audit() -> None:
    """Who changed what, before and after, in a chain that shows tampering."""


@audit.command("verify")
@click.option("--head", help="A last hash noted earlier: it must still be in the chain, else entries were cut off its end.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def verify(context: Context, head: str | None, as_json: bool) -> None:
    """Walk the whole chain. Exit status: 0 every entry is as it was written, 4 one is not.

    Note the last hash somewhere else now and then: given as --head later, it proves that nothing was cut off the end.
    """
    with context.database().reading() as session:
        found = verify_chain(session, head)
    good = found.first_bad is None and found.head_found
    if as_json:
        show({"ok": good, **found._asdict()})
    elif good:
        click.echo(f"{found.entries:,} entries are as they were written. The last hash is {found.head}")
    elif found.first_bad is not None:
        click.echo(
            f"Entry {found.first_bad} is not as it was written, or entries before it are gone; {found.entries:,} before it are good."
        )
    else:
        click.echo(f"The hash {head} is not in the chain: entries were cut off its end. {found.entries:,} entries are left.")
    sys.exit(0 if good else BROKEN_CHAIN)


@audit.command("list")
@click.option("--before", type=int, help="Only changes before this number.")
@click.option("--kind", default="", help="Only of this kind: import, merge, decision, lifecycle, ...")
@click.option("--actor", default="", help="Only of this person or program.")
@click.option("--record", default="", metavar="TABLE/NUMBER", help="Only what wrote rows of a table, or one of them, as unit/12.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def list_(context: Context, before: int | None, kind: str, actor: str, record: str, limit: int, as_json: bool) -> None:
    """List changes, newest first; `audit show` has what each wrote."""
    table, _, key = record.partition("/")
    with context.database().reading() as session:
        rows = [_row(change, undone) for change, undone in changes_of(session, before, limit, Wanted(kind, actor, "", table, key))]
    if as_json:
        show(rows)
        return
    for row in rows:
        click.echo(_line(row))


@audit.command("show")
@click.argument("number", type=int)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1_000_000), help="How many rows, the last written first.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def show_(context: Context, number: int, limit: int, as_json: bool) -> None:
    """Show change NUMBER: who, when, why, and each row it wrote, before and after."""
    with context.database().reading() as session:
        found = session.get(Change, number)
        if found is None:
            raise NotFound(f"there is no change {number}")
        row, entries = _row(found, undone_by(session, number)), entries_back(session, number, None, limit)
    if as_json:
        shown = [{"id": one, "table": table, "key": key, "before": was, "after": became} for one, table, key, was, became in entries]
        show({**row, "rows": shown})
        return
    click.echo(_line(row))
    for _, table, key, was, became in entries:
        click.echo(f"  {table} {key}: {_differences(was, became)}")
    if len(entries) == limit:
        click.echo("... --limit shows more")


@click.group("changes")
def changes() -> None:
    """Imports, merges, moves and decisions, as acts that can be taken back."""


@changes.command("undo")
@click.argument("number", type=int)
@click.option("--reason", default="", help="Why.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def undo(context: Context, number: int, reason: str, as_json: bool) -> None:
    """Take back change NUMBER (see `musterroll audit list`): every row goes back to what it was, or nothing does."""
    with context.database().writing() as session:
        found = undo_changes.undo(session, number, _ACTOR, clock(), reason)
    if as_json:
        show({"undone": number, "change": found.id})
    else:
        click.echo(f"Change {number} is undone, by change {found.id}; to bring it back: musterroll changes undo {found.id}")


def _line(row: dict[str, Any]) -> str:
    undone = f" (undone by {row['undone_by']})" if row["undone_by"] else ""
    why = f": {row['reason']}" if row["reason"] else ""
    return f"{row['id']:>6}  {row['at']}  {row['actor']}  {row['kind']}  {row['subject']}{why}{undone}"


def _differences(was: dict[str, Any] | None, became: dict[str, Any] | None) -> str:
    if was is None or became is None:
        known = ", ".join(f"{name} {value}" for name, value in (was or became or {}).items() if value not in (None, "", name))
        return f"{'added' if was is None else 'taken out'}: {known}"
    return ", ".join(f"{name} {was.get(name) or 'nothing'} -> {value or 'nothing'}" for name, value in became.items())


def _row(change: Any, undone_by: int | None) -> dict[str, Any]:
    at = from_ms(change.at).strftime("%Y-%m-%d %H:%M:%S")
    kept = {name: getattr(change, name) for name in ("actor", "kind", "subject", "reason")}
    return {"id": change.id, "at": at, **kept, "undoes": change.undoes_id, "undone_by": undone_by}
