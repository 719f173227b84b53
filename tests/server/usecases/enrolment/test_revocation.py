"""Revoking a credential: for good, with a reason that its device is told, and a new one only from a person."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from musterroll.broker.mosquitto import provision_mosquitto
from musterroll.domain.values.errors import Conflict, DomainError, Forbidden, NotFound
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditEntry
from musterroll.storage.tables.enrolment import CredentialStatus
from musterroll.usecases.enrolment import broker_logins, enrol, revocation
from musterroll.usecases.enrolment.enrol import EnrolRequest, EnrolResult
from musterroll.usecases.undo.undo import undo
from pydantic import SecretStr
from sqlmodel import select

from tests.support.enrolment import enrol_unit

ACTIVE, PENDING, REFUSED, REVOKED = CredentialStatus.ACTIVE, CredentialStatus.PENDING, CredentialStatus.REFUSED, CredentialStatus.REVOKED

Enrol = Callable[..., EnrolResult]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(mqtt_url=SecretStr("mqtt://registry:secret@broker:1883"), mosquitto_password_file=tmp_path / "passwords")


@pytest.fixture
def enroll(database: Database, now: datetime) -> Enrol:
    def make(token: str, serial: str = "ONE-1", maker: str = "Acme", at: datetime = now) -> EnrolResult:
        with database.transaction() as session:
            return enrol.enroll(session, EnrolRequest(token, maker, "Rotor 9", serial), at)

    return make


def revoke(database: Database, uid: str, now: datetime, reason: str = "stolen from the van") -> int:
    with database.transaction() as session:
        return revocation.revoke(session, uid, reason=reason, actor="ann", now=now).id or 0


def readmit(database: Database, uid: str, now: datetime) -> str:
    with database.transaction() as session:
        return revocation.readmit(session, uid, actor="ann", now=now)[1]


def standing(database: Database, unit: EnrolResult) -> tuple[CredentialStatus, str] | None:
    with database.snapshot() as session:
        stands = revocation.standing(session, unit.uid, unit.secret)
        admitted = broker_logins.authenticate(session, unit.uid, unit.secret) is not None
    assert admitted == (stands is not None and stands.status is ACTIVE)
    return stands and (stands.status, stands.reason)


def test_a_revoked_secret_is_refused_and_its_device_is_told_why(database: Database, now: datetime) -> None:
    unit, other = enrol_unit(database, now, "ONE-1"), enrol_unit(database, now, "TWO-2")
    again = enrol_unit(database, now, "ONE-1")  # waits for approval
    revoke(database, unit.uid, now)
    assert standing(database, unit) == (REVOKED, "stolen from the van")
    assert standing(database, again) == (REFUSED, "stolen from the van")
    assert standing(database, other) == (ACTIVE, "")
    assert standing(database, unit._replace(secret="wrong")) is None
    assert standing(database, unit._replace(uid=other.uid)) is None


def test_a_new_credential_is_active_at_once_for_the_device_of_that_unit_only(database: Database, now: datetime, enroll: Enrol) -> None:
    old = enrol_unit(database, now, "ONE-1")
    revoke(database, old.uid, now)
    token = readmit(database, old.uid, now)
    with pytest.raises(Forbidden):
        enroll(token, serial="TWO-2")
    new = enroll(token, maker="Another name")
    assert (new.uid, new.status, standing(database, new)) == (old.uid, ACTIVE, (ACTIVE, ""))
    assert standing(database, old) == (REVOKED, "stolen from the van")
    with pytest.raises(DomainError):
        enroll(token, at=now + timedelta(days=8))


def test_a_token_made_for_a_unit_replaces_no_credential_that_came_meanwhile(database: Database, now: datetime, enroll: Enrol) -> None:
    old = enrol_unit(database, now, "ONE-1")
    revoke(database, old.uid, now)
    tokens = [readmit(database, old.uid, now) for _ in range(2)]
    first, second = map(enroll, tokens)
    assert (first.status, second.status) == (ACTIVE, PENDING)


def test_what_cannot_be_revoked_or_readmitted_is_said(database: Database, now: datetime) -> None:
    unit = enrol_unit(database, now, "ONE-1")
    with pytest.raises(DomainError, match="reason"):
        revoke(database, unit.uid, now, " ")
    with pytest.raises(NotFound):
        revoke(database, "zzzzzzzzzz", now)
    with pytest.raises(Conflict, match="active"):
        readmit(database, unit.uid, now)
    revoke(database, unit.uid, now)
    with pytest.raises(Conflict, match="no credential"):
        revoke(database, unit.uid, now)


def test_it_is_audited_and_no_undo_lets_the_old_secret_in(database: Database, now: datetime) -> None:
    unit = enrol_unit(database, now, "ONE-1")
    change = revoke(database, unit.uid, now)
    with database.snapshot() as session:
        (entry,) = session.exec(select(AuditEntry).where(AuditEntry.change_id == change)).all()
        assert entry.table_name == "credential"
        assert '"revoked"' in str(entry.after).replace("'", '"')
        assert "secret" not in f"{entry.before}{entry.after}"
    with database.transaction() as session, pytest.raises(Conflict, match="stays revoked"):
        undo(session, change, "ann", now)
    assert standing(database, unit) == (REVOKED, "stolen from the van")


def test_a_large_password_file_of_mosquitto_is_written_at_once_where_a_credential_was_revoked(
    database: Database, now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musterroll.broker.mosquitto._BYTES_PER_SECOND", 1)  # as if the file were large
    unit = enrol_unit(database, now, "ONE-1")
    assert provision_mosquitto(database, settings)
    enrol_unit(database, now, "TWO-2")
    assert not provision_mosquitto(database, settings)
    revoke(database, unit.uid, now)
    assert provision_mosquitto(database, settings)
    assert not provision_mosquitto(database, settings)
