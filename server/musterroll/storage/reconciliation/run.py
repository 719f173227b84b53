"""A reconciliation as one run of SQL: units, lines, seats, quadrants, and on them the findings.

A run reads the whole fleet, or what changes to some units can affect, as columns of the session's view of the data; from there on the
statements are the same.
"""

from collections.abc import Collection
from datetime import date

from sqlmodel import Session, text

from musterroll.storage.contracts import lines_in_force
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.engine.columns import Columns
from musterroll.storage.reconciliation import affected_units, seat_allocation, unit_states
from musterroll.storage.reconciliation.unit_states import JudgedSql

_LOCK = 6_874_004  # a PostgreSQL advisory lock: one run at a time stores its results
_ACCOUNT = {"id": "BIGINT", "parent_id": "BIGINT"}


def lock(session: Session) -> None:
    """Hold off other runs until the end of the transaction. What a run stores it must have seen whole."""
    assert not account_scope.limited(session)
    if postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def of_all(session: Session, on: date, judged: JudgedSql) -> Columns:
    """All units and all lines on a day."""
    columns = Columns(session, judged._asdict())
    unit_states.read_units(columns)
    columns.read("run_account", "SELECT id, parent_id FROM account", _ACCOUNT)
    lines_in_force.read_all(columns)
    columns.define(holders="run_unit")
    return _computed(columns, on)


def of_changed(session: Session, on: date, judged: JudgedSql, unit_ids: Collection[int]) -> Columns:
    """These units on a day, and all that their changes can affect."""
    columns = Columns(session, judged._asdict(), whole=False)
    affected_units.read_reach(columns, unit_ids)
    columns.define(holders="run_holder")
    return _computed(columns, on)


def keep_in_reach(session: Session, columns: Columns, *tables: str) -> None:
    """Reduce a run to what the session may see; seats were allocated over the whole fleet."""
    if account_scope.limited(session):
        columns.read("reach", "SELECT account_id FROM reach", {"account_id": "BIGINT"})
        for table in tables:
            columns.run(f"DELETE FROM {table} WHERE account_id IS NULL OR account_id NOT IN (SELECT account_id FROM reach)")  # noqa: S608


def _computed(columns: Columns, on: date) -> Columns:
    lines_in_force.make_lines(columns, on)
    seat_allocation.make_seats(columns)
    unit_states.make_cells(columns)
    return columns
