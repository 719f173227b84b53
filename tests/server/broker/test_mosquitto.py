"""The password file of a Mosquitto: its content, when it is written, and the signal to reload it."""

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from musterroll.broker import mosquitto
from musterroll.broker.mosquitto import provision_mosquitto
from musterroll.domain.enrolment.secrets import matches
from musterroll.domain.values.errors import DomainError
from musterroll.settings import Settings
from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment import revocation
from pydantic import SecretStr

from tests.support.enrolment import accept_latest, enrol_unit
from tests.support.instances import end

_WAITS = "import signal, sys; signal.signal(signal.SIGHUP, lambda *_: sys.exit(42)); print('ready', flush=True); signal.pause()"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(mqtt_url=SecretStr("mqtt://registry:pa%3Ass@broker:1883"), mosquitto_password_file=tmp_path / "passwords")


def lines(settings: Settings) -> dict[str, str]:
    assert settings.mosquitto_password_file
    _, *rest = settings.mosquitto_password_file.read_text().splitlines()
    return dict(line.split(":", 1) for line in rest)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program that ends with 42 at SIGHUP."""
    child = subprocess.Popen([sys.executable, "-c", _WAITS], stdout=subprocess.PIPE)
    assert child.stdout
    assert child.stdout.readline() == b"ready\n"
    (tmp_path / "pid").write_text(f"{child.pid}\n")
    yield child
    child.stdout.close()
    end(child)


def test_it_lists_the_registrys_workers_and_every_active_credential(database: Database, now: datetime, settings: Settings) -> None:
    first, second_unit, lost = (enrol_unit(database, now, serial) for serial in ("ONE-1", "TWO-2", "LOST-3"))
    second = enrol_unit(database, now, "ONE-1")
    with database.transaction() as session:
        revocation.revoke(session, lost.uid, reason="lost", actor="ann", now=now)
    assert provision_mosquitto(database, settings)
    logins = lines(settings)
    assert set(logins) == {"registry", *(f"registry-{number}" for number in range(2, 9)), first.uid, second_unit.uid}
    assert matches("pa:ss", logins["registry"])
    assert matches("pa:ss", logins["registry-8"])
    assert matches(first.secret, logins[first.uid])
    assert not matches(second.secret, logins[first.uid])


def test_it_is_written_only_when_credentials_changed(database: Database, now: datetime, settings: Settings) -> None:
    assert provision_mosquitto(database, settings)
    assert not provision_mosquitto(database, settings)
    old = enrol_unit(database, now, "ONE-1")
    _age(settings)
    assert provision_mosquitto(database, settings)
    new = enrol_unit(database, now, "ONE-1")  # pending: lets nobody in
    _age(settings)
    assert not provision_mosquitto(database, settings)
    accept_latest(database, now)
    assert provision_mosquitto(database, settings)
    assert matches(new.secret, lines(settings)[old.uid])


def test_another_password_of_the_registry_is_written(database: Database, settings: Settings) -> None:
    provision_mosquitto(database, settings)
    _age(settings)
    settings = settings.model_copy(update={"mqtt_url": SecretStr("mqtt://registry:new@broker:1883")})
    assert provision_mosquitto(database, settings)
    assert matches("new", lines(settings)["registry"])


def test_only_its_owner_and_group_may_read_it_and_nothing_is_left_beside_it(database: Database, settings: Settings, tmp_path: Path) -> None:
    provision_mosquitto(database, settings)
    assert (tmp_path / "passwords").stat().st_mode & 0o777 == 0o640
    assert [path.name for path in tmp_path.iterdir() if "passwords" in path.name] == ["passwords"]


def test_a_large_file_is_not_reloaded_too_often(
    database: Database, now: datetime, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mosquitto, "_BYTES_PER_SECOND", 1)
    provision_mosquitto(database, settings)
    enrol_unit(database, now, "ONE-1")
    assert not provision_mosquitto(database, settings)
    _age(settings)
    assert provision_mosquitto(database, settings)


def test_a_file_that_cannot_be_written_is_one_clear_sentence(database: Database, settings: Settings, tmp_path: Path) -> None:
    settings = settings.model_copy(update={"mosquitto_password_file": tmp_path / "no" / "where"})
    with pytest.raises(DomainError, match=r"MUSTERROLL_MOSQUITTO_PASSWORD_FILE .*where cannot be written: No such file or directory"):
        provision_mosquitto(database, settings)


@pytest.mark.parametrize("url", ["mqtt://broker:1883", "mqtt://registry@broker"])
def test_a_url_without_a_password_is_one_clear_sentence(database: Database, settings: Settings, url: str) -> None:
    settings = settings.model_copy(update={"mqtt_url": SecretStr(url)})
    with pytest.raises(DomainError, match="MUSTERROLL_MQTT_URL names no user and password"):
        provision_mosquitto(database, settings)


def test_another_program_with_mosquittos_old_pid_is_left_alone(
    database: Database, settings: Settings, tmp_path: Path, program: subprocess.Popen[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings.model_copy(update={"mosquitto_pid_file": tmp_path / "pid"})
    with caplog.at_level(logging.INFO):
        assert provision_mosquitto(database, settings)
    assert "no Mosquitto runs" in caplog.text
    assert program.poll() is None
    os.kill(program.pid, signal.SIGHUP)  # it would have ended
    assert program.wait(5) == 42


@pytest.mark.parametrize("content", [None, "", "nonsense", "999999999"])
def test_a_mosquitto_that_does_not_run_is_no_error(database: Database, settings: Settings, tmp_path: Path, content: str | None) -> None:
    settings = settings.model_copy(update={"mosquitto_pid_file": tmp_path / "pid"})
    if content is not None:
        (tmp_path / "pid").write_text(content)
    assert provision_mosquitto(database, settings)


def _age(settings: Settings) -> None:
    assert settings.mosquitto_password_file
    os.utime(settings.mosquitto_password_file, (1, 1))
