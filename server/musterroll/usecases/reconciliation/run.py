"""Reconciling records with the fleet: the eight quadrants, and every finding with its value."""

from collections.abc import Collection
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.findings.kinds import OF_CELL
from musterroll.domain.imports import is_interrupted
from musterroll.domain.values.instants import day_end, to_ms
from musterroll.domain.values.money import Money, totals
from musterroll.domain.warranty.unit_claims import disagreement, read_claim
from musterroll.storage import reconcile_queue
from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.findings import lists as finding_lists
from musterroll.storage.findings import store as finding_store
from musterroll.storage.findings.store import FindingChanges
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.reconciliation import affected_units, cell_counters, unit_states
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.warranty import claim_candidates
from musterroll.usecases.warranty import periods as warranty_periods

_LONGEST_WAIT = 300_000  # ms since the last run


class Reconciliation(NamedTuple):
    """The fleet and its records on one day (UTC), with liveness as of an instant of that day, at the latest now.

    `money` is the annual value of findings by quadrant; `worth` of all findings, without double counting; one sum per currency.
    """

    on: date
    at: datetime
    units: int
    cells: dict[str, int]
    money: dict[str, tuple[Money, ...]]
    findings: dict[str, int]
    worth: tuple[Money, ...]
    stored: FindingChanges | None


def reconcile(session: Session, on: date | datetime, now: datetime, store: bool) -> Reconciliation:
    """Reconcile the whole fleet on a day or at an instant; with `store`, write the differences of findings, unit states and counts.

    A past day is assessed as of its end. For a future day, records apply as known and the fleet as it is now.
    """
    day, instant = day_and_instant(on, now)
    if store:
        run_statements.lock(session)
    judged = unit_states.judged(session, to_ms(instant), to_ms(now))
    staging = run_statements.stage_all(session, day, judged)
    _find(staging)
    run_statements.keep_in_reach(session, staging, "run_cell", "run_line")
    merged = finding_store.merge(staging, to_ms(now), whole=True) if store else None
    if store:
        cell_counters.keep(staging, whole=True)
        cell_counters.note_run(session, to_ms(instant), day)
    cells = cell_counters.counts(session) if store else unit_states.cells(staging)
    sums = finding_lists.sums(session) if store else finding_store.sums(staging)
    money = {code: sums.worth.get(kind, ()) for code, kind in OF_CELL.items()}
    worth = totals(money for sum_ in sums.worth.values() for money in sum_)
    return Reconciliation(day, instant, sum(cells.values()), cells, money, sums.counts, worth, merged)


def reconcile_changed(session: Session, unit_ids: Collection[int], now: datetime) -> FindingChanges:
    """Reconcile what changes to these units can affect, as of now. The result equals that of a whole run."""
    run_statements.lock(session)
    judged = unit_states.judged(session, to_ms(now), to_ms(now))
    staging = run_statements.stage_touched(session, now.astimezone(UTC).date(), judged, unit_ids)
    cell_counters.keep(staging, whole=False)
    affected_units.narrow(staging)
    _find(staging)
    return finding_store.merge(staging, to_ms(now), whole=False)


class Tick(NamedTuple):
    """The result of a tick: whether it was a whole run, how many units were queued, and what was written."""

    whole: bool
    units: int
    merged: FindingChanges


def waits(session: Session, now: datetime) -> bool:
    """Whether a run is better put off. While a large import or undo is under way, every step of it marks all units again."""
    last = cell_counters.last_run(session)
    if last is None or to_ms(now) - last.at > _LONGEST_WAIT:
        return False
    return any(not is_interrupted(run, now) for run in import_runs.incomplete(session))


def tick(session: Session, now: datetime) -> Tick | None:
    """Bring the stored reconciliation up to date; to be called every few seconds. None where there was nothing to do.

    Queued units are reconciled again; all units where records changed and where a new day (UTC) has begun.
    """
    last = cell_counters.last_run(session)
    queued = reconcile_queue.take(session)
    if queued is None or last is None or last.on != now.astimezone(UTC).date():
        return _whole(session, queued or (), now)
    if not queued:
        return None
    warranty_periods.apply_policies(session, queued, now)
    return Tick(False, len(queued), reconcile_changed(session, queued, now))


def nightly(session: Session, now: datetime) -> Tick:
    """A whole run, whatever is queued."""
    return _whole(session, reconcile_queue.take(session) or (), now)


def _whole(session: Session, queued: Collection[int], now: datetime) -> Tick:
    warranty_periods.apply_policies(session, queued, now)
    result = reconcile(session, now, now, store=True)
    assert result.stored is not None
    return Tick(True, len(queued), result.stored)


def day_and_instant(on: date | datetime, now: datetime) -> tuple[date, datetime]:
    """The day for records and the instant for liveness."""
    if isinstance(on, datetime):
        return on.astimezone(UTC).date(), min(on, now)
    return on, min(day_end(on), now)


def _find(staging: Staging) -> None:
    conflicts = [
        (candidate.unit_id, conflict.fact)
        for candidate in claim_candidates.claim_candidates(staging)
        if (conflict := disagreement(read_claim(candidate.card), candidate.periods)) is not None
    ]
    finding_store.define(staging, conflicts)
