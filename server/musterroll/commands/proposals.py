"""`musterroll proposals`: possible duplicates, accepted or rejected by a person."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_json, print_table
from musterroll.domain.values.instants import from_ms
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.matching import splink
from musterroll.usecases.matching.proposals import ProposalView

_ACTOR = "command line"
_STATES = (matching_proposals.OPEN, matching_proposals.ACCEPTED, matching_proposals.REJECTED, matching_proposals.GONE)
_reason = click.option("--reason", default="", help="Reason.")


class _Line(NamedTuple):
    """A line of the list: a proposal, or one piece of its evidence below it."""

    id: int | None
    score: str
    field: str
    left: str
    right: str
    state: str


_LINES: Columns[_Line] = (
    Column("ID", lambda line: line.id, right=True),
    Column("SCORE", lambda line: line.score, right=True),
    Column("RECORD", lambda line: line.field),
    Column("FIRST", lambda line: line.left),
    Column("SECOND", lambda line: line.right),
    Column("STATE", lambda line: line.state),
)


@click.group()
def proposals() -> None:
    """Possible duplicates: accounts, units and contract lines. Nothing is merged until a person accepts it."""


@proposals.command("find")
@click.option("--with", "tool", type=click.Choice(["splink"]), help="Compare accounts with splink, for large lists.")
@json_option
@click.pass_obj
def find(context: Context, tool: str | None, as_json: bool) -> None:
    """Search for possible duplicates. Decisions are kept; open ones that no longer match are withdrawn."""
    twins = None
    if tool:
        with context.database().snapshot() as session:
            accounts = matching_proposals.accounts(session)
        twins = splink.similar_accounts(accounts)  # outside a transaction: it takes long
    with context.database().transaction() as session:
        result = matching_proposals.find_matches(session, clock(), twins)
    if as_json:
        print_json(result._asdict())
    else:
        click.echo(f"Possible duplicates: {result.new:,} new, {result.open:,} still open, {result.gone:,} withdrawn.")


@proposals.command("list")
@click.option(
    "--state",
    default=matching_proposals.OPEN,
    show_default=True,
    type=click.Choice([*_STATES, "all"]),
    help="Only this state; gone: withdrawn.",
)
@click.option("--kind", type=click.Choice(list(matching_proposals.KINDS)), help="Only this kind.")
@limit_option("possible duplicates")
@json_option
@click.pass_obj
def list_(context: Context, state: str, kind: str | None, limit: int, as_json: bool) -> None:
    """List possible duplicates, most likely first, with the evidence for and against each."""
    with context.database().snapshot() as session:
        rows, _ = matching_proposals.page(session, None if state == "all" else state, kind, limit=limit)
    if as_json:
        print_json([_shape(row) for row in rows])
    elif rows:
        print_table([line for row in rows for line in _lines(row)], _LINES)
    else:
        which = "" if state == "all" else f"{state} "
        click.echo(f"No {which}possible duplicates. To search for them: musterroll proposals find")


@proposals.command("accept")
@click.argument("number", type=int)
@click.option("--keep-right", is_flag=True, help="Of two accounts, keep the second instead of the first.")
@_reason
@json_option
@click.pass_obj
def accept(context: Context, number: int, keep_right: bool, reason: str, as_json: bool) -> None:
    """Accept possible duplicate NUMBER: merge the two accounts or units, or let the contract line cover the unit."""
    with context.database().transaction() as session:
        change = matching_proposals.accept(session, number, actor=_ACTOR, now=clock(), reason=reason, keep_right=keep_right)
    _report(number, "accepted", change.id or 0, as_json)


@proposals.command("reject")
@click.argument("number", type=int)
@_reason
@json_option
@click.pass_obj
def reject(context: Context, number: int, reason: str, as_json: bool) -> None:
    """Reject possible duplicate NUMBER: keep both."""
    with context.database().transaction() as session:
        change = matching_proposals.reject(session, number, actor=_ACTOR, now=clock(), reason=reason)
    _report(number, "rejected", change.id or 0, as_json)


def _report(number: int, state: str, change: int, as_json: bool) -> None:
    if as_json:
        print_json({"proposal": number, "state": state, "change": change})
    else:
        click.echo(f"Possible duplicate {number} {state}. To undo: musterroll changes undo {change}")


def _lines(row: ProposalView) -> Iterator[_Line]:
    proposal = row.proposal
    state = proposal.state if proposal.decided_by is None else f"{proposal.state} by {proposal.decided_by}"
    yield _Line(proposal.id, f"{proposal.weight:.0%}", proposal.kind.replace("_", " "), row.left, row.right, state)
    for field in proposal.evidence:
        yield _Line(None, f"{field['weight']:+.1f}", f"  {field['field']}", field["left"], field["right"], "")


def _shape(row: ProposalView) -> dict[str, Any]:
    proposal = row.proposal
    facts = {name: getattr(proposal, name) for name in ("id", "kind", "state", "weight", "evidence", "decided_by")}
    decided_at = None if proposal.decided_at is None else from_ms(proposal.decided_at).isoformat()
    return {**facts, "left": row.left, "right": row.right, "created_at": from_ms(proposal.created_at).isoformat(), "decided_at": decided_at}
