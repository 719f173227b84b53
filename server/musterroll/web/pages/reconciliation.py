"""Reconciliation: contracted, deployed and operating as quadrants, each a link to its findings."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from musterroll.domain.access import Role
from musterroll.domain.findings.kinds import OF_CELL, OWNERS, Kind
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.reconciliation.last_run import Kept, kept
from musterroll.web.http.context import clock, needs, page, read_only, transaction

pages = Blueprint("reconciliation", __name__)

COLOURS = {
    **{"111": "operating", "110": "stale", "101": "late", "100": "held"},
    **{"011": "accent", "010": "never_heard", "001": "stale", "000": "never_heard"},
}


@pages.get("/reconciliation")
def overview() -> str:
    with read_only() as session:
        found = kept(session)
    return page("reconciliation.html", clock(), found=found, cells=CELLS, of_cell=OF_CELL, colours=COLOURS, flags=flags, work=_work(found))


@pages.post("/reconciliation")
@needs(Role.PLANNER, everywhere=True)
def run() -> Response:
    now = clock()
    with transaction() as session:
        reconciliation_run.nightly(session, now)
    return redirect("/reconciliation", 303)


def flags(found: Kept, place: int) -> int:
    """How many units have a flag: contracted (0), deployed (1) or operating (2)."""
    return sum(count for code, count in found.cells.items() if code[place] == "1")


def _work(found: Kept) -> dict[str, list[Kind]]:
    """The kinds of findings there are, by owner."""
    work: dict[str, list[Kind]] = {}
    for kind, owner in OWNERS.items():
        if found.findings.get(kind):
            work.setdefault(owner, []).append(kind)
    return work
