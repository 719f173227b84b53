"""What goes wrong between a device and a real registry: an answer lost on the way, a birth that the registry rejects."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import paho.mqtt.client as mqtt
import pytest
from musterroll_wire.messages import Heartbeat, Record, encode
from musterroll_wire.topics import build
from paho.mqtt.enums import CallbackAPIVersion

from tests.support.installation import Agent, Serve, environment
from tests.support.proxy import Proxy

LOST = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    registry = Serve(environment(tmp_path / "registry"))
    yield registry
    registry.kill()


def test_an_enrolment_whose_answer_was_lost_costs_one_use_and_one_unit(serve: Serve, tmp_path: Path) -> None:
    token = serve.command("token", "create", "--uses", "1")
    agent = Agent(tmp_path / "agent", MAKER="Acme", MODEL="Box")
    between = Proxy(serve.url, change=lambda answer: LOST if answer.startswith(b"HTTP") else b"")
    try:
        for _ in range(2):
            lost = agent.command("enroll", "--registry", f"http://127.0.0.1:{between.port}", f"--token={token}", "--serial", "K400MVX7")
            assert "rejected the enrolment (502)" in lost.stderr
    finally:
        between.close()
    again = agent.command("enroll", "--registry", serve.url, f"--token={token}", "--serial", "K400MVX7")
    assert again.returncode == 0, again.stderr
    assert "waiting for approval" not in again.stdout
    assert agent.command("once").returncode == 0
    admin = serve.command("token", "api", "--label", "test", "--scope", "read", "--scope", "admin")
    assert serve.get("/api/v1/enrolments", admin)["items"] == []
    assert len(serve.get("/api/v1/lookup?code=K400MVX7", admin)["units"]) == 1


class Device:
    """A unit with an agent of its own making; `commands` is what it was told."""

    def __init__(self, serve: Serve) -> None:
        token = serve.command("token", "create")
        body = {"token": token, "maker": "Acme", "model": "Box", "serial": "K400MVX8"}
        request = urllib.request.Request(serve.url + "/api/v1/enroll", json.dumps(body).encode(), {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            enrolled = json.loads(answer.read())
        self.unit = enrolled["unit"]
        self.commands: list[dict[str, Any]] = []
        self.receipt = threading.Event()
        subscribed = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=self.unit)
        self._client.username_pw_set(self.unit, enrolled["secret"])
        self._client.on_message = self._on_message
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.connect("127.0.0.1", urlsplit(enrolled["mqtt_url"]).port or 1883)
        self._client.subscribe([(build(self.unit, kind), 1) for kind in ("receipt", "command")])
        self._client.loop_start()
        assert subscribed.wait(10)

    def send(self, kind: str, payload: bytes) -> None:
        self._client.publish(build(self.unit, kind), payload, qos=1).wait_for_publish(10)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, client: mqtt.Client, userdata: Any, packet: mqtt.MQTTMessage) -> None:
        if packet.topic.endswith("/command"):
            self.commands.append(json.loads(packet.payload))
        elif json.loads(packet.payload)["seq"] == 2:
            self.receipt.set()


def test_heartbeats_after_a_rejected_birth_do_not_each_ask_for_another(serve: Serve) -> None:
    device = Device(serve)
    try:
        birth = {"epoch": 1, "seq": 1, "oldest": 1, "at": 1, "serial": "K400MVX8", "maker": "Acme", "model": "Box", "interval": 60}
        device.send("birth", json.dumps({**birth, "firmware": "x" * 300}).encode())
        for beat in range(1, 6):
            device.send("heartbeat", encode(Heartbeat(1, beat, 1, 60, 60)))
        device.send("record", encode(Record(1, 2, 1, 1, "event", {})))
        assert device.receipt.wait(10)  # everything before it is handled
    finally:
        device.close()
    assert [command["name"] for command in device.commands if command["name"] == "rebirth"] == []
