"""Near matches, merges and their undoing, on both databases."""

from datetime import date, datetime

import pytest
from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.tables.enrolment import ClaimToken
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Incident, Unit, UnitStateChange
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.storage.units import transitions
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.fleet import pages as fleet_pages
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.matching import proposals as matching_proposals
from musterroll.usecases.matching.merge import merge_accounts
from musterroll.usecases.matching.proposals import ProposalChanges, accept, find_matches, page, reject
from musterroll.usecases.undo.undo import undo
from musterroll.usecases.warranty.periods import apply_policies
from sqlalchemy import text
from sqlmodel import Session, select

from tests.support import records
from tests.support.records import dump


def twins(session: Session, now: datetime) -> tuple[Unit, Unit]:
    """A unit as documents have it, and the one that reports; a contract line, a warranty and a ticket are on the former."""
    made, owner = records.product(session), records.account(session, "A1")
    dates = {"installed_on": date(2026, 1, 1), "warranty_months": 24, "account_id": owner.id}
    paper = records.unit(session, "K4O0MVX7", made, lifecycle=Lifecycle.DEPLOYED, **dates)
    heard = records.unit(session, "K400MVX7", made)
    session.add(UnitStatus(unit_id=heard.id, heard_at=to_ms(now), first_heard_at=to_ms(now)))
    records.line(session, records.contract(session, "C1", owner), "1", "K4O0MVX7")
    session.add(Incident(ref="T1", unit_id=paper.id, serial="K4O0MVX7", opened_on=date(2026, 3, 1)))
    extended = {"kind": "extended", "starts_on": date(2028, 1, 1), "ends_on": date(2029, 1, 1), "rule": "after", "evidence": "order 7"}
    session.add(WarrantyPeriod(unit_id=paper.id, **extended))
    moved = transitions.NewStateChange(paper.id or 0, to_ms(now), "lifecycle", None, "deployed", "a file", "anna")
    transitions.add(session, [moved])
    apply_policies(session, [paper.id or 0, heard.id or 0], now)
    return paper, heard


def only(session: Session, state: str = matching_proposals.OPEN) -> int:
    ((found,), _) = page(session, state)
    return found.proposal.id or 0


def test_a_paper_twin_is_proposed_and_merged_into_the_unit_that_reports(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        paper, heard = twins(session, now)
        assert find_matches(session, now) == ProposalChanges(1, 0, 0)
        state = dump(session)
        change = accept(session, only(session), actor="anna", now=now, reason="label read on site")
        assert (heard.lifecycle, heard.account_id, heard.installed_on) == (Lifecycle.DEPLOYED, 1, date(2026, 1, 1))
        assert (paper.merged_into_id, heard.merged_into_id) == (heard.id, None)
        line = session.exec(select(ContractLine)).one()
        assert (line.serial, line.serial_key) == ("K4O0MVX7", "K400MVX7")
        assert session.exec(select(Incident)).one().unit_id == heard.id
        held = {(row.unit_id, row.kind.value) for row in session.exec(select(WarrantyPeriod))}
        assert {(heard.id, "standard"), (heard.id, "extended")} <= held
        assert base_as_of.base(session, now).all == base_as_of.base(session, now, on=now.date()).all == (1, 1, 1, 1, 0)
        assert find_matches(session, now) == ProposalChanges(0, 0, 0)
        undo(session, change.id or 0, "bert", now)
        assert dump(session) == state
        assert base_as_of.base(session, now, on=now.date()).all == (2, 1, 0, 0, 0)
        assert audit_chain.verify(session).first_bad is None


def test_a_merged_unit_is_in_no_count_and_on_no_list(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        _, heard = twins(session, now)
        find_matches(session, now)
        assert fleet_pages.installed_base(session, now).registered == 2
        accept(session, only(session), actor="anna", now=now)
        base = fleet_pages.installed_base(session, now)
        assert (base.registered, base.deployed, base.operating) == (1, 1, 1)
        assert [card.uid for card in fleet_pages.fleet(session, fleet_pages.FleetFilter(), None, 9, now).cards] == [heard.uid]


def test_a_merge_counts_in_the_bridge_of_its_month(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        twins(session, now)
        find_matches(session, now)
        accept(session, only(session), actor="anna", now=now)
        bridge = base_as_of.bridge(session, now.date(), now)
        assert (bridge.opening, sum(bridge.steps.values()), bridge.closing) == (0, 1, 1)


def test_two_units_that_have_come_to_report_are_not_merged(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        paper, _ = twins(session, now)
        find_matches(session, now)
        session.add(UnitStatus(unit_id=paper.id, heard_at=to_ms(now)))
        with pytest.raises(Conflict, match="both report"):
            accept(session, only(session), actor="anna", now=now)
        assert find_matches(session, now) == ProposalChanges(0, 0, 1)


def test_what_a_person_rejected_is_not_proposed_again_until_that_is_undone(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        twins(session, now)
        find_matches(session, now)
        number = only(session)
        change = reject(session, number, actor="anna", now=now, reason="seen both")
        assert find_matches(session, now) == ProposalChanges(0, 0, 0)
        with pytest.raises(Conflict, match=f"possible duplicate {number} is already rejected"):
            accept(session, number, actor="anna", now=now)
        undo(session, change.id or 0, "bert", now)
        assert only(session) == number


def test_a_line_with_a_mistyped_serial_is_let_name_its_unit(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        made, owner = records.product(session), records.account(session, "A1")
        unit = records.unit(session, "00K400MVX7", made, lifecycle=Lifecycle.DEPLOYED, account_id=owner.id)
        line = records.line(session, records.contract(session, "C1", owner), "1", "K400MVX7")
        assert find_matches(session, now) == ProposalChanges(1, 0, 0)
        ((shown,), _) = page(session)
        assert (shown.left, shown.right, shown.proposal.kind) == ("C1/1", "00K400MVX7", matching_proposals.LINE_SERIAL)
        state = dump(session)
        change = accept(session, only(session), actor="anna", now=now)
        assert (line.serial_key, line.product_id) == (unit.serial_key, made.id)
        undo(session, change.id or 0, "bert", now)
        assert dump(session) == state


def same_accounts(session: Session, now: datetime) -> tuple[Account, Account]:
    """Two accounts that look the same; the second has everything that can refer to one."""
    one = records.account(session, "A1", "Marram Freight B.V.", website="marram.example")
    other = records.account(session, "A2", "Marram Freight", website="www.marram.example", phone="+44 20 7946 0000")
    records.account(session, "A3", "Sub", other)
    place = records.site(session, "S1", other)
    records.unit(session, "SN1", records.product(session), account_id=other.id, site_id=place.id)
    contract = records.contract(session, "C1", other)
    records.line(session, contract, "1", scope=LineScope.SUBTREE, place_id=other.id, product_id=1, quantity=5)
    records.line(
        session, contract, "2", scope=LineScope.SITE, place_id=other.id, product_id=1, quantity=5
    )  # a site that happens to have its number
    session.add(ClaimToken(label="t", token_hash="x", expires_at=now, max_uses=1, account_id=other.id, created_at=now, created_by="anna"))
    return one, other


def test_two_accounts_become_one_and_two_again(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        one, other = same_accounts(session, now)
        assert find_matches(session, now) == ProposalChanges(1, 0, 0)
        state = dump(session)
        change = accept(session, only(session), actor="anna", now=now)
        assert (other.merged_into_id, one.phone) == (one.id, "+44 20 7946 0000")
        for table, column in (("site", "account_id"), ("unit", "account_id"), ("contract", "account_id"), ("claim_token", "account_id")):
            assert set(session.execute(text(f"SELECT {column} FROM {table}")).scalars()) == {one.id}
        assert [line.place_id for line in session.exec(select(ContractLine).order_by(ContractLine.number))] == [one.id, other.id]
        assert [(part.ref, part.counts.units) for part in base_as_of.base(session, now, by=base_as_of.Slice.ACCOUNT).parts] == [("A1", 1)]
        undo(session, change.id or 0, "bert", now)
        assert dump(session) == state


def test_the_other_account_may_be_the_one_that_stays(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        one, other = same_accounts(session, now)
        find_matches(session, now)
        accept(session, only(session), actor="anna", now=now, keep_right=True)
        assert (one.merged_into_id, other.merged_into_id) == (other.id, None)


def test_merging_an_account_into_one_below_it_closes_no_circle(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        top = records.account(session, "TOP")
        gone = records.account(session, "GONE", parent=top)
        between = records.account(session, "BETWEEN", parent=gone)
        stays = records.account(session, "STAYS", parent=between)
        state = dump(session)
        change = audit_record.begin(session, actor="anna", kind="merge", subject="test", now=now)
        merge_accounts(session, change, stays.id or 0, gone.id or 0, now)
        assert (stays.parent_id, between.parent_id, gone.merged_into_id) == (top.id, stays.id, stays.id)
        undo(session, change.id or 0, "bert", now)
        assert dump(session) == state


def test_the_histories_of_merged_units_stay_with_their_rows(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        paper, heard = twins(session, now)
        find_matches(session, now)
        accept(session, only(session), actor="anna", now=now)
        noted = {(row.unit_id, row.axis, row.new) for row in session.exec(select(UnitStateChange))}
        assert noted == {(paper.id, "lifecycle", "deployed"), (paper.id, "identity", "merged"), (heard.id, "lifecycle", "deployed")}


def test_a_proposal_that_is_not_there_is_not_found(database: Database, now: datetime) -> None:
    with database.transaction() as session, pytest.raises(NotFound, match="there is no possible duplicate 9"):
        accept(session, 9, actor="anna", now=now)
