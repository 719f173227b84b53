"""Accounts are assigned to users; each change is audited and can be undone, and limited users see those of their accounts only."""

from datetime import date, datetime, timedelta

import pytest
from musterroll.domain.access import Role
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.accounts import follow_ups as stored
from musterroll.storage.accounts.follow_ups import FollowUpFilter
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.usecases.access import users as access_users
from musterroll.usecases.accounts.follow_ups import Assignment, follow_up
from musterroll.usecases.undo.undo import undo
from sqlmodel import Session, select

TO_KIM = Assignment("kim", date(2126, 12, 10), "asks about the silent units")


@pytest.fixture
def accounts(database: Database, now: datetime) -> Database:
    with database.transaction() as session:
        session.add_all([Account(ref=ref, name=f"Account {ref}", created_at=now) for ref in ("A1", "A2")])
        access_users.create(session, "kim", Role.PLANNER, None, actor="admin", now=now)
    return database


def shown(session: Session) -> list[tuple[str, Assignment]]:
    return [(row.ref, Assignment(row.assignee, row.due_on, row.comment, row.done)) for row in stored.page(session, FollowUpFilter(), 0, 9)]


def test_a_follow_up_is_changed_and_undone(accounts: Database, now: datetime) -> None:
    with accounts.transaction() as session:
        assert follow_up(session, "A1", TO_KIM, "ann", now)
        assert follow_up(session, "A1", TO_KIM, "ann", now) is None
        done = follow_up(session, "A1", TO_KIM._replace(done=True), "ann", now)
        assert done
        assert shown(session) == [("A1", TO_KIM._replace(done=True))]
        undo(session, done.id or 0, "ann", now)
        assert shown(session) == [("A1", TO_KIM)]
        assert stored.by_account(session, ["A2", "A1"]).keys() == {"A1"}
        assert stored.page(session, FollowUpFilter(due_by=date(2126, 12, 9)), 0, 9) == []
        assert stored.page(session, FollowUpFilter("ann"), 0, 9) == stored.page(session, FollowUpFilter(done=True), 0, 9) == []


def test_what_cannot_be_followed_up_is_refused(accounts: Database, now: datetime) -> None:
    with accounts.transaction() as session:
        for wrong in (TO_KIM._replace(assignee="lee"), TO_KIM._replace(assignee=""), TO_KIM._replace(comment="x" * 501)):
            with pytest.raises(Conflict):
                follow_up(session, "A1", wrong, "ann", now)
        with pytest.raises(Conflict, match="is in the past"):
            follow_up(session, "A1", TO_KIM._replace(due_on=now.date() - timedelta(days=1)), "ann", now)
        with pytest.raises(NotFound):
            follow_up(session, "A9", TO_KIM, "ann", now)


def test_a_follow_up_of_somebody_who_left_is_done_after_its_day(accounts: Database, now: datetime) -> None:
    with accounts.transaction() as session:
        follow_up(session, "A1", TO_KIM, "ann", now)
        access_users.disable(session, access_users.named(session, "kim"), actor="admin", now=now)
        assert follow_up(session, "A1", TO_KIM._replace(done=True), "ann", now + timedelta(days=40_000))


def test_limited_users_see_and_change_those_of_their_accounts(accounts: Database, now: datetime) -> None:
    with accounts.transaction() as session:
        follow_up(session, "A1", TO_KIM, "ann", now)
        follow_up(session, "A2", TO_KIM, "ann", now)
        own = session.exec(select(Account.id).where(Account.ref == "A2")).one() or 0
    with accounts.transaction([own]) as session:
        assert shown(session) == [("A2", TO_KIM)]
        with pytest.raises(NotFound):
            follow_up(session, "A1", TO_KIM._replace(comment=""), "lee", now)
        assert follow_up(session, "A2", TO_KIM._replace(comment=""), "lee", now)
