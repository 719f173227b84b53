"""A registry in production, of which a part freezes: every process says so, and the part is restarted."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.support.installation import DeployedBroker, Production, environment
from tests.support.instances import free_port, until
from tests.support.postgres import PostgresServer

pytestmark = [pytest.mark.postgres, pytest.mark.mosquitto]
RED = 30  # seconds in which a frozen part must show


class Parts(NamedTuple):
    web: Production
    ingest: Production
    schedule: Production
    broker: DeployedBroker
    ports: dict[str, int]

    def asked(self, part: str, path: str) -> tuple[int, dict[str, Any]]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[part]}/{path}", timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as answer:
            return answer.code, json.loads(answer.read())
        except OSError:
            return 0, {}

    def status(self, part: str, path: str) -> int:
        return self.asked(part, path)[0]

    def all_are(self, status: int, *names: str) -> bool:
        return all(self.status(part, path) == status for part in names for path in ("healthz", "readyz"))


@pytest.fixture
def parts(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[Parts]:
    broker, url = DeployedBroker(), postgres_server.create()
    ports = {part: free_port() for part in ("web", "ingest", "schedule")}
    listen = dict(zip(("HTTP_LISTEN", "METRICS_LISTEN", "SCHEDULE_LISTEN"), (f"127.0.0.1:{port}" for port in ports.values()), strict=True))
    settings = environment(tmp_path / "registry", DATABASE_URL=url, **listen, **broker.settings)
    subprocess.run([sys.executable, "-m", "musterroll", "db", "upgrade"], env=settings, check=True, stdout=subprocess.DEVNULL)
    running = [Production(settings, part) for part in ports]
    try:
        yield Parts(*running, broker, ports)
    finally:
        for process in running:
            process.kill()
        broker.broker.stop()
        postgres_server.drop(url)


def test_a_frozen_ingest_is_red_everywhere_and_is_restarted_and_so_is_a_broker_that_went_away(parts: Parts) -> None:
    until(lambda: parts.all_are(200, "web", "ingest", "schedule"), "every process is well", 90)
    parts.ingest.process.send_signal(signal.SIGSTOP)
    until(lambda: parts.all_are(503, "web", "schedule"), "the frozen ingest is red in the other processes", RED)
    assert parts.asked("web", "healthz")[1]["checks"] == {"database": "ok", "ingest": "not working", "schedule": "ok", "disk": "ok"}
    assert parts.status("web", "livez") == 200  # to restart web would help nobody

    checked = _check(parts.ports["ingest"])
    assert checked.returncode == 1, checked.stderr
    assert parts.ingest.process.wait(10) == -signal.SIGKILL

    again = Production(parts.ingest.environment, "ingest")
    try:
        until(lambda: parts.all_are(200, "web", "ingest", "schedule"), "every process is well again", 60)
        assert _check(parts.ports["ingest"]).returncode == 0
        parts.broker.broker.stop()
        until(lambda: parts.all_are(503, "web", "ingest", "schedule"), "the broker that is away is red everywhere", RED)
        assert parts.status("ingest", "livez") == 200  # it waits, it does not hang
    finally:
        again.kill()


def _check(port: int) -> subprocess.CompletedProcess[str]:
    """What `deploy/compose.yaml` calls, in the container's own processes."""
    command = [sys.executable, "-m", "musterroll.runtime.restart_hung", f"http://127.0.0.1:{port}/livez"]
    return subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=60)
