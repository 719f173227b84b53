"""A real agent, a real registry, and both databases and brokers between them: the story the README tells."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.support.installation import INTERVAL, Agent, DeployedBroker, Production, Registered, Serve, environment
from tests.support.instances import free_port, until
from tests.support.postgres import PostgresServer

CARD = 'starts_on = "2025-03-01"\nmonths = 36\nreference = "W-1"\n'
Registry = Callable[[str, str], Serve]


@pytest.fixture
def registry(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Registry]:
    """Starts a registry on a database and a broker, each by name."""
    with ExitStack() as running:

        def start(database: str, broker: str) -> Serve:
            settings = {}
            if broker == "mosquitto":
                mosquitto = DeployedBroker()
                running.callback(mosquitto.broker.stop)
                settings |= mosquitto.settings
            if database == "postgres":
                server: PostgresServer = request.getfixturevalue("postgres_server")
                settings["DATABASE_URL"] = server.create()
                running.callback(server.drop, settings["DATABASE_URL"])
                upgrade = [sys.executable, "-m", "musterroll", "db", "upgrade"]
                subprocess.run(upgrade, env=environment(tmp_path / "registry", **settings), check=True, stdout=subprocess.DEVNULL)
            serve = Serve(environment(tmp_path / "registry", **settings))
            running.callback(serve.kill)
            register_site(serve)
            return serve

        yield start


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Agent]:
    (tmp_path / "card.toml").write_text(CARD)
    found = Agent(tmp_path / "agent", CARD=str(tmp_path / "card.toml"), MAKER="Acme", MODEL="Box")
    yield found
    found.stop(signal.SIGKILL)


def register_site(serve: Registered) -> None:
    serve.command("records", "add", "accounts", "ref=ACME-1")
    serve.command("records", "add", "sites", "ref=HQ", "account=ACME-1")


def enrol(serve: Registered, agent: Agent, serial: str) -> None:
    token = serve.command("token", "create", "--account", "ACME-1", "--site", "HQ")
    told = agent.command("enroll", "--registry", serve.url, f"--token={token}", "--serial", serial)
    assert told.returncode == 0, told.stderr


def status(agent: Agent) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(agent.command("status", "--json").stdout)
    return stored


def unit(serve: Registered, token: str, serial: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = serve.get(f"/api/v1/lookup?code={serial}", token)["units"]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
@pytest.mark.parametrize("broker", ["embedded", pytest.param("mosquitto", marks=pytest.mark.mosquitto)])
def test_an_agent_reports_its_serial_vitals_and_card(registry: Registry, agent: Agent, database: str, broker: str) -> None:
    serve = registry(database, broker)
    enrol(serve, agent, "ACME-0017")
    agent.start()
    token = serve.command("token", "api", "--label", "test")
    until(lambda: unit(serve, token, "acme%200017")["vitals"]["memory"] is not None, "the heartbeat is in the registry", 60)
    found = unit(serve, token, "ACME0017")
    assert (found["liveness"], found["lifecycle"], found["serial"]) == ("operating", "deployed", "ACME-0017")
    assert found["account"]["ref"] == "ACME-1"
    assert found["card"]["reference"] == "W-1"
    until(lambda: "Warranty unknown" in agent.command("status").stdout, "the installer is shown the unit's cover")
    assert serve.stop() == 0


def test_an_agent_takes_the_interval_that_is_set_for_its_unit(registry: Registry, agent: Agent) -> None:
    serve = registry("sqlite", "embedded")
    enrol(serve, agent, "ACME-0018")
    agent.start()
    token = serve.command("token", "api", "--label", "test")
    until(lambda: unit(serve, token, "ACME-0018")["interval"] == INTERVAL, "the unit has reported", 60)
    assert "set to 7 s" in serve.command("units", "interval", "ACME-0018", "7s")
    until(lambda: unit(serve, token, "ACME-0018")["interval"] == 7, "the device reports at the interval set", 60)
    assert unit(serve, token, "ACME-0018")["interval_set"] == 7


@pytest.mark.postgres
@pytest.mark.mosquitto
def test_in_production_web_ingest_and_schedule_are_processes_of_their_own(
    postgres_server: PostgresServer, agent: Agent, tmp_path: Path
) -> None:
    mosquitto, url, shown = DeployedBroker(), postgres_server.create(), f"127.0.0.1:{free_port()}"
    listen = {"HTTP_LISTEN": f"127.0.0.1:{free_port()}", "METRICS_LISTEN": shown}
    settings = environment(tmp_path / "registry", DATABASE_URL=url, **listen, **mosquitto.settings)
    subprocess.run([sys.executable, "-m", "musterroll", "db", "upgrade"], env=settings, check=True, stdout=subprocess.DEVNULL)
    parts = [Production(settings, part) for part in ("web", "ingest", "schedule")]
    try:
        web = parts[0]
        until(web.ready, "the web process is ready", 60)
        register_site(web)
        enrol(web, agent, "ACME-0020")
        agent.start()
        token = web.command("token", "api", "--label", "test")
        until(lambda: unit(web, token, "ACME-0020")["vitals"]["memory"] is not None, "the heartbeat is in the registry", 60)
        with urllib.request.urlopen(f"http://{shown}/metrics", timeout=10) as counted:
            assert b'musterroll_messages_total{kind="heartbeat"}' in counted.read()
        assert [part.stop() for part in parts] == [0, 0, 0]
    finally:
        for part in parts:
            part.kill()
        mosquitto.broker.stop()
        postgres_server.drop(url)


def test_an_agent_that_stops_is_late_then_stale_and_revives_with_all_it_recorded(registry: Registry, agent: Agent) -> None:
    serve = registry("sqlite", "embedded")
    enrol(serve, agent, "ACME-0018")
    token = serve.command("token", "api", "--label", "test")

    def becomes(liveness: str) -> None:
        until(lambda: unit(serve, token, "ACME-0018")["liveness"] == liveness, f"the unit is {liveness}", 60)

    agent.start()
    becomes("operating")
    agent.stop(signal.SIGKILL)
    becomes("late")
    becomes("stale")
    uid = unit(serve, token, "ACME-0018")["id"]

    def changes() -> list[tuple[str, str]]:
        events = serve.get(f"/api/v1/units/{uid}/history", token)["items"]
        return [(event["old"], event["new"]) for event in events if event["axis"] == "liveness"]

    until(lambda: changes()[0][1] == "stale", "the sweep has written it down")
    agent.start()
    becomes("operating")
    assert changes()[:3] == [("stale", "operating"), ("late", "stale"), ("operating", "late")]
    until(lambda: "0 messages" in agent.command("status").stdout, "everything the agent recorded has a receipt")
    assert serve.stop() == 0


def test_a_machine_that_lost_its_state_is_heard_again_once_a_person_accepts_it(registry: Registry, agent: Agent, tmp_path: Path) -> None:
    serve = registry("sqlite", "embedded")
    enrol(serve, agent, "ACME-0019")
    assert agent.command("once").returncode == 0
    reinstalled = Agent(tmp_path / "reinstalled", MAKER="Acme", MODEL="Box")
    enrol(serve, reinstalled, "ACME-0019")
    token = serve.command("token", "api", "--label", "test", "--scope", "read", "--scope", "write", "--scope", "admin")
    waiting = serve.get("/api/v1/enrolments", token)["items"]
    serve.post(f"/api/v1/enrolments/{waiting[0]['id']}/accept", token)
    assert reinstalled.command("once").returncode == 0
    uid = unit(serve, token, "ACME-0019")["id"]
    births = [m for m in serve.get(f"/api/v1/units/{uid}/messages", token)["items"] if m["about"] == "birth"]
    assert [birth["epoch"] for birth in births] == [1002, 1]
    assert serve.stop() == 0


def test_a_device_whose_credential_was_revoked_says_why_and_comes_back_with_a_new_one(registry: Registry, agent: Agent) -> None:
    serve = registry("sqlite", "embedded")
    enrol(serve, agent, "ACME-0023")
    agent.start()
    until(lambda: status(agent)["connected"], "the agent is connected")
    serve.command("units", "revoke", "ACME-0023", "--reason", "stolen from the van")
    until(lambda: "the credential was revoked (stolen from the van)" in status(agent)["trouble"], "the agent says why it is refused")
    offer = json.loads(serve.command("units", "readmit", "ACME-0023", "--json"))
    agent.stop()
    again = agent.command("enroll", "--force", "--registry", serve.url, f"--token={offer['token']}", "--serial", "ACME-0023")
    assert again.returncode == 0, again.stderr
    assert agent.command("once").returncode == 0
    assert serve.stop() == 0


def test_an_agent_without_a_serial_says_what_to_do(registry: Registry, tmp_path: Path) -> None:
    serve = registry("sqlite", "embedded")
    token = serve.command("token", "create")
    bare = Agent(tmp_path / "bare", SERIAL="To Be Filled By O.E.M.")
    told = bare.command("enroll", "--registry", serve.url, f"--token={token}")
    assert told.returncode == 1
    assert "placeholder" in told.stderr
    assert "Traceback" not in told.stderr
    assert serve.stop() == 0


def test_serve_prints_its_address_and_first_password_once(registry: Registry) -> None:
    serve = registry("sqlite", "embedded")
    assert [line.split(" ")[0] for line in serve.said] == ["Created", "Musterroll"]
    assert serve.url.startswith("http://127.0.0.1:")
    assert serve.stop() == 0
    again = Serve(serve.environment)
    assert len(again.said) == 1
    assert again.stop() == 0


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"HTTP_LISTEN": "nowhere"}, "MUSTERROLL_HTTP_LISTEN is 'nowhere'"),
        ({"DATABASE_URL": "postgresql://127.0.0.1:1/roll"}, "the database is not available"),
        ({"DATABASE_URL": "mysql://x/y"}, "Musterroll keeps its roll in sqlite or postgresql"),
        ({"INTERVAL": "1"}, "MUSTERROLL_INTERVAL"),
    ],
)
def test_a_setting_that_cannot_work_is_one_sentence(tmp_path: Path, settings: dict[str, str], sentence: str) -> None:
    command = [sys.executable, "-m", "musterroll", "serve"]
    ran = subprocess.run(command, env=environment(tmp_path, **settings), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert sentence in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_port_in_use_is_named(registry: Registry, tmp_path: Path) -> None:
    serve = registry("sqlite", "embedded")
    taken = serve.url.removeprefix("http://")
    command = [sys.executable, "-m", "musterroll", "serve"]
    ran = subprocess.run(command, env=environment(tmp_path / "other", HTTP_LISTEN=taken), capture_output=True, text=True, timeout=60)
    assert ran.returncode == 1
    assert f"cannot listen on {taken}: Address already in use" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert serve.stop() == 0


def test_a_broker_that_is_not_there_leaves_the_registry_waiting_and_saying_so(tmp_path: Path) -> None:
    settings = environment(tmp_path, MQTT_URL="mqtt://registry:x@127.0.0.1:1")
    with (tmp_path / "log").open("wb") as log:
        child = subprocess.Popen([sys.executable, "-m", "musterroll", "serve"], env=settings, stdout=log, stderr=log)
        try:
            until(lambda: b"127.0.0.1:1" in (tmp_path / "log").read_bytes(), "the log names the broker", 30)
        finally:
            os.kill(child.pid, signal.SIGTERM)
            status = child.wait(10)
    assert status == 0
    assert b"Traceback" not in (tmp_path / "log").read_bytes()
