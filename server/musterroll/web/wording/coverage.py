"""Wording of coverage on the pages: one word, one icon, one colour, and until when."""

from typing import NamedTuple

from flask import Flask

from musterroll.domain.coverage.verdict import CoverageAnswer, CoverageVerdict
from musterroll.web.wording.states import day

_BY = {
    CoverageAnswer.WARRANTY: "Under warranty",
    CoverageAnswer.CONTRACT: "Under contract",
    CoverageAnswer.BOTH: "Under warranty and contract",
}
_SOON = 60  # days of remaining coverage that give a warning


class CoverageWording(NamedTuple):
    """`state` gives the colour as `is-<state>`; `word` is the answer, `line` says until when and by what."""

    state: str
    word: str
    line: str
    icon: str


def install(app: Flask) -> None:
    app.jinja_env.globals.update(coverage_wording=coverage_wording, cover_lines=lines, service_levels=service_levels)


def coverage_wording(verdict: CoverageVerdict) -> CoverageWording:
    """The answer in a few words."""
    if verdict.answer is CoverageAnswer.UNKNOWN:
        return CoverageWording("late", "Coverage unknown", "The records are incomplete.", "help-circle")
    if verdict.answer is CoverageAnswer.NONE:
        return CoverageWording("stale", "Not covered", _from(verdict), "shield-x")
    by, last = _BY[verdict.answer], verdict.last_covered_day
    if last is None:
        return CoverageWording("operating", "Covered", f"{by}, no end date.", "shield-check")
    left = (last - verdict.on).days
    if left < _SOON:
        return CoverageWording("late", "Covered, expiring soon", f"{by} until {day(last)}: {_days(left)}.", "shield-check")
    return CoverageWording("operating", "Covered", f"{by} until {day(last)}.", "shield-check")


def lines(verdict: CoverageVerdict) -> list[str]:
    """The contract lines in force that day, as `contract/number`."""
    return [cover.line.ref for cover in verdict.covers]


def service_levels(verdict: CoverageVerdict) -> list[str]:
    """The service levels of those lines, each once."""
    return list(dict.fromkeys(cover.line.service for cover in verdict.covers if cover.line.service))


def _from(verdict: CoverageVerdict) -> str:
    return f"Coverage starts on {day(verdict.next_change)}." if verdict.next_change else "No warranty or contract in force."


def _days(left: int) -> str:
    return "last day today" if left <= 0 else "1 day left" if left == 1 else f"{left} days left"
