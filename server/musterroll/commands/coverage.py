"""`musterroll coverage SERIAL`: is this unit covered, by what, until when and why."""

from datetime import date
from typing import Any

import click

from musterroll.commands.context import Context, clock
from musterroll.commands.reconciliation import Day
from musterroll.commands.tables import json_option, print_json
from musterroll.domain.coverage.verdict import CoverageAnswer, CoverageVerdict
from musterroll.domain.values.dates import in_words
from musterroll.usecases.coverage import verdict as coverage_verdict

_ANSWERS = {
    CoverageAnswer.WARRANTY: "covered by warranty",
    CoverageAnswer.CONTRACT: "covered by contract",
    CoverageAnswer.BOTH: "covered by warranty and contract",
    CoverageAnswer.NONE: "not covered",
    CoverageAnswer.UNKNOWN: "coverage unknown",
}


@click.command()
@click.argument("serial")
@click.option("--on", type=Day(), help="Day, in the time zone of the unit's site; default: today.")
@json_option
@click.pass_obj
def coverage(context: Context, serial: str, on: date | None, as_json: bool) -> None:
    """Show whether the unit with this SERIAL (or unit ID) is covered, by what, until when and why."""
    database = context.database()
    with database.snapshot() as session:
        verdict = coverage_verdict.coverage(session, serial, on, clock())
    if as_json:
        print_json({"serial": serial, **shape(verdict)})
        return
    until = f" until {in_words(verdict.last_covered_day)}" if verdict.last_covered_day else ""
    click.echo(f"{serial}: {_ANSWERS[verdict.answer]}{until} (on {in_words(verdict.on)})")
    for sentence in (*verdict.reasons, *verdict.missing):
        click.echo(f"  {sentence[0].upper()}{sentence[1:]}")


def shape(verdict: CoverageVerdict) -> dict[str, Any]:
    """A verdict as JSON."""
    return {
        "on": verdict.on,
        "answer": verdict.answer.value,
        "covered": verdict.answer in (CoverageAnswer.WARRANTY, CoverageAnswer.CONTRACT, CoverageAnswer.BOTH),
        "last_covered_day": verdict.last_covered_day,
        "next_change": verdict.next_change,
        "reasons": verdict.reasons,
        "missing": verdict.missing,
        "periods": [
            {"kind": period.kind.value, "starts_on": period.span.starts_on, "ends_on": period.span.ends_on, "evidence": period.evidence}
            for period in verdict.periods
        ],
        "lines": [
            {
                "line": cover.line.ref,
                "contract": cover.contract.ref,
                "scope": cover.line.scope.value,
                "service": cover.line.service,
                "payment": cover.billing.payment.value,
            }
            for cover in verdict.covers
        ],
    }
