"""Machines whose state goes back, and machines with one credential: real agents, a real registry, both brokers."""

import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from musterroll.domain.notifications.events import EventKind
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.enrolment import Credential
from musterroll.storage.tables.identity import IdentityCase
from musterroll.storage.tables.notifications import EventRow
from musterroll.usecases.messages import identity
from sqlmodel import select

from tests.support.installation import Agent, DeployedBroker, Serve, environment
from tests.support.instances import until

SERIAL = "ACME-0017"


class Stage:
    """A registry, and machines that start from copies of one enrolled state directory."""

    def __init__(self, serve: Serve, folder: Path) -> None:
        self.serve, self.folder = serve, folder
        self.image = folder / "image"
        enrolled = self.agent(self.image)
        claim = serve.command("token", "create")
        done = enrolled.command("enroll", "--registry", serve.url, f"--token={claim}", "--serial", SERIAL)
        assert done.returncode == 0, done.stderr
        self.token = serve.command("token", "api", "--label", "test")
        self.database = Database(f"sqlite:///{folder / 'registry' / 'musterroll.db'}")

    def agent(self, folder: Path) -> Agent:
        return Agent(folder, MAKER="Acme", MODEL="Box")

    def machine(self, name: str) -> Agent:
        """A machine whose state directory is as in the image."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        shutil.copytree(self.image, self.folder / name)
        return self.agent(self.folder / name)

    def unit(self) -> dict[str, Any]:
        (unit,) = self.serve.get(f"/api/v1/lookup?code={SERIAL}", self.token)["units"]
        return dict(unit)

    def messages(self) -> list[dict[str, Any]]:
        return list(self.serve.get(f"/api/v1/units/{self.unit()['id']}/messages", self.token)["items"])

    def births(self) -> list[int]:
        return [message["epoch"] for message in self.messages() if message["about"] == "birth"]

    def findings(self) -> list[dict[str, Any]]:
        return list(self.serve.get("/api/v1/findings?state=open", self.token)["items"])

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [finding for finding in self.findings() if finding["kind"] == kind]

    def events(self, *kinds: EventKind) -> list[str]:
        with self.database.snapshot() as session:
            return [row.kind for row in session.exec(select(EventRow)) if row.kind in kinds]


def cases(database: Database) -> list[IdentityCase]:
    with database.snapshot() as session:
        return list(session.exec(select(IdentityCase)))


IDENTITY_EVENTS = (EventKind.CREDENTIAL_COPIED, EventKind.STATE_WENT_BACK, EventKind.FOREIGN_IDENTITY)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Callable[[str], Stage]]:
    with ExitStack() as running:

        def start(broker: str) -> Stage:
            settings = {}
            if broker == "mosquitto":
                mosquitto = DeployedBroker()
                running.callback(mosquitto.broker.stop)
                settings = mosquitto.settings
            serve = Serve(environment(tmp_path / "registry", **settings))
            running.callback(serve.kill)
            stage = Stage(serve, tmp_path)
            running.callback(stage.database.close)
            return stage

        yield start


@pytest.fixture
def running() -> Iterator[Callable[[Agent], Agent]]:
    """Starts agents that are killed after the test."""
    agents: list[Agent] = []

    def start(agent: Agent) -> Agent:
        agents.append(agent)
        agent.start()
        return agent

    yield start
    for agent in agents:
        agent.stop(signal.SIGKILL)


BROKERS = ["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)]


@pytest.mark.parametrize("broker", BROKERS)
def test_a_machine_whose_state_returns_to_the_image_at_every_start_operates_and_loses_nothing(
    stage: Callable[[str], Stage], running: Callable[[Agent], Agent], broker: str
) -> None:
    here = stage(broker)
    for start in range(1, 4):
        machine = running(here.machine("box"))
        until(lambda epochs=start: len(here.births()) == epochs, f"birth {start} is stored", 60)  # type: ignore[misc]
        until(lambda: "0 messages" in machine.command("status").stdout, "and all has a receipt", 60)  # noqa: B023
        until(lambda: here.unit()["liveness"] == "operating", "it operates", 60)
        machine.stop(signal.SIGKILL)
        until(lambda: here.unit()["liveness"] in ("late", "stale"), "it is silent", 60)
    assert sorted(here.births()) == [1, 2, 3]
    assert here.events(*IDENTITY_EVENTS) == []
    with here.database.transaction() as session:
        identity.judge(session, datetime.now(UTC) + timedelta(minutes=3))
    assert here.events(*IDENTITY_EVENTS) == ["state_went_back"]
    until(lambda: bool(here.of_kind("state_went_back")), "the finding is there", 30)
    assert here.of_kind("clone_case") == []
    (finding,) = here.of_kind("state_went_back")
    proofs = here.serve.get(f"/api/v1/findings/{finding['id']}", here.token)["evidence"]
    bodies = [proof["says"] for proof in proofs if "stored under this number" in proof["says"]]
    assert bodies
    assert bodies[0].count('"run":') == 2


def test_a_machine_that_kept_its_identity_but_lost_its_counters_is_heard(
    stage: Callable[[str], Stage], running: Callable[[Agent], Agent]
) -> None:
    here = stage("embedded")
    machine = here.machine("box")
    for _ in range(3):
        assert machine.command("once").returncode == 0
    for lost in ("counters", "outbox.db"):
        (here.folder / "box" / lost).unlink()
    running(machine)
    until(lambda: sorted(here.births()) == [1, 2, 3, 4], "it goes on above what the registry knows", 60)
    until(lambda: "0 messages" in machine.command("status").stdout, "and all has a receipt", 60)


@pytest.mark.parametrize(("broker", "copies"), [("embedded", 3), pytest.param("mosquitto", 2, marks=pytest.mark.mosquitto)])
def test_machines_with_one_credential_are_one_clone_case(
    stage: Callable[[str], Stage], running: Callable[[Agent], Agent], broker: str, copies: int
) -> None:
    here = stage(broker)
    machine = here.machine("first")
    assert machine.command("once").returncode == 0
    for copy in range(copies - 1):
        shutil.copytree(here.folder / "first", here.folder / f"copy{copy}")
    machines = [running(machine), *(running(here.agent(here.folder / f"copy{copy}")) for copy in range(copies - 1))]
    until(lambda: bool(here.of_kind("clone_case")), "the copies are a clone case", 300)
    (case,) = here.of_kind("clone_case")
    assert here.events(*IDENTITY_EVENTS) == ["credential_copied"]
    proofs = [proof["says"] for proof in here.serve.get(f"/api/v1/findings/{case['id']}", here.token)["evidence"]]
    runs = {proof.rpartition("run ")[2] for proof in proofs if ", run " in proof}
    assert len(runs) >= 2
    assert here.unit()["liveness"] in ("operating", "late")
    for machine in machines:
        machine.stop()
    with here.database.transaction() as session:  # the credential is given to one machine only
        session.exec(select(Credential)).one().created_at = datetime.now(UTC) + timedelta(minutes=1)
    until(lambda: not cases(here.database), "the case is closed", 60)
    until(lambda: here.of_kind("clone_case") == [], "and so is the finding", 60)


def test_a_machine_that_claims_another_serial_or_model_is_a_finding_and_one_event(stage: Callable[[str], Stage]) -> None:
    here = stage("embedded")
    machine = here.machine("box")
    foreign = Agent(here.folder / "box", MAKER="Acme", MODEL="Crate")
    assert [foreign.command("once").returncode for _ in range(2)] == [0, 0]
    until(lambda: bool(here.of_kind("foreign_identity")), "the finding is there", 60)
    assert here.events(*IDENTITY_EVENTS) == ["foreign_identity"]
    assert machine.command("once").returncode == 0
    until(lambda: here.of_kind("foreign_identity") == [], "it is gone once the machine is what was enrolled", 60)
