"""What one account and its subsidiaries renew, read from what is stored of all or counted from their contracts alone."""

from collections.abc import Collection
from random import Random

import pytest
from musterroll.storage.accounts import hierarchy
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract
from musterroll.usecases.installed_base import renewals, retention
from musterroll.usecases.operations import figure_cache
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlmodel import Session, select

from tests.support import random_records
from tests.support.random_records import NOW

FLEETS = 8


@pytest.fixture
def fleet(database: Database) -> Database:
    """Fleets whose contracts now and then say that they renew another, also one of another account."""
    dice = Random("one account")
    with database.transaction() as session:
        random_records.fill(session, dice, FLEETS)
        contracts = session.exec(select(Contract)).all()
        for contract in dice.sample(contracts, len(contracts) // 3):
            contract.renews = dice.choice(contracts).ref
        session.flush()
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    return database


def test_due_contracts_as_stored_are_those_counted(fleet: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with fleet.transaction() as session:
        figure_cache.keep(session, renewals.DUE_CONTRACTS, renewals.due_contracts(session, NOW).value, NOW)
        accounts = [account.ref for account in session.exec(select(Account))]
        counted = {ref: renewals.due_contracts(session, NOW, ref) for ref in accounts}
        monkeypatch.setattr(figure_cache, "LARGE", 0)
        monkeypatch.setattr(renewals, "_due_contracts", None)
        assert {ref: renewals.due_contracts(session, NOW, ref) for ref in accounts} == counted
    assert sum(bool(figure.value.due) for figure in counted.values()) > 1


def test_past_renewals_of_an_account_are_those_of_its_contracts(fleet: Database) -> None:
    with fleet.transaction() as session:
        every = retention.past_renewals(session, NOW).value.terms
        accounts = {account.ref: account.id or 0 for account in session.exec(select(Account))}
        for ref, account_id in accounts.items():
            theirs = _refs(session, set(session.scalars(hierarchy.subtree(account_id))))
            assert retention.past_renewals(session, NOW, ref).value.terms == [term for term in every if term.ref in theirs]
    assert any(term.outcome.renews for term in every)


def _refs(session: Session, accounts: Collection[int]) -> set[str]:
    return {contract.ref for contract in session.exec(select(Contract)) if contract.account_id in accounts}
