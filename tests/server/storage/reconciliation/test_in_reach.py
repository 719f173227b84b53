"""What a limited session computes of its own units, contracts and their rivals is what it sees of a computation of the whole fleet."""

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.columns import Columns
from musterroll.storage.engine.database import Database
from musterroll.storage.installed_base import licences
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.reconciliation.run import RunAt
from musterroll.storage.tables.accounts import Account
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlmodel import Session, select

from tests.support import random_records
from tests.support.random_records import NOW

FLEETS, SAMPLE = 20, 3


@pytest.mark.parametrize("seed", range(2))
def test_a_limited_session_computes_what_it_sees_of_the_whole(database: Database, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as session:
        random_records.fill(session, Random(seed), FLEETS)
        accounts = [account.id or 0 for account in session.exec(select(Account))]
    several = [tuple(Random(seed).sample(accounts, 3)), *((account,) for account in Random(seed).sample(accounts, SAMPLE))]
    for within in several:
        with database.frozen(within) as session:
            computed = seen(session)
            with monkeypatch.context() as patch:
                patch.setattr(run_statements, "of_seen", run_statements.of_all)
                whole = seen(session)
        assert computed == whole


def seen(session: Session) -> list[Any]:
    """Units, lines, licences and findings, now and a month ago."""
    answers: list[Any] = [reconciliation_run.reconcile(session, NOW, NOW, store=False)]
    for at in (NOW, NOW - timedelta(days=30)):
        columns = run_statements.of_seen(session, RunAt(at.date(), to_ms(at)), to_ms(NOW))
        run_statements.keep_in_reach(session, columns, "run_cell", "run_line")
        answers += [rows(columns, table) for table in ("run_cell", "run_line")]
        licences.read(columns, whole=False)
        answers.append(licences.seats(columns))
        seats = "SELECT s.* FROM run_seat s JOIN run_cell c ON c.unit_id = s.unit_id ORDER BY ALL"
        answers.append(columns.rows(seats))
    return answers


def rows(columns: Columns, table: str) -> list[Any]:
    return columns.rows(f"FROM {table} ORDER BY ALL")
