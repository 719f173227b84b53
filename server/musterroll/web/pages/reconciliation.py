"""Reconciliation: contracted, deployed and operating as quadrants, each a link to its findings."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from musterroll import long_work
from musterroll.domain.access import Role
from musterroll.domain.findings.kinds import OF_CELL, FindingKind
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.usecases.installed_base.account_overview import units_by_lists
from musterroll.usecases.reconciliation.last_run import LastRun, last_run
from musterroll.web.http.context import clock, context, needs, page, read_only
from musterroll.web.wording.findings import KINDS

pages = Blueprint("reconciliation", __name__)

COLOURS = {"111": "operating", "000": "never_heard", **{code: KINDS[kind].colour for code, kind in OF_CELL.items()}}  # of the quadrants


@pages.get("/reconciliation")
def overview() -> str:
    with read_only() as session:
        latest, by_lists = last_run(session), units_by_lists(session, None, clock())
    facts = {"last_run": latest, "cells": CELLS, "of_cell": OF_CELL, "colours": COLOURS, "by_lists": by_lists}
    return page("reconciliation.html", clock(), **facts, flags=flags, work=_work(latest))


@pages.post("/reconciliation")
@needs(Role.PLANNER, everywhere=True)
def run() -> Response:
    now = clock()
    long_work.reconcile(context().database, now, now)
    return redirect("/reconciliation", 303)


def flags(last_run: LastRun, place: int) -> int:
    """How many units have a flag: contracted (0), deployed (1) or operating (2)."""
    return sum(count for code, count in last_run.cells.items() if code[place] == "1")


def _work(last_run: LastRun) -> dict[str, list[FindingKind]]:
    """The kinds with findings, by owner."""
    work: dict[str, list[FindingKind]] = {}
    for kind in FindingKind:
        if last_run.findings.get(kind):
            work.setdefault(kind.owner, []).append(kind)
    return work
