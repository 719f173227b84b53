"""A complete registry and agent as real processes, on either database and broker."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.deployed_mosquitto import PASSWORD, config
from tests.support.instances import end, scratch
from tests.support.mosquitto import Mosquitto

INTERVAL = 5
_LOG = 8000  # characters of the log of a process that are printed as it ends


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """Ours alone: nothing of the caller's settings, everything on loopback and free ports."""
    own = {"DATA_DIR": str(folder), "HTTP_LISTEN": "127.0.0.1:0", "MQTT_LISTEN": "127.0.0.1:0", "INTERVAL": str(INTERVAL), **settings}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MUSTERROLL_")}
    return {**inherited, **{f"MUSTERROLL_{name}": value for name, value in own.items()}}


class DeployedBroker:
    """Mosquitto as we ship it, with an empty password file for the registry to fill."""

    def __init__(self) -> None:
        folder = scratch()
        folder.chmod(0o755)
        (folder / "passwords").touch()
        self.broker = Mosquitto(config(folder), folder)
        self.settings = {
            "MQTT_URL": f"mqtt://registry:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{self.broker.port}",
            "MOSQUITTO_PASSWORD_FILE": str(folder / "passwords"),
            "MOSQUITTO_PID_FILE": str(folder / "mosquitto.pid"),
        }


class Registered:
    """A process of a registry, and what one asks it from outside."""

    url: str
    environment: dict[str, str]
    process: subprocess.Popen[Any]

    def _start(self, part: str, stdout: int) -> None:
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed as the process ends
        command = [sys.executable, "-m", "musterroll", part]
        self.process = subprocess.Popen(command, env=self.environment, stdout=stdout, stderr=self._log, text=True)

    def command(self, *arguments: str) -> str:
        ran = subprocess.run([sys.executable, "-m", "musterroll", *arguments], env=self.environment, capture_output=True, text=True)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.strip()

    def get(self, path: str, token: str, method: str = "GET") -> Any:
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {token}"}, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def post(self, path: str, token: str) -> Any:
        return self.get(path, token, "POST")

    def kill(self) -> None:
        end(self.process, signal.SIGKILL)
        self._hang_up()

    def stop(self, seconds: float = 10) -> int:
        """SIGTERM; the exit status. Fails where it takes longer."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(seconds)
        self._hang_up()
        return status

    def _hang_up(self) -> None:
        """Print the end of its log, which is shown where the test fails."""
        if self.process.stdout:
            self.process.stdout.close()
        if not self._log.closed:
            self._log.seek(0)
            print(self._log.read()[-_LOG:])
            self._log.close()


class Production(Registered):
    """`musterroll web`, `ingest` or `schedule`."""

    def __init__(self, environment: dict[str, str], part: str) -> None:
        self.environment = environment
        self.url = f"http://{environment['MUSTERROLL_HTTP_LISTEN']}"
        self._start(part, subprocess.DEVNULL)

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + "/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


class Serve(Registered):
    """`musterroll serve`, ready. Its address and first password are those it printed."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment
        self._start("serve", subprocess.PIPE)
        assert self.process.stdout
        self.said = []
        for line in self.process.stdout:
            self.said.append(line.strip())
            if "ready" in line:
                break
        if not self.said or "ready" not in self.said[-1]:
            self.kill()
            raise AssertionError(f"musterroll serve ended before it was ready: {self.said}")
        self.url = self.said[-1].split()[-1]


class Agent:
    """`musterroll-agent` with a state directory of its own."""

    def __init__(self, folder: Path, **settings: str) -> None:
        own = {"STATE_DIR": str(folder), **settings}
        self._environment = {**os.environ, **{f"MUSTERROLL_AGENT_{name}": value for name, value in own.items()}}
        self._running: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "musterroll_agent", *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=60)

    def start(self) -> None:
        self._running = subprocess.Popen(
            [sys.executable, "-m", "musterroll_agent", "run"], env=self._environment, stderr=subprocess.DEVNULL
        )

    def stop(self, by: signal.Signals = signal.SIGTERM) -> None:
        if self._running is not None:
            end(self._running, by)
            self._running = None
