"""`musterroll audit` and `musterroll changes`: the audit log, its verification, and undo."""

import sys
from typing import Any

import click

from musterroll import long_work
from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_json, print_list, print_table
from musterroll.domain.values.errors import NotFound
from musterroll.domain.values.instants import from_ms
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit.blocks import LoggedEntry
from musterroll.storage.audit.verify import verify as verify_chain
from musterroll.storage.tables.audit import AuditChange

_ACTOR = "command line"
BROKEN_CHAIN = 4  # exit status
_CHANGES: Columns[dict[str, Any]] = (
    Column("ID", lambda row: row["id"], right=True),
    Column("TIME (UTC)", lambda row: row["at"]),
    Column("ACTOR", lambda row: row["actor"]),
    Column("KIND", lambda row: row["kind"]),
    Column("SUBJECT", lambda row: row["subject"]),
    Column("REASON", lambda row: row["reason"]),
    Column("UNDONE BY", lambda row: row["undone_by"], right=True),
)
_ENTRIES: Columns[LoggedEntry] = (
    Column("RECORD", lambda entry: f"{entry.table} {entry.key}"),
    Column("CHANGE", lambda entry: _differences(entry.before, entry.after)),
)


@click.group()
def audit() -> None:
    """The audit log: who changed what, before and after, in a tamper-evident chain."""


@audit.command("verify")
@click.option("--head", help="A head hash noted earlier: fails if it is no longer in the log, that is, if entries were cut off the end.")
@json_option
@click.pass_obj
def verify(context: Context, head: str | None, as_json: bool) -> None:
    """Verify the whole log. Exit status: 0 intact, 4 not.

    Note the head hash somewhere else from time to time: given as --head later, it proves that no entries were cut off the end.
    """
    with context.database().snapshot() as session:
        result = verify_chain(session, head)
    intact = result.first_bad is None and result.head_found
    if as_json:
        print_json({"ok": intact, **result._asdict()})
    elif intact:
        click.echo(f"{result.entries:,} entries verified. Head hash: {result.head}")
    elif result.first_bad is not None:
        click.echo(
            f"Entry {result.first_bad} was altered, or entries before it are missing. The first {result.entries:,} entries are intact."
        )
    else:
        click.echo(f"The hash {head} is not in the log: entries were cut off the end. {result.entries:,} entries are left.")
    sys.exit(0 if intact else BROKEN_CHAIN)


@audit.command("list")
@click.option("--before", type=int, help="Only changes before this change ID.")
@click.option("--kind", default="", help="Only this kind: import, merge, decision, lifecycle, ...")
@click.option("--actor", default="", help="Only changes by this user or program.")
@click.option("--record", default="", metavar="TABLE/ID", help="Only changes to this table, or to one record of it, such as unit/12.")
@limit_option("changes")
@json_option
@click.pass_obj
def list_(context: Context, before: int | None, kind: str, actor: str, record: str, limit: int, as_json: bool) -> None:
    """List changes, newest first; `audit show` has the details of each."""
    table, _, key = record.partition("/")
    which = audit_changes.ChangeFilter(kind, actor, "", table, key)
    with context.database().snapshot() as session:
        rows = [_row(change, undone) for change, undone in audit_changes.changes(session, before, limit, which)]
    print_list(rows, _CHANGES, empty="No changes.", as_json=as_json, shape=lambda row: row)


@audit.command("show")
@click.argument("number", type=int)
@limit_option("records", most=1_000_000)
@json_option
@click.pass_obj
def show_(context: Context, number: int, limit: int, as_json: bool) -> None:
    """Show change NUMBER: who, when, why, and every record it wrote, before and after."""
    with context.database().snapshot() as session:
        change = session.get(AuditChange, number)
        if change is None:
            raise NotFound(f"there is no change {number}")
        row, entries = _row(change, audit_changes.undone_by(session, number)), audit_changes.entries_back(session, number, None, limit)
    if as_json:
        print_json({**row, "rows": [entry._asdict() for entry in entries]})
        return
    print_table([row], _CHANGES)
    click.echo()
    print_table(entries, _ENTRIES)
    if len(entries) == limit:
        click.echo("More with a higher --limit.")


@click.group("changes")
def changes() -> None:
    """Undo imports, merges, moves and decisions."""


@changes.command("undo")
@click.argument("number", type=int)
@click.option("--reason", default="", help="Reason.")
@json_option
@click.pass_obj
def undo(context: Context, number: int, reason: str, as_json: bool) -> None:
    """Undo change NUMBER (see `musterroll audit list`): all records it wrote are restored, or none."""
    change = long_work.undo(context.database(), number, _ACTOR, clock, reason)
    if as_json:
        print_json({"undone": number, "change": change})
    else:
        click.echo(f"Change {number} undone by change {change}. To redo it: musterroll changes undo {change}")


def _differences(before: dict[str, Any] | None, after: dict[str, Any] | None) -> str:
    if before is None or after is None:
        values = ", ".join(f"{name} {value}" for name, value in (before or after or {}).items() if value not in (None, "", name))
        return f"{'added' if before is None else 'removed'}: {values}"
    return ", ".join(f"{name} {before.get(name) or '(empty)'} -> {value or '(empty)'}" for name, value in after.items())


def _row(change: Any, undone_by: int | None) -> dict[str, Any]:
    at = from_ms(change.at).strftime("%Y-%m-%d %H:%M:%S")
    facts = {name: getattr(change, name) for name in ("actor", "kind", "subject", "reason")}
    return {"id": change.id, "at": at, **facts, "undoes": change.undoes_id, "undone_by": undone_by}
