"""`musterroll simulate --play`: devices with the faults of the field against a real registry, and what it says of each."""

import json
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from musterroll.simulator.plays import PLAYS
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.identity import IdentityCase, IdentitySign
from musterroll.usecases.messages import identity
from sqlmodel import select

from tests.support.installation import Serve, environment
from tests.support.instances import end, until

Units = dict[str, dict[str, Any]]  # by serial


class Theatre:
    """A registry and the plays on it."""

    def __init__(self, folder: Path) -> None:
        self.serve = Serve(environment(folder))
        self.token = self.serve.command("token", "api", "--label", "test")
        self.database = Database(f"sqlite:///{folder / 'musterroll.db'}")

    def start(self, *options: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "musterroll", "simulate", "--registry", self.serve.url, "--interval", "2", "--json", *options]
        return subprocess.Popen(command, env=self.serve.environment, stdout=subprocess.PIPE, text=True)

    def units(self) -> Units:
        return {unit["serial"]: unit for unit in self.serve.get("/api/v1/units?limit=100", self.token)["items"]}

    def findings(self, serial: str) -> set[str]:
        found = self.serve.get("/api/v1/findings?state=open&limit=100", self.token)["items"]
        return {finding["kind"] for finding in found if finding["serial"] == serial}

    def changes(self, serial: str) -> Counter[str]:
        uid = self.units()[serial]["id"]
        history = self.serve.get(f"/api/v1/units/{uid}/history?limit=100", self.token)["items"]
        return Counter(change["new"] for change in history if change["axis"] == "liveness")

    def outages(self) -> list[dict[str, Any]]:
        return list(self.serve.get("/api/v1/outages", self.token)["items"])

    def print_identity(self) -> None:
        """What the registry has stored about identity, which is shown where the test fails."""
        with self.database.snapshot() as session:
            for table in (IdentitySign, IdentityCase):
                print(*session.scalars(select(table)), sep="\n")

    def births(self, serial: str) -> list[dict[str, Any]]:
        uid = self.units()[serial]["id"]
        items = self.serve.get(f"/api/v1/units/{uid}/messages?limit=100", self.token)["items"]
        return [message for message in items if message["about"] == "birth"]


@pytest.fixture
def theatre(tmp_path: Path) -> Iterator[Theatre]:
    theatre = Theatre(tmp_path)
    try:
        yield theatre
    finally:
        theatre.print_identity()
        theatre.serve.kill()
        theatre.database.close()


def told(performance: "subprocess.Popen[str]") -> dict[str, list[dict[str, Any]]]:
    """End it as Ctrl-C does; what it printed, by play."""
    performance.send_signal(signal.SIGINT)
    output, _ = performance.communicate(timeout=60)
    assert performance.returncode == 0
    by_play = defaultdict(list)
    for device in json.loads(output):
        by_play[device["play"]].append(device)
    return by_play


def test_every_device_is_played_and_the_registry_says_what_it_is(theatre: Theatre) -> None:
    performance = theatre.start("--play", "all", "--duration", "570")
    try:
        until(lambda: len(theatre.units()) == 14, "all but the placeholder are enrolled", 120)
        until(lambda: len(theatre.births("ROLLBACK-1-001")) >= 3, "what is sent under old numbers is numbered again", 120)
        until(lambda: theatre.findings("COPIES-1-001") >= {"clone_case"}, "different hardware is told apart", 120)
        until(lambda: theatre.findings("VM-CLONE-1-001") >= {"clone_case"}, "and two of the same", 120)
        until(lambda: theatre.findings("FOREIGN-SERIAL-1-001") >= {"foreign_identity"}, "a foreign serial is a finding", 120)
        for silent in ("DAYLIGHT-1-001", *(f"POWER-CUT-1-00{number}" for number in range(1, 5))):
            until(lambda serial=silent: theatre.changes(serial)["operating"] >= 2, f"{silent} returned", 120)  # type: ignore[misc]
        until(lambda: len([one for one in theatre.outages() if one["closed_at"]]) >= 1, "the power cut is one outage, and over", 120)
        until(lambda: theatre.changes("HALF-OPEN-1-001")["operating"] >= 2, "the dead link is dialled anew", 120)
        until(lambda: theatre.changes("FLAPPING-1-001")["late"] >= 3, "wills of the flapping link are hints", 120)
        until(lambda: len(theatre.births("SLEEPER-1-001")) >= 3, "the sleeper woke", 120)
        with theatre.database.transaction() as session:  # before it is the time to tell a copy from a state that went back
            identity.judge(session, datetime.now(UTC) + timedelta(minutes=3))
        until(lambda: theatre.findings("ROLLBACK-1-001") >= {"state_went_back"}, "the image is a finding", 60)
        devices = told(performance)
    finally:
        end(performance)
    assert set(devices) == set(PLAYS)
    for clock in ("clock-1970", "clock-jump", "clock-odd"):
        (device,) = devices[clock]
        assert (device["state"] in {"operating", "late"}, device["rejected"]) == (True, [])
        assert set(device["changes"]) - {"operating to late", "late to operating"} == {"new to active", "never_heard to operating"}
    assert {birth["at"] for birth in theatre.births("CLOCK-1970-1-001")} <= set(range(86_400))
    power_cuts = [(one["kind"], one["name"], one["silent"], one["units"]) for one in theatre.outages() if one["closed_at"]]
    assert power_cuts[-1] == ("site", "Simulated site", 4, 4)
    assert not {event["kind"] for device in devices["power-cut"] for event in device["events"]} & {"stale", "revived"}
    (refused,) = devices["placeholder"]
    assert refused["url"] is None
    assert "is a placeholder shared by many units" in refused["remark"]
    assert [len(devices[play]) for play in ("copies", "vm-clone", "power-cut")] == [2, 2, 4]
    assert len({device["url"] for device in devices["copies"]}) == 1
    assert "clone_case" in devices["copies"][0]["findings"]
    assert {event["kind"] for event in devices["copies"][0]["events"]} == {"credential_copied"}
    (rollback,) = devices["rollback"]
    assert ({event["kind"] for event in rollback["events"]}, rollback["rejected"]) == ({"state_went_back"}, [])
    assert rollback["did"]["started from its image"] >= 3
    assert all(unit["site"]["name"] == "Simulated site" for serial, unit in theatre.units().items() if serial.startswith("POWER"))


def test_units_report_at_the_interval_that_they_are_told(theatre: Theatre) -> None:
    performance = theatre.start("--play", "rollback", "--play", "flapping=2")
    try:
        until(lambda: len(theatre.units()) == 3, "they are enrolled", 60)
        theatre.serve.command("units", "interval", "FLAPPING-1-002", "7s")
        until(lambda: theatre.units()["FLAPPING-1-002"]["interval"] == 7, "it obeys", 60)
        assert theatre.units()["FLAPPING-1-001"]["interval"] == 2
        assert set(told(performance)) == {"rollback", "flapping"}
    finally:
        end(performance)


def test_what_cannot_be_played_is_said(theatre: Theatre) -> None:
    for wrong, sentence in {"rolback": "no device plays 'rolback'; one of: all, rollback, ", "copies=0": "must be from 1 to 100"}.items():
        command = [sys.executable, "-m", "musterroll", "simulate", "--play", wrong]
        process = subprocess.run(command, env=theatre.serve.environment, capture_output=True, text=True)
        assert (process.returncode, sentence in process.stderr) == (1, True)
