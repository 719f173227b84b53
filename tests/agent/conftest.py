"""An enrolled agent as a child process, a registry stand-in on a private Mosquitto."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.registry import EnrolmentServer, Registry
from tests.support.instances import end
from tests.support.mosquitto import Mosquitto

ROOT = Path(__file__).parents[2]
UNIT = "k3v9x2m7qd"


class AgentProcess:
    """Runs `musterroll-agent` commands on one state directory, isolated from this machine's configuration."""

    def __init__(self, folder: Path) -> None:
        self.state = folder / "state"
        self.state.mkdir(mode=0o700)
        self.config = folder / "agent.toml"
        self.config.write_text("")
        self.children: list[subprocess.Popen[str]] = []

    def enrolled(self, mqtt_url: str, **more: Any) -> "AgentProcess":
        identity = {
            "unit": UNIT,
            "secret": "s",
            "mqtt_url": mqtt_url,
            "registry": "http://x",
            "serial": "S-1",
            "maker": "Acme",
            "model": "M1",
        }
        (self.state / "identity.json").write_text(json.dumps({**identity, "interval": 5, "status": "active", **more}))
        return self

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "musterroll_agent", "--config", str(self.config), *arguments, "--state-dir", str(self.state)]

    def environment(self, **more: str) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "agent"), "HOME": str(self.state), **more}

    def call(self, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, timeout=60, env=self.environment(**more), check=False
        )

    def run(self, *arguments: str, **more: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            self.command("run", *arguments), stderr=subprocess.PIPE, text=True, env=self.environment(**more), cwd=self.state.parent
        )
        self.children.append(child)
        return child

    def close(self) -> None:
        for child in self.children:
            end(child)  # type: ignore[arg-type]
            if child.stderr:
                child.stderr.close()


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[AgentProcess]:
    process = AgentProcess(tmp_path)
    yield process
    process.close()


@pytest.fixture
def disk(agent: AgentProcess) -> Iterator[Callable[[str], None]]:
    """The state directory on a file system of its own, of 2 MiB; a call mounts it again with other options."""
    mounted = (
        os.geteuid() == 0 and not subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", agent.state], check=False).returncode
    )
    if not mounted:
        pytest.skip("only root may mount a file system")
    yield lambda options: subprocess.run(["mount", "-o", f"remount,{options}", agent.state], check=True) and None
    agent.close()
    subprocess.run(["umount", "-l", agent.state], check=True)


@pytest.fixture
def broker(mosquitto: Callable[..., Mosquitto]) -> Mosquitto:
    return mosquitto()


@pytest.fixture
def registry(broker: Mosquitto) -> Iterator[Registry]:
    stand_in = Registry(broker.url)
    yield stand_in
    stand_in.close()


@pytest.fixture
def enrolment() -> Iterator[Callable[..., EnrolmentServer]]:
    """Starts servers that answer an enrolment: `enrolment(201, {...})`."""
    servers: list[EnrolmentServer] = []

    def start(status: int, body: dict[str, Any], context: Any = None, host: str = "127.0.0.1") -> EnrolmentServer:
        servers.append(EnrolmentServer(status, body, context, host))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
