"""Findings worked down: listed with their sums, opened with their proofs, decided, and undone to the same bytes."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest
from musterroll.domain.contracts.terms import ContractState, LineScope, Payment
from musterroll.domain.findings.decisions import FindingState as Decided
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.domain.values.money import Money
from musterroll.storage.engine.database import Database
from musterroll.storage.findings import lists as finding_lists
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import Contract, ContractLine, Invoice
from musterroll.storage.tables.findings import FindingDecision
from musterroll.storage.tables.findings import FindingRow as Row
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.units import Unit
from musterroll.usecases.findings import decisions as finding_decisions
from musterroll.usecases.findings.decisions import FindingFilter
from musterroll.usecases.installed_base import renewals
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.undo import undo as undo_changes
from sqlmodel import Session, select

from tests.support import unit_rows
from tests.support.random_records import NOW

SILENT, PAYING = to_ms(NOW) - 86_400_000, Decimal(120)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A silent unit that is paid for, and one that operates without a contract; reconciled."""
    with database.transaction() as session:
        unit_rows.listening(session, 0, to_ms(NOW))
        account, site = unit_rows.place(session, "A1", "S1")
        placed = {"account_id": account, "site_id": site, "lifecycle": "deployed"}
        unit_rows.unit(session, "SN1", status={"heard_at": SILENT}, **placed)
        unit_rows.unit(session, "SN2", status={"heard_at": to_ms(NOW)}, **placed)
        contract = Contract(
            currency="EUR",
            ref="C1",
            account_id=account,
            state=ContractState.ACTIVE,
            starts_on=date(2026, 1, 1),
            ends_on=date(2027, 1, 1),
            created_at=NOW,
        )
        session.add(contract)
        session.flush()
        session.add(Invoice(contract_id=contract.id, payment=Payment.PAID))
        session.add(ContractLine(contract_id=contract.id, number="1", scope=LineScope.SERIAL, serial="SN1", serial_key="SN1", price=PAYING))
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
        yield session


def silent(session: Session) -> int:
    (row,) = finding_decisions.findings(session, FindingFilter(kind=FindingKind.PAID_BUT_SILENT), None, 10, NOW).rows
    found: int = row.id
    return found


def accept(session: Session, *ids: int) -> int:
    return finding_decisions.decide(session, ids, Decided.ACCEPTED, reason="the site was called", actor="ann", now=NOW).id or 0


def test_findings_are_listed_worth_most_first_with_their_sum(session: Session) -> None:
    page = finding_decisions.findings(session, FindingFilter(), None, 1, NOW)
    rest = finding_decisions.findings(session, FindingFilter(), page.next, 1, NOW)
    assert [row.kind for row in (*page.rows, *rest.rows)] == [FindingKind.PAID_BUT_SILENT, FindingKind.OPERATING_UNCOVERED]
    assert (page.total, rest.next) == ((2, 1, (Money(PAYING, "EUR"),)), None)


def test_a_unit_paid_in_two_currencies_keeps_both_in_its_finding_and_in_all_totals(session: Session) -> None:
    contract = session.exec(select(Contract)).one()
    dollars = {"currency": "USD", "price": Decimal(70)}
    session.add(ContractLine(contract_id=contract.id, number="2", scope=LineScope.SERIAL, serial="SN1", serial_key="SN1", **dollars))
    result = reconciliation_run.reconcile(session, NOW, NOW, store=True)
    both = (Money(PAYING, "EUR"), Money(Decimal(70), "USD"))
    assert result.worth == both
    assert result.money["110"] == both
    assert (result.priced[FindingKind.PAID_BUT_SILENT], result.priced[FindingKind.OPERATING_UNCOVERED]) == (1, 0)
    assert reconciliation_run.reconcile(session, NOW, NOW, store=False).worth == both
    page = finding_decisions.findings(session, FindingFilter(kind=FindingKind.PAID_BUT_SILENT), None, 10, NOW)
    assert page.total.worth == both
    assert [finding_lists.amounts(row) for row in page.rows] == [both]
    twice = finding_decisions.findings(session, FindingFilter(kind=FindingKind.COVERED_TWICE), None, 10, NOW)
    assert [(row.serial, row.counted) for row in twice.rows] == [("SN1", False)]
    opened = session.exec(select(EventRow.units, EventRow.worth, EventRow.currency).where(EventRow.variant == FindingKind.COVERED_TWICE))
    assert list(opened) == [(1, None, "EUR")]
    (due,) = renewals.due_contracts(session, NOW).value.due
    assert (due.worth, due.seats, due.unpriced) == (both, 2, 0)
    assert renewals.total([due]).worth == both


def test_findings_are_listed_by_owner_and_by_account_with_all_below_it(session: Session) -> None:
    session.add(Account(ref="HEAD", name="Head", created_at=NOW))
    session.flush()
    head = session.exec(select(Account).where(Account.ref == "HEAD")).one()
    session.exec(select(Account).where(Account.ref == "A1")).one().parent_id = head.id
    session.flush()
    listed = finding_decisions.findings(session, FindingFilter(owner="support", account="HEAD"), None, 10, NOW)
    assert [row.serial for row in listed.rows] == ["SN1"]
    with pytest.raises(NotFound, match="there is no account 'A9'"):
        finding_decisions.findings(session, FindingFilter(account="A9"), None, 10, NOW)


def test_an_opened_finding_says_what_it_says_and_proves_it(session: Session) -> None:
    opened = finding_decisions.finding(session, silent(session), NOW)
    assert opened.finding is not None
    assert opened.finding.says == "line C1/1 covers SN1, which is deployed but last reported on 31 October 2026 at 12:00:00 UTC"
    assert [proof.evidence.table for proof in opened.proofs] == ["unit", "unit_status", "line", "invoice"]
    assert "\n".join(opened.finding.facts) == opened.row.facts


def test_a_decision_holds_while_the_facts_stay_and_falls_when_they_change(session: Session) -> None:
    number = silent(session)
    accept(session, number)
    reconciliation_run.reconcile(session, NOW, NOW, store=True)
    assert finding_decisions.finding(session, number, NOW).row.state == Decided.ACCEPTED
    session.exec(select(ContractLine)).one().price = Decimal(130)
    reconciliation_run.reconcile(session, NOW, NOW, store=True)
    assert finding_decisions.finding(session, number, NOW).row.state == Decided.OPEN


def test_a_finding_that_went_and_came_back_on_the_same_facts_is_still_decided(session: Session) -> None:
    number, unit = silent(session), session.exec(select(Unit).where(Unit.serial_key == "SN1")).one()
    accept(session, number)
    status = session.get_one(UnitStatus, unit.id)
    status.heard_at = to_ms(NOW)
    assert reconciliation_run.reconcile(session, NOW, NOW, store=True).stored == (0, 0, 1)
    assert finding_decisions.finding(session, number, NOW).row.state == Decided.RESOLVED
    status.heard_at = SILENT
    reconciliation_run.reconcile(session, NOW, NOW, store=True)
    assert finding_decisions.finding(session, number, NOW).row.state == Decided.ACCEPTED


def test_a_finding_ignored_until_a_day_is_open_again_on_it(session: Session) -> None:
    number, until = silent(session), NOW.date() + timedelta(7)
    finding_decisions.decide(session, [number], Decided.IGNORED, reason="strike", until=until, actor="ann", now=NOW)
    states = [finding_decisions.finding(session, number, NOW + timedelta(days)).row.state for days in (6, 7)]
    assert states == [Decided.IGNORED, Decided.OPEN]


def test_a_decision_that_is_opened_again_leaves_its_history(session: Session) -> None:
    number = silent(session)
    accept(session, number)
    finding_decisions.decide(session, [number], Decided.OPEN, reason="", actor="bob", now=NOW)
    opened = finding_decisions.finding(session, number, NOW)
    assert (opened.row.state, [one.by for one in opened.history]) == (Decided.OPEN, ["bob", "ann"])


def test_many_are_decided_at_once_or_none(session: Session) -> None:
    ids = list(session.exec(select(Row.id)))
    with pytest.raises(NotFound, match="there is no finding 999"):
        accept(session, *[one for one in ids if one], 999)
    accept(session, ids[0] or 0)
    with pytest.raises(Conflict, match=f"finding {ids[0]}: this finding already has this state"):
        accept(session, *[one for one in ids if one])


def test_a_decision_is_undone_to_the_same_bytes(session: Session) -> None:
    before = session.exec(select(FindingDecision)).all()
    change = accept(session, *[one for one in session.exec(select(Row.id)) if one])
    undo_changes.undo(session, change, "bob", NOW)
    assert session.exec(select(FindingDecision)).all() == before == []
    assert {row.state for row in finding_decisions.findings(session, FindingFilter(), None, 10, NOW).rows} == {Decided.OPEN}
