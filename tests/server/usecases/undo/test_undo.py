"""Changes, their undoing and the chain that proves them, on both databases."""

from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.audit.audited_tables import audited_tables
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.audit import AuditChange, AuditEntry
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.storage.units import transitions
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.audit.record import Row
from musterroll.usecases.enrolment import enrol
from musterroll.usecases.enrolment.enrol import EnrolRequest
from musterroll.usecases.undo import undo as undo_changes
from musterroll.usecases.undo.tables import TABLES
from musterroll.usecases.undo.undo import undo
from musterroll.usecases.warranty.periods import apply_policies
from sqlalchemy import text, update
from sqlmodel import Session, SQLModel, col, select

from tests.support import documents, records
from tests.support.documents import take
from tests.support.records import dump

on_both = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def begin(session: Session, now: datetime, subject: str = "a file") -> AuditChange:
    return audit_record.begin(session, actor="anna", kind="import", subject=subject, now=now)


def add(session: Session, change: AuditChange, *rows: SQLModel) -> None:
    for row in rows:
        audit_record.added(session, change, row.__tablename__, [row.id])  # type: ignore[attr-defined, arg-type]


def scribble(session: Session, random: Random, change: AuditChange) -> None:
    """Write some rows of some kinds, new and old."""
    for _ in range(random.randrange(1, 8)):
        row: Any = records.random_row(session, random)
        add(session, change, row)
        name = random.choice([c for c in ("name", "model", "serial", "ref", "service") if hasattr(row, c)])
        with audit_record.watching(session, change, row.__tablename__, [row.id]):
            setattr(row, name, f"{random.randrange(10**9)}")


@on_both
@given(seed=st.integers(0, 2**32))
def test_random_changes_undone_in_reverse_leave_the_same_bytes(
    database: Database, now: datetime, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    random = Random(seed)
    monkeypatch.setattr(undo_changes, "_BATCH", random.randrange(1, 6))
    with database.transaction() as session:
        states, changes = [], []
        for _ in range(4):
            states.append(dump(session))
            changes.append(begin(session, now))
            scribble(session, random, changes[-1])
        for change, state in zip(reversed(changes), reversed(states), strict=True):
            undo(session, change.id or 0, "bert", now)
            assert dump(session) == state
        assert audit_chain.verify(session).first_bad is None
        session.rollback()


@on_both
@given(seed=st.integers(0, 2**32))
def test_undoing_the_undoing_brings_everything_back(database: Database, now: datetime, seed: int) -> None:
    random = Random(seed)
    with database.transaction() as session:
        change = begin(session, now)
        scribble(session, random, change)
        state = dump(session)
        undone = undo(session, change.id or 0, "bert", now)
        undo(session, undone.id or 0, "anna", now)
        assert dump(session) == state
        session.rollback()


def test_every_audited_table_has_an_entry() -> None:
    assert set(TABLES) <= set(audited_tables())


def test_a_change_is_undone_once(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        change = begin(session, now)
        add(session, change, records.account(session, "A1"))
        undo(session, change.id or 0, "bert", now)
        with pytest.raises(Conflict, match=r"change \d+ was already undone by change \d+"):
            undo(session, change.id or 0, "bert", now)


def test_a_change_that_is_not_there_is_not_found(database: Database, now: datetime) -> None:
    with database.transaction() as session, pytest.raises(NotFound, match="no change 77"):
        undo(session, 77, "bert", now)


def test_a_row_changed_since_is_named_and_nothing_is_undone(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        first, second = records.account(session, "A1"), records.account(session, "A2")
        change = begin(session, now)
        with audit_record.watching(session, change, "account", [first.id or 0, second.id or 0]):
            first.name = second.name = "Renamed"
        first.name = "Renamed again"
        state = dump(session)
        later = first.id
    with pytest.raises(Conflict, match=rf"account {later} has been changed since \(name\)"), database.transaction() as session:
        undo(session, change.id or 0, "bert", now)
    with database.transaction() as session:
        assert dump(session) == state


def test_a_row_that_something_newer_refers_to_is_not_taken_out(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        change = begin(session, now)
        owner = records.account(session, "A1")
        add(session, change, owner)
        records.site(session, "S1", owner)
        with pytest.raises(Conflict, match=r"site \d+ depends on records the change added \(account\)"):
            undo(session, change.id or 0, "bert", now)


@pytest.mark.parametrize("sign", ["heard", "enrolled"])
def test_a_unit_that_has_spoken_since_stays_without_paper(database: Database, now: datetime, sign: str) -> None:
    with database.transaction() as session:
        made = records.product(session)
        change = begin(session, now)
        unit = records.unit(session, "SN1", made, lifecycle=Lifecycle.DEPLOYED, installed_on=date(2026, 1, 1), warranty_months=24)
        add(session, change, unit)
        apply_policies(session, [unit.id or 0], now, change)
        if sign == "heard":
            session.add(UnitStatus(unit_id=unit.id, heard_at=to_ms(now), first_heard_at=to_ms(now)))
        else:
            session.add(Credential(unit_id=unit.id, secret_hash="x", status=CredentialStatus.ACTIVE, created_at=now))
        undo(session, change.id or 0, "bert", now)
        left = session.get_one(Unit, unit.id)
        assert (left.lifecycle, left.installed_on, left.serial) == (Lifecycle.UNRECORDED, None, "SN1")
        assert session.exec(select(WarrantyPeriod)).all() == []  # it has no paper that says how long


def test_transitions_are_withdrawn_with_their_change_and_come_back_with_it(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        change = begin(session, now)
        moved = transitions.NewStateChange(4711, to_ms(now), "lifecycle", "stock", "deployed", "a file", "anna")
        transitions.add(session, [moved], change_id=change.id)
        undone = undo(session, change.id or 0, "bert", now + timedelta(hours=1))
        assert transitions.last(session, [4711], "lifecycle") == {}
        undo(session, undone.id or 0, "anna", now + timedelta(hours=2))
        assert transitions.last(session, [4711], "lifecycle") == {4711: "deployed"}
        found = session.exec(select(UnitStateChange).order_by(col(UnitStateChange.id))).all()
        assert [(row.recorded_at, row.withdrawn_at) for row in found] == [
            (to_ms(now), to_ms(now + timedelta(hours=1))),
            (to_ms(now + timedelta(hours=2)), None),
        ]


def test_a_row_recorded_in_bulk_is_undone_like_one_that_was_watched(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        first = records.site(session, "S1", latitude=52)
        state = dump(session)
        change = begin(session, now)
        audit_record.record(session, change, [Row("site", first.id or 0, {"latitude": 52, "name": "S1"}, {"latitude": 53, "name": "S1"})])
        first.latitude = 53
        session.flush()
        undo(session, change.id or 0, "bert", now)
        assert dump(session) == state


def test_a_bulk_record_names_all_columns_of_a_new_row(database: Database, now: datetime) -> None:
    with database.transaction() as session, pytest.raises(ValueError, match="not the audited columns of site"):
        audit_record.record(session, begin(session, now), [Row("site", 1, None, {"name": "S1"})])


def test_a_row_that_did_not_change_is_left_out(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        change = begin(session, now)
        audit_record.record(session, change, [Row("site", 1, {"name": "S1"}, {"name": "S1"})])
        assert session.exec(select(AuditEntry)).all() == []


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE audit_entry SET row_key = '99' WHERE id = {middle}",
        'UPDATE audit_entry SET after = \'{{"name":"other"}}\' WHERE id = {middle}',
        "DELETE FROM audit_entry WHERE id = {middle}",
        "UPDATE change SET actor = 'mallory' WHERE id = (SELECT change_id FROM audit_entry WHERE id = {middle})",
    ],
)
def test_tampering_is_found_where_it_was_done(database: Database, now: datetime, tampering: str) -> None:
    with database.transaction() as session:
        for number in range(5):
            add(session, begin(session, now), records.account(session, f"A{number}"))
        assert (found := audit_chain.verify(session)).first_bad is None
        assert found.entries == 5
        ids = list(session.exec(select(AuditEntry.id).order_by(col(AuditEntry.id))))
        session.execute(text(tampering.format(middle=ids[2])))
        session.expire_all()
        assert audit_chain.verify(session).first_bad in ids[2:4]
        assert audit_chain.verify(session).entries == 2


def test_a_head_noted_earlier_shows_that_the_end_was_cut_off(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        for number in range(3):
            add(session, begin(session, now), records.account(session, f"A{number}"))
        noted = audit_chain.verify(session).head
        assert audit_chain.verify(session, noted).head_found
        session.execute(text("DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)"))
        assert audit_chain.verify(session, noted)[1::2] == (None, False)


def test_a_number_given_up_names_nothing_else_later(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.transaction() as session:
        change = begin(session, now)
        owner = records.account(session, "A1")
        given_up = owner.id
        add(session, change, owner)
        undo(session, change.id or 0, "bert", now)
        assert records.account(session, "A2").id != given_up


def test_many_rows_are_undone_in_bulk(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        accounts = [records.account(session, f"A{number}") for number in range(300)]
        sites = [records.site(session, f"S{number}", accounts[0]) for number in range(300)]
        state = dump(session)
        change = begin(session, now)
        with audit_record.watching(session, change, "site", [site.id or 0 for site in sites]):
            session.execute(update(Site).values(account_id=accounts[1].id))
        session.expire_all()
        undo(session, change.id or 0, "bert", now)
        assert dump(session) == state
        assert len(session.exec(select(Account)).all()) == 300


@pytest.mark.parametrize("placed", [False, True])
def test_where_an_enrolment_deployed_a_unit_since_its_import_stays(database: Database, now: datetime, placed: bool) -> None:
    _, stock = take(database, now, "units", "Serial,Maker,Model,Ship Date,Status,Warranty Months\nSN1,Acme,Pump,2026-01-05,Shipped,12\n")
    _, more = take(database, now, "units", "Serial,Maker,Model,Status,Warranty Months\nSN1,Acme,Pump,Shipped,24\n")
    with database.transaction() as session:
        if placed:
            records.account(session, "A1")
        terms = {"label": "t", "life": timedelta(days=1), "uses": 1, "serials": [], "actor": "kim", "now": now}
        plain = enrol.create_token(session, account="A1" if placed else None, site=None, **terms)[1]  # type: ignore[arg-type]
        enrol.enroll(session, EnrolRequest(plain, "Acme", "Pump", "SN1"), now)
        session.flush()
        apply_policies(session, [1], now)
    for done in (more, stock):
        with database.transaction() as session:
            documents.undo(session, done.run_id or 0, "bert", now)
    with database.snapshot() as session:
        unit = session.exec(select(Unit)).one()
        stays = (Lifecycle.DEPLOYED, now.date(), 1) if placed else (Lifecycle.UNRECORDED, None, None)
        assert (unit.lifecycle, unit.installed_on, unit.account_id) == stays
        assert (unit.warranty_months, unit.shipped_on, session.exec(select(WarrantyPeriod)).all()) == (None, None, [])
