"""The registry's processes as in production, on this machine: the deployed Mosquitto, `musterroll ingest` as a process."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from musterroll.domain.enrolment.secrets import hash_secret

from tests.support.instances import end

ROOT = Path(__file__).resolve().parents[2]
REGISTRY_PASSWORD = "registry-secret"
DEVICE_PASSWORD = "secret"


def mosquitto_config(folder: Path, uids: Sequence[str], registries: Sequence[str] = ("registry",)) -> str:
    """`deploy/mosquitto` for one listener of the caller's choosing, letting in these units and registries."""
    shipped = (ROOT / "deploy/mosquitto/mosquitto.conf").read_text().split("# For the registry's own processes")[0]
    (folder / "musterroll.acl").write_text((ROOT / "deploy/mosquitto/musterroll.acl").read_text())
    registry, device = hash_secret(REGISTRY_PASSWORD), hash_secret(DEVICE_PASSWORD)
    lines = [f"{name}:{registry}" for name in registries] + [f"{uid}:{device}" for uid in uids]
    (folder / "passwords").write_text("\n".join(lines) + "\n")
    for name in ("musterroll.acl", "passwords"):
        (folder / name).chmod(0o600)
    for place in ("config", "data", "credentials"):
        shipped = shipped.replace(f"/mosquitto/{place}/", f"{folder}/")
    return f"use_username_as_clientid true\n{shipped}"


class IngestProcess:
    """`musterroll ingest`, started at once, and again whenever it ends by itself, as systemd does it."""

    def __init__(self, database_url: str, mqtt_url: str, folder: Path) -> None:
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MUSTERROLL_")},
            "PYTHONPATH": f"{ROOT / 'agent'}:{ROOT / 'server'}",
            "MUSTERROLL_DATABASE_URL": database_url,
            "MUSTERROLL_MQTT_URL": mqtt_url,
            "MUSTERROLL_DATA_DIR": str(folder),
        }
        self.log = folder / "ingest.log"
        self.start()

    def start(self) -> None:
        self._down = threading.Event()
        self._process = self._launch()
        self._supervisor = threading.Thread(target=self._supervise, args=[self._down], daemon=True)
        self._supervisor.start()

    def kill(self) -> None:
        self._leave(signal.SIGKILL)

    def stop(self) -> None:
        self._leave(signal.SIGTERM)

    def _leave(self, by: signal.Signals) -> None:
        self._down.set()
        self._process.send_signal(by)
        self._supervisor.join()
        end(self._process, by)

    def _launch(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen([sys.executable, "-m", "musterroll", "ingest"], env=self._environment, stdout=log, stderr=log)

    def _supervise(self, down: threading.Event) -> None:
        while not down.is_set():
            if self._process.poll() is not None:
                self._process = self._launch()
            down.wait(0.2)


class Part(Protocol):
    """Something that can be killed and started again."""

    def kill(self) -> None: ...
    def start(self) -> None: ...


def storm(parts: Sequence[Part], kills: int, rest: tuple[float, float], chance: random.Random) -> None:
    """Kill each part so many times, in random order, each time after a rest of random length (seconds)."""
    order = [part for part in parts for _ in range(kills)]
    chance.shuffle(order)
    for part in order:
        time.sleep(chance.uniform(*rest))
        part.kill()
        part.start()
