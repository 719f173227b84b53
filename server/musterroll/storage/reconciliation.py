"""A reconciliation as one run of SQL: the lines that matter, how the units stand, who sits where, which cell that is, what is odd."""

from collections.abc import Collection, Mapping
from datetime import date

from sqlmodel import Session, col, select, text

from musterroll.storage import lines_in_force, seats, standings, touched
from musterroll.storage.bulk import postgres
from musterroll.storage.staging import Staging
from musterroll.storage.standings import Judged
from musterroll.storage.tables import Account

_LOCK = 6_874_004  # a PostgreSQL advisory lock: one run at a time stores what it found
_TOUCHED_UNITS = "AND unit.id IN (SELECT unit_id FROM run_touched)"
_TOUCHED_LINES = "AND l.id IN (SELECT line_id FROM run_touched_line)"


def lock(session: Session) -> None:
    """Hold off other runs until the end of the transaction."""
    if postgres(session):
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def stage_all(session: Session, on: date, judged: Judged) -> Staging:
    """Stage the whole roll and all lines on a day."""
    staging = Staging(session, {**judged._asdict(), "units": "", "lines": ""}, {"on": on})
    staging.settle(whole=True)
    return _stage(session, staging, on, parents(session))


def stage_touched(session: Session, on: date, judged: Judged, unit_ids: Collection[int]) -> Staging:
    """Stage these units on a day, and all that a change of theirs can reach."""
    staging = Staging(session, {**judged._asdict(), "units": _TOUCHED_UNITS, "lines": _TOUCHED_LINES}, {"on": on})
    staging.settle(whole=False)
    tree = parents(session)
    return _stage(session, staging, on, tree, touched.stage_reach(staging, unit_ids, tree))


def _stage(
    session: Session, staging: Staging, on: date, tree: Mapping[int, int | None], contract_ids: Collection[int] | None = None
) -> Staging:
    lines_in_force.stage_lines(session, staging, on, contract_ids)
    standings.stage_units(staging)
    seats.stage_seats(staging, tree)
    standings.stage_cells(staging)
    return staging


def parents(session: Session) -> dict[int, int | None]:
    """The tree of accounts: each one's parent."""
    return dict(session.execute(select(col(Account.id), col(Account.parent_id))).all())
