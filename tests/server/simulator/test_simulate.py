"""The simulator against the real registry with its own broker: enrolment, birth, heartbeats, receipts, and the same units again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from sqlmodel import col, func, select

from tests.support.instances import end, until

UNITS = 20


class Registry(NamedTuple):
    url: str
    environment: dict[str, str]
    database: Database

    def simulate(self, *options: str) -> dict[str, Any]:
        """The summary of `musterroll simulate --json` with these options."""
        process = subprocess.run(self.command(*options), env=self.environment, capture_output=True, text=True, timeout=60)
        assert process.returncode == 0, process.stderr
        summary: dict[str, Any] = json.loads(process.stdout)
        return summary

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-m", "musterroll", "simulate", "--registry", self.url, "--units", str(UNITS), "--json", *options]

    def voices(self) -> list[UnitStatus]:
        with self.database.snapshot() as session:
            return list(session.exec(select(UnitStatus).where(col(UnitStatus.heard_at).is_not(None))))


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    settings = {"DATA_DIR": str(tmp_path), "HTTP_LISTEN": "127.0.0.1:0", "MQTT_LISTEN": "127.0.0.1:0", "LOG_LEVEL": "error"}
    environment = {**os.environ, **{f"MUSTERROLL_{name}": value for name, value in settings.items()}}
    serve = subprocess.Popen([sys.executable, "-m", "musterroll", "serve"], env=environment, stdout=subprocess.PIPE)
    assert serve.stdout
    database = Database(f"sqlite:///{tmp_path}/musterroll.db")
    try:
        ready = next((line for line in serve.stdout if line.startswith(b"Musterroll is ready at ")), b"")
        assert ready, f"the registry ended with status {serve.wait()}"
        yield Registry(ready.decode().split()[-1], environment, database)
    finally:
        database.close()
        end(serve)
        serve.stdout.close()


def test_every_unit_is_enrolled_heard_and_receipted(registry: Registry) -> None:
    summary = registry.simulate("--interval", "1", "--duration", "5")
    assert (summary["enrolled"], summary["connected"], summary["denied"]) == (UNITS, UNITS, 0)
    assert summary["receipted"] == summary["records"] >= UNITS
    assert summary["beats"] >= 2 * UNITS
    assert len(registry.voices()) == UNITS


def test_a_simulator_started_again_is_the_same_fleet_in_a_later_epoch(registry: Registry) -> None:
    registry.simulate("--interval", "1", "--duration", "3")
    before = {status.unit_id: status.epoch for status in registry.voices()}
    again = registry.simulate("--interval", "1", "--duration", "3")
    assert again["enrolled"] == 0
    assert {status.unit_id for status in registry.voices() if status.epoch > before[status.unit_id]} == set(before)


def test_units_told_to_fall_silent_do_and_their_wills_are_heard(registry: Registry) -> None:
    summary = registry.simulate("--interval", "1", "--duration", "11", "--stale-share", "1", "--seed", "3")
    assert summary["silent"] + summary["revived"] == UNITS
    with registry.database.snapshot() as session:
        wills = session.exec(select(func.count()).select_from(UnitStatus).where(col(UnitStatus.death_at).is_not(None))).one()
        assert 0 < wills < UNITS
        assert session.exec(select(func.count()).select_from(Unit)).one() == UNITS


def test_ctrl_c_ends_it_with_its_summary(registry: Registry) -> None:
    simulator = subprocess.Popen(registry.command("--interval", "1"), env=registry.environment, stdout=subprocess.PIPE)
    try:
        until(lambda: len(registry.voices()) == UNITS, "all units are heard")
        simulator.send_signal(signal.SIGINT)
        output, _ = simulator.communicate(timeout=15)
    finally:
        end(simulator)
    assert simulator.returncode == 0
    assert json.loads(output)["enrolled"] == UNITS


def test_a_registry_that_is_not_there_is_one_sentence(registry: Registry) -> None:
    command = registry._replace(url="http://127.0.0.1:9").command()
    process = subprocess.run(command, env=registry.environment, capture_output=True, text=True, timeout=30)
    assert process.returncode == 1
    assert "http://127.0.0.1:9 cannot be reached" in process.stderr
    assert "Traceback" not in process.stderr
