"""`musterroll findings`: what disagrees, worth most first; opened with its evidence; decided."""

from datetime import date
from typing import Any

import click
from sqlalchemy import Row

from musterroll.commands.context import Context, clock, show
from musterroll.commands.reconciliation import Day, words
from musterroll.domain.findings.decisions import State
from musterroll.domain.findings.kinds import OWNERS, Kind
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import Money
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.findings.decisions import Filter, Opened
from musterroll.usecases.findings.explain import Proof

_ACTOR = "command line"
_json = click.option("--json", "as_json", is_flag=True, help="Answer for machines.")


@click.group(invoke_without_command=True)
@click.option("--kind", type=click.Choice([kind.value for kind in Kind]), help="Only these.")
@click.option(
    "--state",
    default=State.OPEN.value,
    show_default=True,
    type=click.Choice([*(state.value for state in State), "all"]),
    help="Only in this state.",
)
@click.option("--owner", default="", help=f"Only the work of one of: {', '.join(sorted(set(OWNERS.values())))}.")
@click.option("--account", default="", help="Only of the account with this number and all below it.")
@click.option("--unit", "uid", default="", help="Only of the unit with this id.")
@click.option("--site", default="", help="Only of the site with this number.")
@click.option("--segment", help="Only of accounts of this segment.")
@click.option("--country", help="Only of sites in this country, or of accounts there.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--after", default=None, help="The `next` of the page before.")
@_json
@click.pass_context
def findings(
    context: click.Context,
    kind: str | None,
    state: str,
    owner: str,
    account: str,
    uid: str,
    site: str,
    segment: str | None,
    country: str | None,
    limit: int,
    after: str | None,
    as_json: bool,
) -> None:
    """List what the last run found, worth most first; see also `findings show`, `decide` and `undo`."""
    if context.invoked_subcommand is not None:
        return
    wanted = Filter(
        None if state == "all" else State(state), Kind(kind) if kind else None, owner, account, None, uid, site, segment, country
    )
    with context.obj.database().reading() as session:
        page = finding_decisions.findings(session, wanted, after, limit, clock())
    if as_json:
        worth = {one.currency: f"{one.amount:.2f}" for one in page.total.worth}
        show({"total": page.total.findings, "worth": worth, "findings": [shape(row) for row in page.rows], "next": page.next})
        return
    for row in page.rows:
        what = row.kind.replace("_", " ") + (f" ({row.variant.replace('_', ' ')})" if row.variant else "")
        click.echo(f"{row.id:>8}  {what:<42} {_subject(row):<28} {_worth(row):>16}  {row.account_ref or '':<10} {row.state}")
    click.echo(f"{page.total.findings:,} in all, worth a year: {words(page.total.worth) or 'no price is known'}")
    if page.next:
        click.echo(f"more: --after {page.next}")


@findings.command("show")
@click.argument("number", type=int)
@_json
@click.pass_obj
def show_(context: Context, number: int, as_json: bool) -> None:
    """Open finding NUMBER: what it says, what it is worth and why, and the rows and documents that prove it."""
    with context.database().reading() as session:
        opened = finding_decisions.finding(session, number, clock())
    if as_json:
        show(_opened(opened))
        return
    row, found = opened.row, opened.finding
    click.echo(f"{number}: {row.kind.replace('_', ' ')}, {row.state}, for {OWNERS[Kind(row.kind)]}")
    click.echo(f"  {found.says}" if found else "  By what is on record now this is not so any more; the next run will resolve it.")
    if found:
        click.echo(f"  worth {found.worth.value} a year: {found.worth.how}" if found.worth.value else f"  worth: {found.worth.how}")
    for proof in opened.proofs:
        click.echo(f"  {proof.evidence.table} {proof.evidence.id}: {proof.evidence.says}")
        for one in proof.documents:
            click.echo(f"      {one.file} line {one.line}: {one.verdict} ({one.actor}, {from_ms(one.at):%Y-%m-%d %H:%M} UTC)")
    for decided in opened.history:
        until = f" until {decided.until}" if decided.until else ""
        click.echo(f"  {from_ms(decided.at):%Y-%m-%d %H:%M} UTC {decided.by}: {decided.state}{until}: {decided.reason}")


@findings.command("decide")
@click.argument("numbers", type=int, nargs=-1, required=True)
@click.option("--accept", "to", flag_value=State.ACCEPTED.value, help="It is so, and work goes on.")
@click.option("--ignore-until", "until", type=Day(), help="Leave it until this day.")
@click.option("--resolve", "to", flag_value=State.RESOLVED.value, help="It is settled.")
@click.option("--reopen", "to", flag_value=State.OPEN.value, help="Take back what was decided.")
@click.option("--reason", default="", help="Why; needed for all but --reopen.")
@_json
@click.pass_obj
def decide(context: Context, numbers: tuple[int, ...], to: str | None, until: date | None, reason: str, as_json: bool) -> None:
    """Decide findings NUMBERS, all or none. The decision holds while the facts stay, and `findings undo` takes it back."""
    if (to is None) == (until is None):
        raise click.UsageError("say one of --accept, --ignore-until DAY, --resolve or --reopen")
    state = State.IGNORED if until else State(to or "")
    with context.database().writing() as session:
        change = finding_decisions.decide(session, numbers, state, reason=reason, until=until, actor=_ACTOR, now=clock())
    if as_json:
        show({"change": change.id, "decided": numbers, "state": state.value})
    else:
        click.echo(f"{len(numbers):,} decided: {state}; to take that back: musterroll changes undo {change.id}")


@findings.command("undo")
@click.argument("number", type=int)
@click.option("--reason", default="", help="Why.")
@_json
@click.pass_obj
def undo(context: Context, number: int, reason: str, as_json: bool) -> None:
    """Take back what was last decided of finding NUMBER, as if it had never been."""
    with context.database().writing() as session:
        change = finding_decisions.decision(session, number, _ACTOR, clock(), reason)
    if as_json:
        show({"finding": number, "undone": change.undoes_id, "change": change.id})
    else:
        click.echo(f"The last decision of finding {number} is taken back; to bring it back: musterroll changes undo {change.id}")


def shape(row: Row[Any]) -> dict[str, Any]:
    """A row of the list as JSON shows it."""
    names = ("id", "kind", "variant", "state", "serial", "uid", "line", "account", "account_ref", "model", "currency", "counted", "present")
    return {
        **{name: getattr(row, name) for name in names},
        "owner": OWNERS[Kind(row.kind)],
        "value": None if row.value is None else f"{row.value:.2f}",
        "facts": row.facts.split("\n"),
        **{name: from_ms(getattr(row, name)) for name in ("first_seen_at", "changed_at")},
        **{name: getattr(row, name) for name in ("reason", "decided_by", "until")},
    }


def _opened(opened: Opened) -> dict[str, Any]:
    found = opened.finding
    return {
        **shape(opened.row),
        "says": found.says if found else None,
        "worth": found.worth.how if found else None,
        "evidence": [_proof(proof) for proof in opened.proofs],
        "history": [
            {"state": one.state, "reason": one.reason, "until": one.until, "by": one.by, "at": from_ms(one.at)} for one in opened.history
        ],
    }


def _proof(proof: Proof) -> dict[str, Any]:
    documents = [{**one._asdict(), "at": from_ms(one.at)} for one in proof.documents]
    return {"table": proof.evidence.table, "id": proof.evidence.id, "says": proof.evidence.says, "documents": documents}


def _subject(row: Row[Any]) -> str:
    return row.serial or (f"line {row.line}" if row.line else f"{row.subject} {row.subject_id}")


def _worth(row: Row[Any]) -> str:
    return "" if row.value is None else str(Money(row.value, row.currency))
