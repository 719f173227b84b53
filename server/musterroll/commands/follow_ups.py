"""`musterroll follow-ups`: who calls an account, until when."""

from datetime import datetime
from typing import Any

import click
from sqlalchemy import Row

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_list
from musterroll.storage.accounts import follow_ups as stored
from musterroll.storage.accounts.follow_ups import FollowUpFilter
from musterroll.usecases.accounts import follow_ups as account_follow_ups
from musterroll.usecases.accounts.follow_ups import Assignment

_ACTOR = "command line"
_ROWS: Columns[Row[Any]] = (
    Column("ACCOUNT", lambda row: f"{row.ref} {row.name}"),
    Column("ASSIGNED TO", lambda row: row.assignee),
    Column("DUE", lambda row: row.due_on),
    Column("", lambda row: "done" if row.done else ""),
    Column("COMMENT", lambda row: row.comment),
)


@click.group("follow-ups")
def follow_ups() -> None:
    """Accounts assigned to people, with a due date and a comment."""


@follow_ups.command("list")
@click.option("--assignee", default="", help="Only those of this user.")
@click.option("--all", "all_", is_flag=True, help="Also those that are done.")
@limit_option("follow-ups")
@json_option
@click.pass_obj
def list_(context: Context, assignee: str, all_: bool, limit: int, as_json: bool) -> None:
    """List follow-ups, in the order they were added."""
    with context.database().snapshot() as session:
        rows = stored.page(session, FollowUpFilter(assignee, None if all_ else False), 0, limit)
    print_list(rows, _ROWS, empty="No follow-ups.", as_json=as_json, shape=_shape)


@follow_ups.command("set")
@click.argument("account")
@click.argument("assignee")
@click.option("--due", type=click.DateTime(["%Y-%m-%d"]), help="Due date.")
@click.option("--comment", default="", help="What it is about.")
@click.option("--done", is_flag=True, help="It is done.")
@click.pass_obj
def set_(context: Context, account: str, assignee: str, due: datetime | None, comment: str, done: bool) -> None:
    """Assign an account (by its number) to a user, as in: musterroll follow-ups set A00001 kim --due 2026-12-10"""
    to = Assignment(assignee, due.date() if due else None, comment, done)
    with context.database().transaction() as session:
        change = account_follow_ups.follow_up(session, account, to, _ACTOR, clock())
        click.echo(f"Saved as change {change.id}" if change else "Nothing to change")


def _shape(row: Row[Any]) -> dict[str, Any]:
    return {"account": row.ref, "name": row.name, **{name: getattr(row, name) for name in Assignment._fields}}
