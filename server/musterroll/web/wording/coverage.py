"""How coverage is said on the pages: one word, one icon, one colour, and until when."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.coverage.verdict import Answer, Verdict
from musterroll.web.wording.states import day

_BY = {Answer.WARRANTY: "by warranty", Answer.CONTRACT: "by contract", Answer.BOTH: "by warranty and contract"}
_SOON = 60  # days before the last one that are worth a warning


class Said(NamedTuple):
    """`state` gives the colour as `is-<state>`; `word` is the answer, `line` until when and by what."""

    state: str
    word: str
    line: str
    icon: str


def install(app: Flask) -> None:
    app.jinja_env.globals.update(cover_said=said, cover_lines=lines, service_levels=service_levels)


def said(verdict: Verdict) -> Said:
    """The answer a technician reads aloud."""
    if verdict.answer is Answer.UNKNOWN:
        return Said("late", "Cannot tell", "The paper is missing.", "help-circle")
    if verdict.answer is Answer.NONE:
        return Said("stale", "Not covered", _from(verdict), "shield-x")
    by, last = _BY[verdict.answer], verdict.last_covered_day
    if last is None:
        return Said("operating", "Covered", f"With no end on record, {by}.", "shield-check")
    left = (last - verdict.on).days
    if left < _SOON:
        return Said("late", "Covered, ending soon", f"Until {day(last)}, {by}: {_days(left)}.", "shield-check")
    return Said("operating", "Covered", f"Until {day(last)}, {by}.", "shield-check")


def lines(verdict: Verdict) -> list[str]:
    """The contract lines that hold that day, as `contract/number`."""
    return [cover.line.ref for cover in verdict.covers]


def service_levels(verdict: Verdict) -> list[str]:
    """What the lines that hold promise, each once."""
    return list(dict.fromkeys(cover.line.service for cover in verdict.covers if cover.line.service))


def _from(verdict: Verdict) -> str:
    return f"Cover starts on {day(verdict.next_change)}." if verdict.next_change else "Neither by warranty nor by contract."


def _days(left: int) -> str:
    return "today is the last day" if left <= 0 else "1 day left" if left == 1 else f"{left} days left"
