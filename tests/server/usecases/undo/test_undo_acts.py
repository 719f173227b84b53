"""Every kind of act undone, on both databases: each table people and documents write has the same bytes as before, and so do the counts."""

from collections.abc import Callable
from datetime import datetime

import pytest
from musterroll.domain.findings.decisions import FindingState
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.findings import FindingRow
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.undo.undo import undo
from sqlalchemy import text
from sqlmodel import Session, SQLModel, select

from tests.support import documents
from tests.support.acts import ACTS, NEWS, fleet
from tests.support.documents import FLEET, outcomes, take

# What was done, seen and told stays known; transitions are withdrawn, not taken out; what is to be looked at again is noted twice; runs
# are counted.
ASIDE = {
    "process_heartbeat",
    "change",
    "audit_entry",
    "import_run",
    "import_row",
    "unit_state_change",
    "finding",
    "event",
    "activity",
    "job_checkpoint",
    "reconcile_queue",
}


def everything(session: Session) -> dict[str, str]:
    session.flush()
    tables = [table for table in SQLModel.metadata.sorted_tables if table.name not in ASIDE]
    kept = {table.name: str([tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]) for table in tables}
    live = (
        "SELECT unit_id, axis, at, old, new, cause, actor FROM unit_state_change WHERE withdrawn_at IS NULL ORDER BY unit_id, axis, at, new"
    )
    counts = "SELECT * FROM cell_count WHERE units <> 0 ORDER BY axis, of_id, cell"  # a count that fell to nothing may stay as nought
    return {**kept, "unit_state_change": str(session.execute(text(live)).all()), "cell_count": str(session.execute(text(counts)).all())}


def undo_it(database: Database, now: datetime, act: Callable[[Database], Callable[[Session], object]]) -> None:
    """Do what `act` does, count it, take it back, count again: nothing is left of it."""
    with database.snapshot() as session:
        before = everything(session)
    back = act(database)
    with database.transaction() as session:
        assert {name for name, rows in everything(session).items() if rows != before[name]}
        reconciliation_run.reconcile(session, now, now, store=True)
    with database.transaction() as session:
        back(session)
        reconciliation_run.reconcile(session, now, now, store=True)
    with database.snapshot() as session:
        after = everything(session)
        assert {name: rows for name, rows in after.items() if rows != before[name]} == {}
        assert audit_chain.verify(session).first_bad is None


@pytest.mark.parametrize("name", ACTS)
def test_an_act_of_a_person_is_undone_to_the_same_bytes(database: Database, now: datetime, name: str) -> None:
    def act(database: Database) -> Callable[[Session], object]:
        with database.transaction() as session:
            change = ACTS[name](session, now)
        return lambda session: undo(session, change, "bert", now)

    fleet(database, now)
    undo_it(database, now, act)


@pytest.mark.parametrize("kind", FLEET)
def test_an_import_of_news_is_undone_to_the_same_bytes(database: Database, now: datetime, kind: str) -> None:
    def act(database: Database) -> Callable[[Session], object]:
        told, done = take(database, now, kind, NEWS[kind])
        assert set(outcomes(told)) == {"new", "changed"}, told
        return lambda session: documents.undo(session, done.run_id or 0, "bert", now)

    fleet(database, now)
    undo_it(database, now, act)


def test_a_decision_is_taken_back_by_its_finding(database: Database, now: datetime) -> None:
    def act(database: Database) -> Callable[[Session], object]:
        with database.transaction() as session:
            one = session.exec(select(FindingRow.id)).first() or 0
            finding_decisions.decide(session, [one], FindingState.RESOLVED, reason="settled", actor="anna", now=now)
        return lambda session: finding_decisions.undo_decision(session, one, "bert", now)

    fleet(database, now)
    undo_it(database, now, act)
