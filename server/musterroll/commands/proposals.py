"""`musterroll proposals`: records that may be of one thing, and what a person decides of them."""

from typing import Any

import click

from musterroll.commands.context import Context, clock, show
from musterroll.domain.values.instants import from_ms
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.matching import splink
from musterroll.usecases.matching.proposals import Shown

_ACTOR = "command line"
_STATES = (matching_proposals.OPEN, matching_proposals.ACCEPTED, matching_proposals.REJECTED, matching_proposals.GONE)
_json = click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
_reason = click.option("--reason", default="", help="Why.")


@click.group()
def proposals() -> None:
    """Accounts, units and lines that may be the same. Nothing is merged without a person."""


@proposals.command("find")
@click.option("--with", "tool", type=click.Choice(["splink"]), help="What weighs accounts: splink learns the weights from a large list.")
@_json
@click.pass_obj
def find(context: Context, tool: str | None, as_json: bool) -> None:
    """Look for near matches again. What was decided stays decided; what is found no more is gone."""
    twins = None
    if tool:
        with context.database().reading() as session:
            accounts = matching_proposals.accounts(session)
        twins = splink.twins(accounts)  # outside a transaction: it takes long
    with context.database().writing() as session:
        found = matching_proposals.find(session, clock(), twins)
    if as_json:
        show(found._asdict())
    else:
        click.echo(f"{found.new:,} new proposals, {found.open:,} still open, {found.gone:,} gone.")


@proposals.command("list")
@click.option("--state", default=matching_proposals.OPEN, show_default=True, type=click.Choice([*_STATES, "all"]))
@click.option("--kind", type=click.Choice(list(matching_proposals.KINDS)), help="Only these.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@_json
@click.pass_obj
def list_(context: Context, state: str, kind: str | None, limit: int, as_json: bool) -> None:
    """List proposals, the surest first, with what speaks for and against each."""
    with context.database().reading() as session:
        rows = matching_proposals.listed(session, None if state == "all" else state, kind, limit=limit)
    if as_json:
        show([_row(row) for row in rows])
        return
    if not rows:
        which = "" if state == "all" else f"{state} "
        click.echo(f"There is no {which}proposal; musterroll proposals find looks for near matches.")
    for row in rows:
        one = row.proposal
        decided = "" if one.state == matching_proposals.OPEN else f" ({one.state} by {one.decided_by or 'nobody'})"
        click.echo(f"{one.id:>6}  {one.weight:>4.0%}  {one.kind}  {row.left} = {row.right} ?{decided}")
        for field in one.evidence:
            click.echo(f"                {field['weight']:>+5.1f}  {field['field']}: {field['left']} | {field['right']}")


@proposals.command("accept")
@click.argument("number", type=int)
@click.option("--keep-right", is_flag=True, help="Of two accounts the second stays, not the first.")
@_reason
@_json
@click.pass_obj
def accept(context: Context, number: int, keep_right: bool, reason: str, as_json: bool) -> None:
    """Do what proposal NUMBER says."""
    with context.database().writing() as session:
        change = matching_proposals.accept(session, number, actor=_ACTOR, now=clock(), reason=reason, keep_right=keep_right)
    _done(number, "accepted", change.id or 0, as_json)


@proposals.command("reject")
@click.argument("number", type=int)
@_reason
@_json
@click.pass_obj
def reject(context: Context, number: int, reason: str, as_json: bool) -> None:
    """Say that the two of proposal NUMBER are two."""
    with context.database().writing() as session:
        change = matching_proposals.reject(session, number, actor=_ACTOR, now=clock(), reason=reason)
    _done(number, "rejected", change.id or 0, as_json)


def _done(number: int, what: str, change: int, as_json: bool) -> None:
    if as_json:
        show({"proposal": number, "state": what, "change": change})
    else:
        click.echo(f"Proposal {number} is {what}; to take that back: musterroll changes undo {change}")


def _row(row: Shown) -> dict[str, Any]:
    one = row.proposal
    kept = {name: getattr(one, name) for name in ("id", "kind", "state", "weight", "evidence", "decided_by")}
    decided_at = None if one.decided_at is None else from_ms(one.decided_at).isoformat()
    return {**kept, "left": row.left, "right": row.right, "created_at": from_ms(one.created_at).isoformat(), "decided_at": decided_at}
