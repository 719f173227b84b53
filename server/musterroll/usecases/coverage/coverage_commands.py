"""Commands that tell a device its own coverage and last report, for the person installing or maintaining it."""

from collections.abc import Iterable
from datetime import datetime

from musterroll_wire.messages import Command
from sqlmodel import Session

from musterroll.domain.coverage.verdict import CoverageAnswer, CoverageVerdict
from musterroll.domain.values.dates import in_words
from musterroll.domain.values.errors import DomainError
from musterroll.usecases.coverage import verdict as coverage_verdict
from musterroll.usecases.units.look_up import unit_card

_LONGEST = 2000  # characters: a command is at most 8 KiB
_ANSWERS = {
    CoverageAnswer.WARRANTY: "In warranty",
    CoverageAnswer.CONTRACT: "Under contract",
    CoverageAnswer.BOTH: "In warranty and under contract",
    CoverageAnswer.NONE: "Not covered",
}


def coverage_commands(session: Session, uids: Iterable[str], now: datetime) -> list[tuple[str, Command]]:
    """A `coverage` command per unit: {"words", "answer", "until" (last covered day), "heard" (unix seconds)}."""
    return [(uid, command) for uid in uids if (command := _coverage(session, uid, now))]


def _coverage(session: Session, uid: str, now: datetime) -> Command | None:
    try:
        verdict, heard_at = coverage_verdict.coverage(session, uid, None, now), unit_card(session, uid, now).heard_at
    except DomainError:  # removed in the meantime
        return None
    data = {"words": verdict_text(verdict), "answer": verdict.answer.value}
    until = {"until": verdict.last_covered_day.isoformat()} if verdict.last_covered_day else {}
    heard = {"heard": heard_at // 1000} if heard_at is not None else {}
    return Command("coverage", {**data, **until, **heard})


def verdict_text(verdict: CoverageVerdict) -> str:
    """The verdict in a few sentences."""
    until = f" until {in_words(verdict.last_covered_day)}" if verdict.last_covered_day else ""
    known = [] if verdict.answer is CoverageAnswer.UNKNOWN else [f"{_ANSWERS[verdict.answer]}{until}."]
    return " ".join((*known, *verdict.reasons, *(f"{what[:1].upper()}{what[1:]}." for what in verdict.missing)))[:_LONGEST]
