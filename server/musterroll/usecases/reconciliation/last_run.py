"""The last stored reconciliation, which dashboards read."""

from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.findings.kinds import OF_CELL
from musterroll.domain.values.money import Money, totals
from musterroll.storage.findings import sums as finding_sums
from musterroll.storage.reconciliation import cell_counters
from musterroll.storage.reconciliation.cell_counters import Run


class LastRun(NamedTuple):
    """Units by quadrant; findings by kind, and those of them that have a price; their annual value by kind and
    by quadrant; `worth` is the total without double counting.

    `run` is the last whole run; None where nothing was reconciled yet.
    """

    run: Run | None
    cells: dict[str, int]
    findings: dict[str, int]
    priced: dict[str, int]
    worth_of: dict[str, tuple[Money, ...]]
    worth_in: dict[str, tuple[Money, ...]]
    worth: tuple[Money, ...]


def last_run(session: Session) -> LastRun:
    sums = finding_sums.stored(session)
    in_cell = {code: sums.worth.get(kind, ()) for code, kind in OF_CELL.items()}
    worth = totals(money for some in sums.worth.values() for money in some)
    return LastRun(cell_counters.last_run(session), cell_counters.counts(session), sums.counts, sums.priced, sums.worth, in_cell, worth)
