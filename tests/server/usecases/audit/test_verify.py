"""The audit log proven a stretch at a time, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.audit.changes import ChangeFilter
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditEntry
from musterroll.storage.tables.notifications import EventRow
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.audit import verify as audit_verify
from sqlalchemy import update
from sqlmodel import Session, col, select

from tests.support import records

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def written(session: Session, count: int, actor: str = "ann") -> None:
    for n in range(count):
        change = audit_record.begin(session, actor=actor, kind="account", subject=f"account {n}", now=NOW)
        audit_record.added(session, change, "account", [records.account(session, f"{actor}{n}").id or 0])


def proven(session: Session, now: datetime = NOW) -> audit_verify.Proof:
    while audit_verify.prove(session, now):
        pass
    return audit_verify.proof(session)


def test_new_entries_are_proven_as_they_come_and_all_of_them_anew_every_day(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as session:
        written(session, 5)
        assert proven(session).upto == 5
        written(session, 2, "bob")
        found = proven(session, NOW + timedelta(hours=1))
        assert (found.upto, found.head, found.since, found.first_bad) == (7, audit_chain.verify(session).head, NOW, None)
        assert proven(session, NOW + timedelta(days=1)).since == NOW + timedelta(days=1)


def test_an_entry_altered_behind_our_back_is_found_and_told(database: Database) -> None:
    with database.transaction() as session:
        written(session, 5)
        assert proven(session).first_bad is None
        session.execute(update(AuditEntry).where(col(AuditEntry.id) == 3).values(row_key="999"))
        assert proven(session, NOW + timedelta(days=1)).first_bad == 3
        assert proven(session, NOW + timedelta(days=1, hours=1)).first_bad == 3
        (told,) = session.exec(select(EventRow)).all()
        assert (told.kind, told.detail) == ("audit_broken", "entry 3 was altered, or entries before it are missing")


def test_changes_are_found_by_who_what_and_record(database: Database) -> None:
    with database.transaction() as session:
        written(session, 3)
        written(session, 1, "bob")
        key = str(session.exec(select(AuditEntry.row_key).order_by(col(AuditEntry.id))).first())
        asked = [
            ChangeFilter(),
            ChangeFilter(actor="bob"),
            ChangeFilter(text="COUNT 2"),
            ChangeFilter(kind="import"),
            ChangeFilter(table="account", key=key),
            ChangeFilter(table="account"),
            ChangeFilter(table="site"),
        ]
        assert [len(audit_changes.changes(session, None, 10, which)) for which in asked] == [4, 1, 1, 0, 1, 4, 0]
        assert audit_changes.kinds_and_actors(session) == (["account"], ["ann", "bob"])
