"""Who enters a segment, its size by day, hand-overs and what became of the accounts, on both databases."""

from datetime import date, datetime, timedelta

import pytest
from musterroll.domain.contacts.consent import Consent
from musterroll.domain.contracts.terms import ContractState
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.segments.outcomes import HandOverOutcome, HandOverWay
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.segments import hand_overs as stored
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.contacts import Contact
from musterroll.storage.tables.contracts import Contract
from musterroll.storage.tables.follow_ups import FollowUp
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.reconciliation import UnitReconciliation
from musterroll.storage.tables.segments import ProductPair
from musterroll.usecases.access import sessions
from musterroll.usecases.notifications import compose
from musterroll.usecases.segments import count, hand_over, lists, pairs
from musterroll.usecases.segments.hand_over import Receiver
from musterroll.usecases.undo.undo import undo
from sqlmodel import Session, col, select

from tests.support import records

ENDS = date(2026, 12, 15)
CRM = Receiver(HandOverWay.EXPORT, "HubSpot", comment="autumn campaign")


def fill(session: Session, now: datetime) -> None:
    """Five accounts with a contract that is about to end, and a deployed unit each."""
    sessions.ensure_admin(session, "correct horse battery staple", now)
    product = records.product(session)
    for n in range(1, 6):
        account = records.account(session, f"A{n}", f"Account {n}", segment="Water")
        records.contract(session, f"C{n}", account, starts_on=date(2026, 1, 1), ends_on=ENDS, auto_renew=False)
        _unit(session, f"SN{n}", product.id or 0, account)


def _unit(session: Session, serial: str, product_id: int, account: Account) -> None:
    of = records.product(session, "Acme", f"Model of {serial}")
    unit = records.unit(session, serial, of, account_id=account.id, lifecycle=Lifecycle.DEPLOYED)
    session.add(UnitReconciliation(unit_id=unit.id, account_id=account.id or 0, product_id=product_id, cell=3))
    session.flush()


def counted(database: Database, now: datetime) -> count.CountedSegments:
    with database.snapshot() as session:
        result = count.count(session, now)
    with database.transaction() as session:
        count.keep(session, result, now)
    return result


def contract(session: Session, ref: str) -> Contract:
    return session.exec(select(Contract).where(Contract.ref == ref)).one()


def test_what_became_of_those_handed_over(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        fill(session, now)
    counted(database, now)
    with database.transaction() as session:
        row = hand_over.hand_over(session, lists.view(session, "near-end"), CRM, "ann", now)
        assert [of.ref for of in stored.accounts(session, row.id or 0, None, 10)] == ["A1", "A2", "A3", "A4", "A5"]
    later = now + timedelta(days=60)
    with database.transaction() as session:
        accounts = {of.ref: of for of in session.exec(select(Account))}
        contract(session, "C1").renews = ""
        records.contract(session, "C11", accounts["A1"], starts_on=ENDS, ends_on=date(2027, 12, 15))  # renewed
        contract(session, "C2").ends_on = date(2028, 1, 1)  # prolonged: nothing began, and no longer near its end
        contract(session, "C3").ends_on = date(2027, 1, 20)  # still near its end
        contract(session, "C4").ends_on = date(2028, 1, 1)
        _unit(session, "SN44", 1, accounts["A4"])  # expanded
        contract(session, "C5").state = ContractState.EXPIRED  # lost
    counted(database, later)
    with database.transaction() as session:
        outcomes = {of.ref: of.outcome for of in stored.accounts(session, row.id or 0, None, 10)}
        (size,) = stored.of_segment(session, "near-end", 10)
        history = lists.history(session, lists.view(session, "near-end"), later)
        own = [of.id or 0 for of in session.exec(select(Account).where(col(Account.ref).in_(["A1", "A5"])))]
    assert outcomes == {
        "A1": HandOverOutcome.RENEWED,
        "A2": HandOverOutcome.LEFT,
        "A3": HandOverOutcome.STILL_IN,
        "A4": HandOverOutcome.EXPANDED,
        "A5": HandOverOutcome.LOST,
    }
    assert (size.accounts, size.hand_over.receiver, set(size.outcomes.values())) == (5, "HubSpot", {1})
    assert [(day.on, day.accounts) for day in history] == [(now.date(), 5), (later.date(), 1)]
    with database.transaction(own) as session:
        (mine,) = stored.of_segment(session, "near-end", 10)
        assert mine.accounts == 2
        assert lists.history(session, lists.view(session, "near-end"), later) == []
        assert lists.size(session, lists.view(session, "near-end"), later).accounts == 0
        assert lists.size(session, lists.view(session, "lapsed"), later).accounts == 1
        hand_over.known(session, row.id or 0)
    with database.transaction([10**6]) as session, pytest.raises(NotFound):
        hand_over.known(session, row.id or 0)


def test_an_account_that_enters_is_an_event_but_not_at_the_first_count(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        fill(session, now)
        contract(session, "C1").ends_on = date(2028, 1, 1)
    counted(database, now)
    later = now + timedelta(days=1)
    with database.transaction() as session:
        assert session.exec(select(EventRow)).all() == []
        assert not count.due(session, now + timedelta(minutes=14))
        contract(session, "C1").ends_on = ENDS
        session.add(
            Contact(ref="c1", account_id=contract(session, "C1").account_id, first_name="Ada", last_name="Byron", email="a@b.example")
        )
        session.add(Contact(ref="c2", account_id=contract(session, "C2").account_id, email="no@b.example", consent=Consent.NO))
    assert counted(database, later).members["near-end"][0].why == "C1 ends on 14 December 2026"
    counted(database, later)  # nothing new
    with database.transaction() as session:
        (event,) = session.exec(select(EventRow)).all()
        assert (event.kind, event.variant, event.detail, event.units) == (EventKind.SEGMENT_ENTERED, "near-end", "Near contract end", 0)
        rows, _ = lists.accounts(session, lists.view(session, "near-end"), None, 10, later)
        assert [row.entered_on for row in rows] == [later.date(), *[now.date()] * 4]
        assert [(row.contact.name, row.contact.email) for row in rows[:3]] == [("Ada Byron", "a@b.example"), ("", ""), ("", "")]
        assert compose.queue_due(session, later) == []


def test_an_assignment_is_a_follow_up_of_each_and_a_webhook_an_event(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        fill(session, now)
        segment = lists.view(session, "near-end")
        with pytest.raises(Conflict):  # nothing was counted
            hand_over.hand_over(session, segment, CRM, "ann", now)
    counted(database, now)
    with database.transaction() as session:
        to = Receiver(HandOverWay.ASSIGN, "admin", now.date() + timedelta(days=7))
        hand_over.hand_over(session, segment, to, "ann", now)
        follow_ups = session.exec(select(FollowUp).order_by(col(FollowUp.account_id))).all()
        assert [row.comment for row in follow_ups] == [f"C{n} ends on 14 December 2026" for n in range(1, 6)]
        hand_over.hand_over(session, segment, Receiver(HandOverWay.WEBHOOK), "ann", now)
        (event,) = session.exec(select(EventRow)).all()
        assert (event.kind, event.units) == (EventKind.SEGMENT_HANDED_OVER, 5)
        with pytest.raises(Conflict):
            hand_over.hand_over(session, segment, Receiver(HandOverWay.ASSIGN, "nobody"), "ann", now)


def test_a_pair_is_decided_by_a_person_and_can_be_undone(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        a, b = records.product(session, "Acme", "Pump"), records.product(session, "Acme", "Valve")
        session.add(ProductPair(a_id=a.id, b_id=b.id, accounts=100, first=40, second=50, both=30, p=0.001))
        with pytest.raises(NotFound):
            pairs.decide(session, b.id or 0, a.id or 0, confirmed=True, actor="ann", now=now)
        change = pairs.decide(session, a.id or 0, b.id or 0, confirmed=True, actor="ann", now=now)
        assert change
        assert change.subject == "Acme Valve goes with Acme Pump"
        assert pairs.decide(session, a.id or 0, b.id or 0, confirmed=True, actor="ann", now=now) is None
        assert pairs.decide(session, a.id or 0, b.id or 0, confirmed=False, actor="lee", now=now)
    with database.transaction() as session:
        (known,) = pairs.stored.known(session)
        assert (known.confirmed, known.decided_by, known.pair.lift) == (False, "lee", 1.5)
        assert pairs.stored.confirmed(session) == []
        with pytest.raises(Conflict):  # a later change is in the way
            undo(session, change.id or 0, "ann", now)
