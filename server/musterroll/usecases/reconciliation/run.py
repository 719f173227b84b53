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
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.engine.columns import Columns
from musterroll.storage.findings import store as finding_store
from musterroll.storage.findings import sums as finding_sums
from musterroll.storage.findings import unit_rules
from musterroll.storage.findings.store import FindingChanges
from musterroll.storage.findings.sums import FindingSums
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.reconciliation import affected_units, cell_counters, unit_states
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.reconciliation.run import RunAt
from musterroll.storage.warranty import claim_candidates
from musterroll.usecases.warranty import periods as warranty_periods

_LONGEST_WAIT = 300_000  # ms since the last run


class Reconciliation(NamedTuple):
    """The fleet and its records on one day (UTC), with liveness as of an instant of that day, at the latest now.

    `priced` are the findings that have a price. `money` is the annual value of findings by quadrant; `worth` of all
    findings, without double counting; one sum per currency.
    """

    on: date
    at: datetime
    units: int
    cells: dict[str, int]
    money: dict[str, tuple[Money, ...]]
    findings: dict[str, int]
    priced: dict[str, int]
    worth: tuple[Money, ...]
    stored: FindingChanges | None


class Computed(NamedTuple):
    """A whole run that is not stored yet, with what it was computed from: the marks in the queue, and the stored results."""

    columns: Columns
    on: date
    at: datetime
    marks: frozenset[int]
    stamp: str


def reconcile(session: Session, on: date | datetime, now: datetime, store: bool) -> Reconciliation:
    """Reconcile the whole fleet on a day or at an instant; with `store`, write the differences of findings, unit states and counts.

    A past day is assessed as of its end. For a future day, records apply as known and the fleet as it is now.
    """
    if store:
        run_statements.lock(session)
    day, instant = day_and_instant(on, now)
    columns = _columns(session, day, instant, now)
    if store:
        read_stored(columns)
        compare(columns)
        return _keep(session, columns, day, instant, now)
    run_statements.keep_in_reach(session, columns, "run_cell", "run_finding", "run_further")
    return _reconciliation(day, instant, unit_states.cells(columns), finding_sums.of_run(columns), None)


def reconcile_changed(session: Session, unit_ids: Collection[int], now: datetime) -> FindingChanges:
    """Reconcile what changes to these units can affect, as of now. The result equals that of a whole run."""
    run_statements.lock(session)
    judged, today = unit_states.judged(session, to_ms(now), to_ms(now)), now.astimezone(UTC).date()
    columns = run_statements.of_changed(session, today, judged, unit_ids)
    cell_counters.make_moved(columns)
    cell_counters.keep(columns, whole=False)
    affected_units.narrow(columns)
    find(columns, today, whole=False)
    finding_store.read_stored(columns, whole=False)
    finding_store.make_differences(columns)
    cell_counters.renew_stamp(session, to_ms(now), cell_counters.changed(columns))
    return finding_store.keep(columns, to_ms(now), whole=False)


def prepare(session: Session, now: datetime) -> None:
    """Bring the warranty of the units in the queue up to date, which a run needs; they stay in the queue."""
    warranty_periods.apply_policies(session, reconcile_queue.marked(reconcile_queue.marks(session).values()) or (), now)


def compute(session: Session, on: date | datetime, now: datetime) -> Computed:
    """Compute a whole run in a session whose data does not change, so that no writer waits for it; to be stored by `keep`."""
    day, instant = day_and_instant(on, now)
    marks, stamp = frozenset(reconcile_queue.marks(session)), cell_counters.stamp(session)
    columns = _columns(session, day, instant, now, stamp)
    read_stored(columns)
    compare(columns)
    return Computed(columns, day, instant, marks, stamp)


def keep(session: Session, computed: Computed, now: datetime, final: bool = False) -> Reconciliation | None:
    """Store what was computed of data as it was, and reconcile again what has changed since. None: to be computed again.

    Consistent: whatever changes a unit or a record puts a mark into the queue in the same transaction. What a run reads shows either both
    or neither, so marks it did not show are those of the changes it did not see, and they are reconciled before this transaction ends.
    The differences are to results that nobody has changed since: every run renews their stamp, under the lock. By the same stamp the next
    run in this process knows whether it must read them again.

    Where all units have been marked since, and this is the `final` attempt, those marks are left: until the next run they say, as always,
    that what is stored may be outdated.
    """
    run_statements.lock(session)
    late = {number: unit for number, unit in reconcile_queue.marks(session).items() if number not in computed.marks}
    units = reconcile_queue.marked(late.values())
    if (units is None and not final) or cell_counters.stamp(session) != computed.stamp:
        return None
    computed.columns.attach(session)
    result = _keep(session, computed.columns, computed.on, computed.at, now)
    reconcile_queue.remove(session, computed.marks if units is None else computed.marks | late.keys())
    if not units:
        return result
    warranty_periods.apply_policies(session, units, now)
    changes = reconcile_changed(session, units, now)
    changed = FindingChanges(*map(sum, zip(result.stored or (), changes, strict=True)))
    return _stored(session, computed.on, computed.at, changed)


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


def due(session: Session, now: datetime) -> bool | None:
    """Whether all units are to be reconciled again, or those in the queue; None where there is nothing to do.

    All units where records changed and where a new day (UTC) has begun.
    """
    last, queued = cell_counters.last_run(session), reconcile_queue.marked(reconcile_queue.marks(session).values())
    if queued is None or last is None or last.on != now.astimezone(UTC).date():
        return True
    return False if queued else None


def tick(session: Session, now: datetime) -> Tick | None:
    """Bring the stored reconciliation up to date in one transaction. None where there was nothing to do."""
    whole = due(session, now)
    if whole is None:
        return None
    queued = reconcile_queue.take(session)
    if whole or queued is None:
        return _whole(session, queued or (), now)
    warranty_periods.apply_policies(session, queued, now)
    return Tick(False, len(queued), reconcile_changed(session, queued, now))


def _whole(session: Session, queued: Collection[int], now: datetime) -> Tick:
    warranty_periods.apply_policies(session, queued, now)
    result = reconcile(session, now, now, store=True)
    assert result.stored is not None
    return Tick(True, len(queued), result.stored)


def run_at(on: date | datetime, now: datetime) -> RunAt:
    """A day, assessed as of its end, or an instant; at the latest now."""
    day, instant = day_and_instant(on, now)
    return RunAt(day, to_ms(instant))


def day_and_instant(on: date | datetime, now: datetime) -> tuple[date, datetime]:
    """The day for records and the instant for liveness."""
    if isinstance(on, datetime):
        return on.astimezone(UTC).date(), min(on, now)
    return on, min(day_end(on), now)


def _columns(session: Session, day: date, instant: datetime, now: datetime, after: str = "") -> Columns:
    """The quadrants and findings of all units, or of those that the session sees."""
    columns = run_statements.of_seen(session, RunAt(day, to_ms(instant)), to_ms(now), after)
    find(columns, day, whole=not limited(session))
    return columns


def find(columns: Columns, on: date, *, whole: bool, condition: str = "TRUE") -> None:
    """Make the findings of a run. Of a whole one, `condition` says in SQL which rows of `unit` it needs."""
    units = None if whole else columns.ids("SELECT unit_id FROM run_cell")
    conflicts = [
        (candidate.unit_id, conflict.fact)
        for candidate in claim_candidates.claim_candidates(columns, units, condition)
        if (conflict := disagreement(read_claim(candidate.card), candidate.periods)) is not None
    ]
    unit_rules.read(columns, on, whole=whole)
    finding_store.make(columns, conflicts)


def read_stored(columns: Columns) -> None:
    """Read what runs have stored of the whole fleet."""
    cell_counters.read_stored(columns)
    finding_store.read_stored(columns, whole=True)


def compare(columns: Columns) -> None:
    """Make the differences of a whole run and what is stored."""
    cell_counters.make_moved(columns)
    finding_store.make_differences(columns)


def _keep(session: Session, columns: Columns, day: date, instant: datetime, now: datetime) -> Reconciliation:
    merged = finding_store.keep(columns, to_ms(now), whole=True)
    cell_counters.keep(columns, whole=True)
    cell_counters.note_run(session, to_ms(instant), day)
    changed = cell_counters.changed(columns)
    columns.leave(cell_counters.stamp(session), "run_stored", "run_known")
    cell_counters.renew_stamp(session, to_ms(now), changed)
    return _stored(session, day, instant, merged)


def _stored(session: Session, day: date, instant: datetime, changes: FindingChanges) -> Reconciliation:
    return _reconciliation(day, instant, cell_counters.counts(session), finding_sums.stored(session), changes)


def _reconciliation(
    day: date, instant: datetime, cells: dict[str, int], sums: FindingSums, stored: FindingChanges | None
) -> Reconciliation:
    money = {code: sums.worth.get(kind, ()) for code, kind in OF_CELL.items()}
    worth = totals(money for sum_ in sums.worth.values() for money in sum_)
    return Reconciliation(day, instant, sum(cells.values()), cells, money, sums.counts, sums.priced, worth, stored)
