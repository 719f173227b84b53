"""A reconciliation as one run of SQL: units, lines, seats, quadrants, and on them the findings.

A run reads the whole fleet, or what changes to some units can affect, as columns of the session's view of the data; from there on the
statements are the same.
"""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import NamedTuple

from sqlmodel import Session, text

from musterroll.storage.contracts import lines_in_force
from musterroll.storage.engine import account_scope
from musterroll.storage.engine.bulk import postgres
from musterroll.storage.engine.columns import Columns
from musterroll.storage.liveness.states import hearing
from musterroll.storage.reconciliation import affected_units, part_records, seat_allocation, unit_states
from musterroll.storage.reconciliation.parts import Work
from musterroll.storage.reconciliation.unit_states import JudgedSql
from musterroll.storage.units import past

_LOCK = 6_874_004  # a PostgreSQL advisory lock: one run at a time stores its results
_ACCOUNT = {"id": "BIGINT", "parent_id": "BIGINT"}


def lock(session: Session) -> None:
    """Hold off other runs until the end of the transaction. What a run stores it must have seen whole."""
    assert not account_scope.limited(session)
    if postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


class RunAt(NamedTuple):
    """The day for records, and the instant (ms) for the state of units."""

    on: date
    instant: int


def of_all(session: Session, at: RunAt, now: int, after: str = "") -> Columns:
    """All units and all lines, on a day and at an instant. `after` as for `Columns`."""
    if at.instant < now:
        return next(of_past(session, [at], now))
    columns = Columns(session, unit_states.judged(session, at.instant, now)._asdict(), after=after)
    unit_states.read_units(columns)
    columns.read("run_account", "SELECT id, parent_id FROM account", _ACCOUNT)
    _read_lines(columns)
    return _computed(columns, at.on)


def of_seen(session: Session, at: RunAt, now: int, after: str = "") -> Columns:
    """The same, but in a limited session only of the units and contracts in reach, and of what competes with them for seats."""
    if not account_scope.limited(session):
        return of_all(session, at, now, after)
    columns = Columns(session, unit_states.judged(session, at.instant, now)._asdict(), whole=False)
    affected_units.read_owned(columns, at.on)
    columns.define(holders="run_holder")
    return _computed(columns, at.on)


def of_past(session: Session, days: Iterable[RunAt], now: int) -> Iterator[Columns]:
    """The same at several past instants, by what is known now, one after the other in the same tables: everything is read once."""
    columns, heard = Columns(session), hearing(session)
    past.read(columns)
    columns.make("run_account", "SELECT id, parent_id FROM account")
    _read_lines(columns)
    for at in days:
        unit_states.make_past_units(columns, heard, at.instant, now)
        yield _computed(columns, at.on)


def of_part(session: Session, work: Work, now: int) -> Columns:
    """A part of what `of_all` computes."""
    columns = Columns(session, unit_states.judged(session, work.at, now)._asdict())
    part_records.read(columns, work.shares, work.of_several, work.of_none)
    return _computed(columns, work.on)


def of_changed(session: Session, on: date, judged: JudgedSql, unit_ids: Collection[int]) -> Columns:
    """These units on a day, and all that their changes can affect."""
    columns = Columns(session, judged._asdict(), whole=False)
    affected_units.read_reach(columns, on, unit_ids)
    columns.define(holders="run_holder")
    return _computed(columns, on)


def keep_in_reach(session: Session, columns: Columns, *tables: str) -> None:
    """Reduce a run to what the session may see; seats were allocated over the whole fleet."""
    if account_scope.limited(session):
        columns.read("reach", "SELECT account_id FROM reach", {"account_id": "BIGINT"})
        for table in tables:
            columns.run(f"DELETE FROM {table} WHERE account_id IS NULL OR account_id NOT IN (SELECT account_id FROM reach)")  # noqa: S608


def _read_lines(columns: Columns) -> None:
    lines_in_force.read_all(columns)
    columns.define(holders="run_unit")


def _computed(columns: Columns, on: date) -> Columns:
    lines_in_force.make_lines(columns, on)
    seat_allocation.make_seats(columns)
    unit_states.make_cells(columns)
    return columns
