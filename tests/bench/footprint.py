"""What the agent costs the device: memory, time from start to its first acknowledged message, CPU. With and without TLS."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as paho
import trustme
from musterroll_agent.state_directory import Identity, StateDirectory
from musterroll_wire.messages import Birth, Receipt, decode, encode
from musterroll_wire.topics import build, parse, topic_filter
from paho.mqtt.enums import CallbackAPIVersion

from tests.bench.measuring import Figure, figure, resident_mb
from tests.support.instances import end, scratch
from tests.support.mosquitto import Mosquitto

BENCH = "agent"
HEARTBEATS_AN_HOUR = 60


class Plan(NamedTuple):
    starts: int
    seconds: int  # of accelerated running: a heartbeat a second


FULL = Plan(starts=9, seconds=60)
QUICK = Plan(starts=1, seconds=4)


class Listener:
    """Stands for the registry at the broker: hears births the moment the broker acknowledges them, and sends receipts."""

    def __init__(self, broker: Mosquitto, ca: str) -> None:
        self._born = threading.Event()
        self.at = 0.0
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener")
        if ca:
            self._client.tls_set(ca)
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", broker.port)
        self._client.subscribe([(topic_filter("birth"), 0), (topic_filter("record"), 0)])
        self._client.loop_start()
        assert subscribed.wait(10)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        at, topic = time.perf_counter(), parse(message.topic)
        assert topic
        received = decode(topic.kind, bytes(message.payload))
        if isinstance(received, Birth):
            self.at = at
            self._born.set()
        seq = getattr(received, "seq", 0)
        self._client.publish(build(topic.unit, "receipt"), encode(Receipt(getattr(received, "epoch", 0), seq, 1)), 1)

    def birth(self) -> float:
        """When the next birth came (perf_counter)."""
        assert self._born.wait(20), "no birth within 20 s"
        self._born.clear()
        return self.at

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def measure(quick: bool) -> list[Figure]:
    plan, folder = QUICK if quick else FULL, scratch()
    config, ca = _certificates(folder)
    lines = []
    for name, extra, trust in (("plain", "", ""), ("TLS", config, ca)):
        broker = Mosquitto(f"allow_anonymous true\n{extra}")
        listener = Listener(broker, trust)
        try:
            lines += _figures(name, plan, _Agent(folder / name, broker, trust), listener)
        finally:
            listener.stop()
            broker.stop()
    shutil.rmtree(folder)
    return lines


class _Agent:
    """The real `musterroll-agent run`, with an identity written for it instead of an enrolment."""

    def __init__(self, state: Path, broker: Mosquitto, ca: str) -> None:
        self._state = state
        url = f"{'mqtts' if ca else 'mqtt'}://localhost:{broker.port}"
        directory = StateDirectory(state)
        directory.create()
        directory.save_identity(Identity("benchunit1", "secret", url, "http://localhost", "BM-1", "Maker", "Model", interval=1, ca=ca))

    def start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "musterroll_agent", "run", "--state-dir", str(self._state), "--log-level", "error"]
        path = os.pathsep.join([str(Path(__file__).resolve().parents[2] / "agent"), os.environ.get("PYTHONPATH", "")])
        return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": path})


def _figures(name: str, plan: Plan, agent: _Agent, listener: Listener) -> list[Figure]:
    starts, resident = [], []
    for _ in range(plan.starts):
        began = time.perf_counter()
        process = agent.start()
        try:
            starts.append((listener.birth() - began) * 1000)
            time.sleep(1.5)  # receipts, the first heartbeat: all modules are loaded
            resident.append(resident_mb(process.pid))
        finally:
            end(process)
    return [
        figure(BENCH, f"{name}: resident memory", resident, "MB", most=25),
        figure(BENCH, f"{name}: start to first PUBACK", starts, "ms", most=200),
        _cpu(name, plan, agent, listener),
    ]


def _cpu(name: str, plan: Plan, agent: _Agent, listener: Listener) -> Figure:
    """An hour at one heartbeat a minute, from as many at one a second: what is done a heartbeat counts whole, waking up costs no more."""
    process = agent.start()
    try:
        listener.birth()
        time.sleep(2.0)
        before = _scheduled_seconds(process.pid)
        time.sleep(plan.seconds)
        spent = _scheduled_seconds(process.pid) - before
    finally:
        end(process)
    return figure(BENCH, f"{name}: CPU of 60 heartbeats, an hour's", [spent / plan.seconds * HEARTBEATS_AN_HOUR], "s/hour")


def _scheduled_seconds(pid: int) -> float:
    """CPU seconds of all threads by the scheduler's own count, which is finer than clock ticks."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def _certificates(folder: Path) -> tuple[str, str]:
    """Mosquitto's lines for a certificate of localhost, and the path of the authority that signed it."""
    authority = trustme.CA()
    server = authority.issue_cert("localhost", "127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server.private_key_pem.write_to_path(str(folder / "key.pem"))
    server.cert_chain_pems[0].write_to_path(str(folder / "certificate.pem"))
    return f"cafile {folder}/ca.pem\ncertfile {folder}/certificate.pem\nkeyfile {folder}/key.pem\n", str(folder / "ca.pem")
