"""The agent as a child process, with a real broker and a stand-in for the registry."""

import json
import random
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import trustme
from musterroll_agent.counters import CounterFile
from musterroll_wire.messages import Birth, Death, Heartbeat, Receipt, Record, encode

from tests.agent.conftest import UNIT, AgentProcess
from tests.agent.registry import Registry
from tests.support.instances import free_port, until
from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.mosquitto


def test_a_start_is_a_birth_and_a_heartbeat_and_the_receipt_empties_the_outbox(
    agent: AgentProcess, broker: Mosquitto, registry: Registry
) -> None:
    agent.enrolled(broker.url).run()
    (birth,) = registry.wait_for(Birth)
    (beat,) = registry.wait_for(Heartbeat)
    assert (birth.epoch, birth.seq, birth.oldest, birth.serial, birth.maker, birth.model) == (1, 1, 1, "S-1", "Acme", "M1")
    assert abs(birth.at - time.time()) < 60
    assert (beat.epoch, beat.beat) == (1, 1)
    assert beat.operating == beat.uptime > 0
    until(lambda: status(agent)["unreceipted"] == 0, "the birth has a receipt")


def status(agent: AgentProcess) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(agent.call("status", "--json").stdout)
    return report


def test_every_start_has_a_new_epoch_and_counts_one_boot_of_the_machine(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    agent.enrolled(broker.url)
    for _ in range(3):
        assert agent.call("once").returncode == 0
    births = registry.of(Birth)
    assert [birth.epoch for birth in births] == [1, 2, 3]
    assert {birth.boots for birth in births} == {1}
    assert not registry.of(Death)


def test_sigterm_sends_a_death_and_ends_cleanly(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    child = agent.enrolled(broker.url).run()
    registry.wait_for(Heartbeat)
    began = time.monotonic()
    child.send_signal(signal.SIGTERM)
    assert child.wait(10) == 0
    assert time.monotonic() - began < 2.5
    assert registry.wait_for(Death) == [Death(1)]


def test_after_kill_9_the_broker_sends_the_will(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    child = agent.enrolled(broker.url).run()
    registry.wait_for(Heartbeat)
    child.kill()
    assert registry.wait_for(Death) == [Death(1)]


def test_a_broker_that_is_not_up_yet_is_tried_again(agent: AgentProcess, mosquitto: Callable[..., Mosquitto]) -> None:
    port = free_port()
    child = agent.enrolled(f"mqtt://127.0.0.1:{port}").run()
    assert child.stderr
    assert f"the broker 127.0.0.1:{port} cannot be reached" in child.stderr.readline()
    broker = mosquitto(f"allow_anonymous true\nlistener {port} 127.0.0.1\n")
    registry = Registry(broker.url)
    assert registry.wait_for(Birth)[0].epoch == 1
    registry.close()


def test_after_a_broker_restart_the_agent_reconnects_in_the_same_epoch(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    agent.enrolled(broker.url).run()
    registry.wait_for(Heartbeat)
    broker.restart()
    beats = registry.wait_for(Heartbeat, 2)
    assert {beat.epoch for beat in beats} == {1}
    assert [beat.beat for beat in beats] == sorted({beat.beat for beat in beats})


def test_puback_is_not_delivery(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    registry.receipting = False
    agent.enrolled(broker.url)
    failed = agent.call("once", "--timeout", "2")
    assert failed.returncode == 1
    assert "1 messages have no receipt from the registry after 2 s" in failed.stderr
    registry.receipting = True
    assert agent.call("once").returncode == 0
    assert [(m.epoch, m.seq) for m in registry.durable()] == [(1, 1), (1, 1), (2, 1)]
    assert registry.receipted == {1: 1, 2: 1}


def test_a_restored_registry_receives_everything_again(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    agent.enrolled(broker.url)
    for _ in range(3):
        assert agent.call("once").returncode == 0
    registry.epoch, registry.received, registry.receipted = 2, [], {}
    assert agent.call("once").returncode == 0
    until(lambda: {m.epoch for m in registry.durable()} == {1, 2, 3, 4}, "all four births are sent again")
    assert status(agent)["unreceipted"] == 0


def test_commands_are_executed(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    agent.enrolled(broker.url, interval=3600).run()
    registry.wait_for(Heartbeat)
    registry.command(UNIT, "rebirth")
    assert [birth.seq for birth in registry.wait_for(Birth, 2)] == [1, 2]
    registry.command(UNIT, "interval", seconds=5)
    assert registry.wait_for(Birth, 3)[-1].interval == 5
    registry.wait_for(Heartbeat, 2)
    registry.command(UNIT, "coverage", words="covered by warranty until 31 December 2028", heard=1790000000)
    until(lambda: status(agent)["coverage"] is not None, "the coverage is saved")
    text = agent.call("status").stdout
    assert "covered by warranty until 31 December 2028" in text
    assert "2026-09-21" in text
    assert status(agent)["interval"] == 5


def test_what_the_registry_cannot_keep_is_sent_again_in_an_epoch_above_the_one_it_names(
    agent: AgentProcess, broker: Mosquitto, registry: Registry
) -> None:
    registry.receipting = False
    child = agent.enrolled(broker.url, interval=3600).run()
    (refused,) = registry.wait_for(Birth)
    registry.command(UNIT, "epoch", epoch=7, above=99)  # of another run
    registry.command(UNIT, "epoch", epoch=1, above=2**53 - 1)  # beyond which there is none
    registry.receipting = True
    registry.command(UNIT, "epoch", epoch=1, above=41)
    birth = registry.wait_for(Birth, 2)[-1]
    assert birth == refused._replace(epoch=42)
    until(lambda: registry.wait_for(Heartbeat, 2)[-1].epoch == 42, "it connects anew and beats in the new epoch")
    until(lambda: status(agent)["unreceipted"] == 0, "the birth has a receipt")
    child.kill()
    assert registry.wait_for(Death) == [Death(42)]
    assert agent.call("once").returncode == 0
    again = registry.wait_for(Birth, 3)[-1]
    assert again.epoch == 43
    assert again.run != birth.run != ""


def test_messages_that_cannot_be_read_have_no_effect(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    agent.enrolled(broker.url, interval=3600).run()
    registry.wait_for(Birth)
    for payload in (
        b"",
        b"[" * 9000,
        b"\xff",
        b'{"name":"interval","data":{"seconds":4}}',
        b'{"name":"interval","data":{"seconds":1e9}}',
        b'{"name":"x"}',
    ):
        registry.send(UNIT, "command", payload)
    for payload in (b"null", b'{"epoch":-1,"seq":1,"registry":1}', encode(Receipt(99, 2**53 - 1, 1)), b"[]"):
        registry.send(UNIT, "receipt", payload)
    registry.command(UNIT, "rebirth")
    assert [birth.interval for birth in registry.wait_for(Birth, 2)] == [3600, 3600]


def test_the_warranty_card_is_in_the_birth_and_its_change_is_a_record(
    agent: AgentProcess, broker: Mosquitto, registry: Registry, tmp_path: Path
) -> None:
    card = tmp_path / "card.toml"
    card.write_text('starts_on = 2026-01-01\nmonths = 24\npolicy = "standard"\n')
    agent.enrolled(broker.url)
    agent.config.write_text(f'card = "{card}"\nfirmware = "1.0"\n')
    assert agent.call("once").returncode == 0
    card.write_text('starts_on = 2026-01-01\nmonths = 36\npolicy = "standard"\n')
    agent.config.write_text(f'card = "{card}"\nfirmware = "1.1"\n')
    assert agent.call("once").returncode == 0
    assert [birth.card["months"] for birth in registry.of(Birth)] == [24, 36]
    assert [(r.about, r.data) for r in registry.of(Record)] == [
        ("change", {"firmware": ["1.0", "1.1"]}),
        ("warranty", {"card": {"starts_on": "2026-01-01", "months": 36, "policy": "standard"}}),
    ]


def test_tls_connects_with_the_given_authority_and_not_with_another_authority_or_host_name(
    agent: AgentProcess, mosquitto: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    authority, other_authority = trustme.CA(), trustme.CA()
    certificate = authority.issue_cert("localhost")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "broker.pem")
    for name, ca in (("ca.pem", authority), ("other.pem", other_authority)):
        ca.cert_pem.write_to_path(tmp_path / name)
    port = free_port()
    pem = tmp_path / "broker.pem"
    pem.chmod(0o644)
    mosquitto(f"allow_anonymous true\nlistener {port} 127.0.0.1\ncertfile {pem}\nkeyfile {pem}\n")
    agent.enrolled(f"mqtts://localhost:{port}")
    untrusted = agent.call("once", "--timeout", "1", "--ca", str(tmp_path / "other.pem"))
    assert "is signed by an authority that this device does not know" in untrusted.stderr
    wrong_name = agent.call(
        "once", "--timeout", "1", "--ca", str(tmp_path / "ca.pem"), MUSTERROLL_AGENT_MQTT_URL=f"mqtts://127.0.0.1:{port}"
    )
    assert "IP address mismatch" in wrong_name.stderr
    no_file = agent.call("once", "--timeout", "1", "--ca", str(tmp_path / "nowhere.pem"))
    assert "give a PEM file of the authority" in no_file.stderr
    trusted = agent.call("once", "--timeout", "1", "--ca", str(tmp_path / "ca.pem"))
    assert "connected to localhost" in trusted.stderr


def test_a_refused_credential_is_explained(agent: AgentProcess, mosquitto: Callable[..., Mosquitto]) -> None:
    broker = mosquitto("allow_anonymous false\n")
    revoked = agent.enrolled(broker.url).call("once", "--timeout", "0.5")
    assert f"rejected the credential of unit {UNIT}" in revoked.stderr
    pending = agent.enrolled(broker.url, status="pending").call("once", "--timeout", "0.5")
    assert "this enrolment is waiting for approval" in pending.stderr


def test_a_pending_enrolment_becomes_active_once_the_broker_accepts_it(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    assert agent.enrolled(broker.url, status="pending").call("once").returncode == 0
    assert status(agent)["enrolment"] == "active"


def test_a_second_agent_on_one_state_directory_is_refused(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    agent.enrolled(broker.url).run()
    registry.wait_for(Birth)
    second = agent.call("once")
    assert second.returncode == 1
    assert "another musterroll-agent is using" in second.stderr


def test_systemd_gets_ready_status_watchdog_and_stopping(
    agent: AgentProcess, broker: Mosquitto, registry: Registry, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify_socket:
        notify_socket.bind(str(tmp_path / "notify"))
        notify_socket.settimeout(10)
        child = agent.enrolled(broker.url).run(NOTIFY_SOCKET=str(tmp_path / "notify"), WATCHDOG_USEC="200000")
        notified = ""
        while "STATUS=connected" not in notified or notified.count("WATCHDOG=1") < 5:
            notified += notify_socket.recv(1000).decode() + "\n"
        child.terminate()
        while "STOPPING=1" not in notified:
            notified += notify_socket.recv(1000).decode() + "\n"
    assert "READY=1" in notified


def test_the_log_can_be_json_lines(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    lines = agent.enrolled(broker.url).call("once", "--log-format", "json").stderr.splitlines()
    assert any("connected to" in json.loads(line)["message"] for line in lines)


@pytest.mark.fault
def test_kill_9_at_random_loses_nothing_receipted_and_applies_nothing_twice(
    agent: AgentProcess, broker: Mosquitto, registry: Registry
) -> None:
    agent.enrolled(broker.url)
    random_delay = random.Random(7)
    for start in range(20):
        agent.config.write_text(f'firmware = "{start}"\n')  # each start adds a birth and a change record
        child = agent.run()
        until(lambda epoch=start + 1: CounterFile(agent.state / "counters").counters.epoch == epoch, "the epoch is on disk")  # type: ignore[misc]
        time.sleep(random_delay.random() * 0.25)  # the random moment is the point of the test
        child.kill()
        child.wait()
    agent.call("once")
    received = registry.durable()
    applied = {(m.epoch, m.seq): m for m in received}
    assert all(m._replace(oldest=0) == applied[m.epoch, m.seq]._replace(oldest=0) for m in received)  # a key always means the same message
    for epoch, seq in registry.receipted.items():
        assert {(epoch, n) for n in range(1, seq + 1)} <= set(applied)
    assert status(agent)["unreceipted"] == 0
    assert max(registry.receipted) == 21
    assert sum(registry.receipted.values()) == len(applied)
