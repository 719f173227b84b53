"""A reconciliation as one run of SQL: lines, unit states, seats, quadrants, findings."""

from collections.abc import Collection
from datetime import date

from sqlmodel import Session, text

from musterroll.storage.accounts import tree as account_tree
from musterroll.storage.accounts.tree import AccountHierarchy
from musterroll.storage.contracts import lines_in_force
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.engine.temp_tables import Staging
from musterroll.storage.reconciliation import affected_units, seat_allocation, unit_states
from musterroll.storage.reconciliation.unit_states import JudgedSql

_LOCK = 6_874_004  # a PostgreSQL advisory lock: one run at a time stores its results
_TOUCHED_LINES = "AND l.id IN (SELECT line_id FROM run_touched_line)"


def lock(session: Session) -> None:
    """Hold off other runs until the end of the transaction. What a run stores it must have seen whole."""
    assert not account_scope.limited(session)
    if postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def stage_all(session: Session, on: date, judged: JudgedSql) -> Staging:
    """Stage all units and all lines on a day."""
    staging = Staging(session, {**judged._asdict(), "lines": ""}, {"on": on})
    staging.settle(whole=True)
    return _stage(session, staging, on, account_tree.account_tree(session))


def stage_touched(session: Session, on: date, judged: JudgedSql, unit_ids: Collection[int]) -> Staging:
    """Stage these units on a day, and all that their changes can affect."""
    staging = Staging(session, {**judged._asdict(), "lines": _TOUCHED_LINES}, {"on": on})
    staging.settle(whole=False)
    tree = account_tree.account_tree(session)
    return _stage(session, staging, on, tree, affected_units.stage_reach(staging, unit_ids, tree))


def keep_in_reach(session: Session, staging: Staging, *tables: str) -> None:
    """Reduce what a run staged to what the session may see; seats were allocated over the whole fleet."""
    for table in tables if account_scope.limited(session) else ():
        staging.run(f"DELETE FROM {table} WHERE account_id IS NULL OR account_id NOT IN (SELECT account_id FROM reach)")  # noqa: S608


def _stage(session: Session, staging: Staging, on: date, tree: AccountHierarchy, contract_ids: Collection[int] | None = None) -> Staging:
    lines_in_force.stage_lines(session, staging, on, contract_ids)
    unit_states.stage_units(staging, whole=contract_ids is None)
    seat_allocation.stage_seats(staging, tree)
    unit_states.stage_cells(staging)
    return staging
