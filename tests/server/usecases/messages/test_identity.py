"""Signs of copies and of state that went back, and the cases and events that follow, on both databases."""

import json
from datetime import datetime, timedelta
from typing import Any

from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.messages.identity import Doubt
from musterroll.domain.notifications.events import EventKind
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.enrolment import Credential, CredentialStatus
from musterroll.storage.tables.findings import FindingRow
from musterroll.storage.tables.identity import IdentityCase, IdentitySign
from musterroll.storage.tables.messages import SetAsideMessage
from musterroll.storage.tables.notifications import EventRow
from musterroll.usecases.messages import identity
from musterroll.usecases.messages.receive import Batch, UplinkMessage, receive
from musterroll.usecases.reconciliation import run as reconciliation
from sqlmodel import col, select

from tests.support.reporting import Reporter, enrol

SOON, LATER = timedelta(seconds=20), timedelta(minutes=5)


def report(database: Database, unit: Reporter, now: datetime, *messages: UplinkMessage) -> None:
    with database.transaction() as session:
        receive(session, Batch([unit.arrival(message) for message in messages]), now)


def judge(database: Database, now: datetime) -> None:
    with database.snapshot() as session:
        due = identity.due(session, now)
    with database.transaction() as session:
        assert bool(identity.judge(session, now)) <= due
        reconciliation.tick(session, now)


def cases(database: Database) -> list[Doubt]:
    with database.snapshot() as session:
        return [case.doubt for case in session.exec(select(IdentityCase))]


def events(database: Database) -> list[str]:
    kinds = (EventKind.CREDENTIAL_COPIED, EventKind.STATE_WENT_BACK, EventKind.FOREIGN_IDENTITY)
    with database.snapshot() as session:
        return [row.kind for row in session.exec(select(EventRow).order_by(EventRow.id)) if row.kind in kinds]  # type: ignore[arg-type]


def findings(database: Database) -> set[str]:
    with database.snapshot() as session:
        kinds = (FindingKind.CLONE_CASE, FindingKind.STATE_WENT_BACK, FindingKind.FOREIGN_IDENTITY)
        return {row.kind for row in session.exec(select(FindingRow)) if row.present and row.kind in kinds}


def went_back(database: Database, unit: Reporter, now: datetime, old: str = "a", new: str = "b", **fields: Any) -> None:
    """Epochs 1 to 3, then again 1, and on in 4."""
    report(database, unit, now, unit.birth(run=old), unit.birth(epoch=3, run="x" if old else ""), unit.heartbeat(epoch=3))
    report(database, unit, now + SOON, unit.birth(run=new, **fields), unit.heartbeat(epoch=1))
    report(database, unit, now + SOON, unit.birth(epoch=4, run=new, **fields), unit.heartbeat(epoch=4))


def test_a_machine_that_starts_from_an_image_is_told_of_once_and_is_no_copy(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    went_back(database, unit, now)
    judge(database, now + SOON)
    assert (cases(database), events(database)) == ([], [])
    judge(database, now + LATER)
    assert (cases(database), events(database), findings(database)) == ([Doubt.WENT_BACK], ["state_went_back"], {"state_went_back"})
    for start in range(5, 12):
        then = now + start * LATER
        report(database, unit, then, unit.birth(run=f"r{start}"), unit.heartbeat(epoch=1))
        report(database, unit, then, unit.birth(epoch=start, run=f"r{start}"), unit.heartbeat(epoch=start))
        judge(database, then + LATER)
    assert (cases(database), events(database)) == ([Doubt.WENT_BACK], ["state_went_back"])


def test_births_of_two_starts_that_come_in_one_batch_are_no_copy(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(run="a"), unit.birth(epoch=3, run="a"), unit.heartbeat(epoch=3))
    report(database, unit, now + SOON, unit.birth(run="b"), unit.heartbeat(epoch=1))
    report(database, unit, now + 2 * SOON, unit.birth(epoch=4, run="b"), unit.birth(run="c"), unit.heartbeat(epoch=1))
    report(database, unit, now + 3 * SOON, unit.birth(epoch=5, run="c"), unit.heartbeat(epoch=5))
    judge(database, now + LATER)
    assert cases(database) == [Doubt.WENT_BACK]


def test_of_what_is_set_aside_the_first_and_the_newest_is_kept(database: Database, now: datetime) -> None:
    flooding, other = enrol(database, 2)
    for unit, messages in ((flooding, 150), (other, 5)):
        report(database, unit, now, unit.record(n=0))
        for n in range(1, messages + 1):
            report(database, unit, now + n * timedelta(seconds=1), unit.record(n=n))
    judge(database, now + LATER)
    with database.snapshot() as session:
        rows = session.exec(select(SetAsideMessage).order_by(col(SetAsideMessage.received_at))).all()
    kept = [[json.loads(row.body)["data"]["n"] for row in rows if row.unit_id == unit.id] for unit in (flooding, other)]
    assert kept == [[*range(1, 11), *range(51, 151)], [1, 2, 3, 4, 5]]


def test_runs_that_take_turns_are_a_copy_at_once_and_one_event(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(run="a"), unit.heartbeat(), unit.birth(epoch=2, run="b"), unit.heartbeat(epoch=2))
    report(database, unit, now + SOON, unit.heartbeat(beat=2))
    report(database, unit, now + SOON, unit.birth(epoch=3, run="a"))
    for turn in range(3):
        report(database, unit, now + LATER, unit.heartbeat(epoch=2, beat=turn + 5))
        judge(database, now + LATER)
    assert (cases(database), events(database), findings(database)) == ([Doubt.COPIED], ["credential_copied"], {"clone_case"})


def test_one_number_from_different_hardware_is_a_copy(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(run="a", evidence={"mac": "02:00:00:00:00:01"}))
    report(database, unit, now, unit.birth(run="b", evidence={"mac": "02:00:00:00:00:02"}))
    judge(database, now + SOON)
    assert cases(database) == [Doubt.COPIED]


def test_one_number_from_different_hardware_within_one_batch_is_a_copy(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, *(unit.birth(run=run, evidence={"mac": run}) for run in ("a", "b")))
    judge(database, now + SOON)
    assert cases(database) == [Doubt.COPIED]


def test_one_number_with_two_contents_of_an_agent_without_runs_is_a_clone_case(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.record(n=1))
    report(database, unit, now, unit.record(n=2))
    judge(database, now + SOON)
    assert (cases(database), events(database)) == ([Doubt.COPIED], ["credential_copied"])


def test_two_lines_of_heartbeats_that_take_turns_without_runs_are_a_copy(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(), unit.birth(epoch=2), unit.heartbeat(epoch=2))
    for turn in range(2, 7):
        judge(database, now + turn * SOON)
        assert (Doubt.COPIED in cases(database)) == (turn > 5)
        report(database, unit, now + turn * SOON, unit.heartbeat(beat=turn))
        report(database, unit, now + turn * SOON, unit.heartbeat(epoch=2, beat=turn))


def test_hardware_that_takes_turns_is_a_copy_and_a_replaced_board_is_not(database: Database, now: datetime) -> None:
    copied, replaced = enrol(database, 2)
    for epoch, mac in enumerate(["1", "2", "1", "2"], 1):
        report(database, copied, now + epoch * SOON, copied.birth(epoch, run=f"r{epoch}", evidence={"mac": mac}))
    for epoch, mac in enumerate(["1", "2", "2", "2"], 1):
        report(database, replaced, now + epoch * SOON, replaced.birth(epoch, run=f"r{epoch}", evidence={"mac": mac}))
    judge(database, now + LATER)
    with database.snapshot() as session:
        assert [case.unit_id for case in session.exec(select(IdentityCase))] == [copied.id]


def test_redelivered_heartbeats_and_a_late_backlog_are_no_sign_of_anything(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.birth(run="a"), unit.birth(epoch=2, run="b"), unit.heartbeat(epoch=2, beat=9))
    report(database, unit, now, unit.heartbeat(epoch=2, beat=8), unit.record(seq=2), unit.birth(run="a"))
    judge(database, now + LATER)
    assert cases(database) == []


def test_a_new_credential_closes_the_case_and_what_was_sent_before_does_not_open_it_again(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, unit, now, unit.record(n=1), unit.record(n=2))
    judge(database, now + SOON)
    assert findings(database) == {"clone_case"}
    with database.transaction() as session:
        issued = Credential(unit_id=unit.id, secret_hash="h", status=CredentialStatus.ACTIVE, created_at=now + 2 * SOON)
        session.add(issued)
    for then in (now + 3 * SOON, now + LATER):
        judge(database, then)
        assert (cases(database), findings(database)) == ([], set())
    assert events(database) == ["credential_copied"]


def test_a_copy_that_comes_back_after_days_is_told_of_again(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    for day in range(2):
        then = now + timedelta(days=2 * day)
        report(database, unit, then, unit.record(n=2 * day), unit.record(n=2 * day + 1))
        judge(database, then + SOON)
    assert events(database) == ["credential_copied"] * 2


def test_signs_are_forgotten_after_an_hour(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    went_back(database, unit, now)
    judge(database, now + LATER)
    (other,) = enrol(database, prefix="Z")
    went_back(database, other, now + timedelta(hours=3))
    judge(database, now + timedelta(hours=3, minutes=5))
    with database.snapshot() as session:
        assert [sign.unit_id for sign in session.exec(select(IdentitySign))] == [other.id]


def test_a_birth_with_another_maker_or_model_is_a_case_until_it_is_as_enrolled_again(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    for epoch, model in enumerate(["Pump 4", "Pump 4", "PUMP  3"], 1):
        report(database, unit, now, unit.birth(epoch, model=model))
        judge(database, now + SOON)
        assert findings(database) == ({"foreign_identity"} if model == "Pump 4" else set())
    assert events(database) == ["foreign_identity"]
