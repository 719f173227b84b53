"""`musterroll findings`: where records and telemetry disagree, with evidence, value and decisions."""

from datetime import date
from typing import Any

import click
from sqlalchemy import Row

from musterroll.commands.context import Context, clock
from musterroll.commands.rates import together
from musterroll.commands.reconciliation import Day, of_priced
from musterroll.commands.tables import Column, Columns, json_option, limit_option, print_json, print_table
from musterroll.domain.findings.decisions import FindingState
from musterroll.domain.findings.kinds import OWNERS, VARIANTS, FindingKind
from musterroll.domain.values.exchange import format_total
from musterroll.domain.values.instants import from_ms
from musterroll.domain.values.money import format_sums
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.findings import lists as finding_lists
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.findings.decisions import FindingDetail, FindingFilter
from musterroll.usecases.findings.explain import DocumentedEvidence

_ACTOR = "command line"
_FINDINGS: Columns[Row[Any]] = (
    Column("ID", lambda row: row.id, right=True),
    Column("FINDING", lambda row: FindingKind(row.kind).label + (f" ({VARIANTS[row.variant]})" if row.variant else "")),
    Column("UNIT OR LINE", lambda row: row.serial or (f"line {row.line}" if row.line else f"{row.subject} {row.subject_id}")),
    Column("ANNUAL VALUE", lambda row: format_sums(finding_lists.amounts(row)), right=True),
    Column("ACCOUNT", lambda row: row.account_ref),
    Column("STATE", lambda row: row.state),
)


@click.group(invoke_without_command=True)
@click.option("--kind", type=click.Choice([kind.value for kind in FindingKind]), help="Only this kind.")
@click.option(
    "--state",
    default=FindingState.OPEN.value,
    show_default=True,
    type=click.Choice([*(state.value for state in FindingState), "all"]),
    help="Only this state.",
)
@click.option("--owner", default="", help=f"Only this owner: {', '.join(OWNERS)}.")
@click.option("--account", default="", help="Only this account (number) and its subsidiaries.")
@click.option("--unit", "uid", default="", help="Only this unit (ID).")
@click.option("--site", default="", help="Only this site (number).")
@click.option("--segment", help="Only accounts in this segment.")
@click.option("--country", help="Only this country: of the site, else of the account.")
@limit_option("findings")
@click.option("--after", default=None, help="Next page: the value printed at the end of the page before.")
@json_option
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
    """List the findings of the last reconciliation, highest value first. See also `findings show`, `decide` and `undo`."""
    if context.invoked_subcommand is not None:
        return
    filters = FindingFilter(
        None if state == "all" else FindingState(state),
        FindingKind(kind) if kind else None,
        owner,
        account,
        None,
        uid,
        site,
        segment,
        country,
    )
    with context.obj.database().snapshot() as session:
        page = finding_decisions.findings(session, filters, after, limit, now := clock())
        exchange = exchange_rates.exchange(session, now.date())
    if as_json:
        worth = {money.currency: f"{money.amount:.2f}" for money in page.total.worth}
        sums = {
            "total": page.total.findings,
            "priced": page.total.priced,
            "worth": worth,
            "worth_together": together(exchange.total(page.total.worth)),
        }
        print_json({**sums, "findings": [shape(row) for row in page.rows], "next": page.next})
        return
    if page.rows:
        print_table(page.rows, _FINDINGS)
    value = format_total(page.total.worth, exchange) or "unknown (unpriced)"
    click.echo(f"Total: {page.total.findings:,} findings, annual value {value}{of_priced(page.total.priced, page.total.findings)}")
    if page.next:
        click.echo(f"Next page: --after {page.next}")


@findings.command("show")
@click.argument("number", type=int)
@json_option
@click.pass_obj
def show_(context: Context, number: int, as_json: bool) -> None:
    """Show finding NUMBER: what it says, its value and how that was calculated, and the records and documents behind it."""
    with context.database().snapshot() as session:
        opened = finding_decisions.finding(session, number, clock())
    if as_json:
        print_json(_opened(opened))
        return
    row, finding = opened.row, opened.finding
    click.echo(f"{number}: {FindingKind(row.kind).label}, {row.state}, owner {FindingKind(row.kind).owner}")
    click.echo(f"  {finding.says}" if finding else "  No longer true by the current records; the next reconciliation resolves it.")
    if finding:
        value = f"{format_sums(finding.worth.amounts)}: " if finding.worth.value else ""
        click.echo(f"  annual value {value}{finding.worth.how}")
    for proof in opened.proofs:
        click.echo(f"  {proof.evidence.table} {proof.evidence.id}: {proof.evidence.says}")
        for origin in proof.documents:
            imported = f"{origin.actor}, {from_ms(origin.at):%Y-%m-%d %H:%M} UTC"
            click.echo(f"      {origin.file} line {origin.line}: {origin.verdict} ({imported})")
    for decision in opened.history:
        until = f" until {decision.until}" if decision.until else ""
        click.echo(f"  {from_ms(decision.at):%Y-%m-%d %H:%M} UTC {decision.by}: {decision.state}{until}: {decision.reason}")


@findings.command("decide")
@click.argument("numbers", type=int, nargs=-1, required=True)
@click.option("--accept", "to", flag_value=FindingState.ACCEPTED.value, help="Confirm: the finding is right and is being worked on.")
@click.option("--ignore-until", "until", type=Day(), help="Snooze: ignore the finding until this day.")
@click.option("--resolve", "to", flag_value=FindingState.RESOLVED.value, help="Resolve: the disagreement is settled.")
@click.option("--reopen", "to", flag_value=FindingState.OPEN.value, help="Withdraw the decision.")
@click.option("--reason", default="", help="Reason; required, except with --reopen.")
@json_option
@click.pass_obj
def decide(context: Context, numbers: tuple[int, ...], to: str | None, until: date | None, reason: str, as_json: bool) -> None:
    """Record a decision on findings NUMBERS (all or none). It stands until the facts change; `findings undo` withdraws it."""
    if (to is None) == (until is None):
        raise click.UsageError("choose one of --accept, --ignore-until DAY, --resolve or --reopen")
    state = FindingState.IGNORED if until else FindingState(to or "")
    with context.database().transaction() as session:
        change = finding_decisions.decide(session, numbers, state, reason=reason, until=until, actor=_ACTOR, now=clock())
    if as_json:
        print_json({"change": change.id, "decided": numbers, "state": state.value})
    else:
        click.echo(f"{len(numbers):,} findings now {state}. To undo: musterroll changes undo {change.id}")


@findings.command("undo")
@click.argument("number", type=int)
@click.option("--reason", default="", help="Reason.")
@json_option
@click.pass_obj
def undo(context: Context, number: int, reason: str, as_json: bool) -> None:
    """Undo the last decision on finding NUMBER; the decision before it applies again."""
    with context.database().transaction() as session:
        change = finding_decisions.undo_decision(session, number, _ACTOR, clock(), reason)
    if as_json:
        print_json({"finding": number, "undone": change.undoes_id, "change": change.id})
    else:
        click.echo(f"Last decision on finding {number} undone. To redo it: musterroll changes undo {change.id}")


def shape(row: Row[Any]) -> dict[str, Any]:
    """A row of the list as JSON."""
    names = ("id", "kind", "variant", "state", "serial", "uid", "line", "account", "account_ref", "model", "currency", "counted", "present")
    return {
        **{name: getattr(row, name) for name in names},
        "owner": FindingKind(row.kind).owner,
        "value": None if row.value is None else f"{row.value:.2f}",
        "amounts": {money.currency: f"{money.amount:.2f}" for money in finding_lists.amounts(row)},
        "facts": row.facts.split("\n"),
        **{name: from_ms(getattr(row, name)) for name in ("first_seen_at", "changed_at")},
        **{name: getattr(row, name) for name in ("reason", "decided_by", "until")},
    }


def _opened(opened: FindingDetail) -> dict[str, Any]:
    finding = opened.finding
    return {
        **shape(opened.row),
        "says": finding.says if finding else None,
        "worth": finding.worth.how if finding else None,
        "evidence": [_proof(proof) for proof in opened.proofs],
        "history": [
            {"state": entry.state, "reason": entry.reason, "until": entry.until, "by": entry.by, "at": from_ms(entry.at)}
            for entry in opened.history
        ],
    }


def _proof(proof: DocumentedEvidence) -> dict[str, Any]:
    documents = [{**row._asdict(), "at": from_ms(row.at)} for row in proof.documents]
    return {"table": proof.evidence.table, "id": proof.evidence.id, "says": proof.evidence.says, "documents": documents}
