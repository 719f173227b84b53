"""`musterroll coverage SERIAL`: is this unit covered, by what, until when and why."""

from datetime import date
from typing import Any

import click

from musterroll.commands.context import Context, clock, show
from musterroll.commands.reconciliation import Day
from musterroll.domain.coverage.verdict import Answer, Verdict
from musterroll.domain.values.dates import in_words
from musterroll.usecases.coverage import verdict as coverage_verdict

_SAID = {
    Answer.WARRANTY: "covered by warranty",
    Answer.CONTRACT: "covered by contract",
    Answer.BOTH: "covered by warranty and by contract",
    Answer.NONE: "not covered",
    Answer.UNKNOWN: "cannot tell",
}


@click.command()
@click.argument("serial")
@click.option("--on", type=Day(), help="The day, in the calendar of the unit's site; default: today there.")
@click.option("--json", "as_json", is_flag=True, help="Answer for machines.")
@click.pass_obj
def coverage(context: Context, serial: str, on: date | None, as_json: bool) -> None:
    """Say whether the unit with this SERIAL (or unit id) is covered, by what, until when and why."""
    database = context.database()
    with database.reading() as session:
        found = coverage_verdict.coverage(session, serial, on, clock())
    if as_json:
        show({"serial": serial, **shape(found)})
        return
    until = f" until {in_words(found.last_covered_day)}" if found.last_covered_day else ""
    click.echo(f"{serial}: {_SAID[found.answer]}{until} (on {in_words(found.on)})")
    for sentence in (*found.reasons, *found.missing):
        click.echo(f"  {sentence[0].upper()}{sentence[1:]}")


def shape(found: Verdict) -> dict[str, Any]:
    """A verdict as JSON shows it."""
    return {
        "on": found.on,
        "answer": found.answer.value,
        "covered": found.answer in (Answer.WARRANTY, Answer.CONTRACT, Answer.BOTH),
        "last_covered_day": found.last_covered_day,
        "next_change": found.next_change,
        "reasons": found.reasons,
        "missing": found.missing,
        "periods": [
            {"kind": one.kind.value, "starts_on": one.span.starts_on, "ends_on": one.span.ends_on, "evidence": one.evidence}
            for one in found.periods
        ],
        "lines": [
            {
                "line": one.line.ref,
                "contract": one.contract.ref,
                "scope": one.line.scope.value,
                "service": one.line.service,
                "payment": one.billing.payment.value,
            }
            for one in found.covers
        ],
    }
