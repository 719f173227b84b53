"""Links that die without a word, keep-alives, refusals that name their cause, IPv6: with real brokers, sometimes behind a proxy."""

import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from musterroll_agent.addresses import Address
from musterroll_agent.clock import Clock
from musterroll_agent.connection import Connection
from musterroll_wire.messages import Birth, Heartbeat, Record

from tests.agent.conftest import UNIT, AgentProcess
from tests.agent.registry import Registry
from tests.support.instances import free_port, until
from tests.support.mosquitto import Mosquitto
from tests.support.proxy import Proxy

pytestmark = pytest.mark.mosquitto


@pytest.fixture
def proxy(broker: Mosquitto) -> Iterator[Callable[..., Proxy]]:
    """Starts proxies in front of the broker."""
    proxies: list[Proxy] = []

    def start(host: str = "127.0.0.1", **options: Callable[[bytes], bytes]) -> Proxy:
        proxies.append(Proxy(broker.url, host, **options))
        return proxies[-1]

    yield start
    for started in proxies:
        started.close()


def test_a_half_open_connection_is_dialled_anew_within_seconds(
    agent: AgentProcess, registry: Registry, proxy: Callable[..., Proxy]
) -> None:
    link = proxy()
    agent.enrolled(f"mqtt://127.0.0.1:{link.port}").run()
    registry.wait_for(Heartbeat, 2)
    link.swallow()
    beats = len(registry.of(Heartbeat))
    registry.wait_for(Heartbeat, beats + 1, 14)  # of the interval of 5 s, 3 pass until the unit is stale
    assert link.accepted == 2


def test_the_keep_alive_that_was_promised_is_kept(broker: Mosquitto) -> None:
    connection = Connection(Address("127.0.0.1", broker.port, False), UNIT, "s", "", Clock())
    connection.open(b'{"epoch":1}', keepalive=1)
    deadline = time.monotonic() + 9  # Mosquitto looks every 5 s
    while not connection.lost and time.monotonic() < deadline:
        connection.step(deadline - time.monotonic(), None)
    assert connection.lost == ""  # the broker cuts after 1.5 s of silence
    connection.close()


def test_a_refused_subscription_is_said(agent: AgentProcess, registry: Registry, proxy: Callable[..., Proxy]) -> None:
    link = proxy(change=lambda content: re.sub(rb"(?s)(\x90\x04..)\x01\x01", lambda suback: suback[1] + b"\x80\x80", content))
    refused = f"the broker 127.0.0.1:{link.port} refused the subscription to receipts and commands of unit {UNIT}: "
    output = agent.enrolled(f"mqtt://127.0.0.1:{link.port}").call("once", "--timeout", "1.5").stderr
    assert refused + "let the unit read its own topics there" in output
    assert [record.data["event"] for record in registry.of(Record)] == ["subscription_refused"]
    assert refused in agent.call("status").stdout


NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("days", "name", "clock", "problem"),
    [
        ((-9, -1), "localhost", None, f"has expired by {NOW:%Y-%m-%d}, the day by this device's clock: renew it, or set the clock"),
        ((1, 9), "localhost", None, f"is not valid yet on {NOW:%Y-%m-%d}, the day by this device's clock: set the clock"),
        ((1, 9), "localhost", 60, "cannot be checked because this device's clock says 1970-01-01: set the clock"),
        ((-1, 9), "broker.example", None, "is for another name than localhost (Hostname mismatch"),
        (None, "localhost", None, "is signed by an authority that this device does not know (unable to get local issuer certificate): "),
    ],
)
def test_a_refused_certificate_names_the_cause(
    agent: AgentProcess,
    mosquitto: Callable[..., Mosquitto],
    tmp_path: Path,
    days: tuple[int, int] | None,
    name: str,
    clock: int | None,
    problem: str,
) -> None:
    authority = trustme.CA()
    first, last = [NOW + timedelta(days=day) for day in days or (-1, 9)]
    pem, port = tmp_path / "broker.pem", free_port()
    authority.issue_cert(name, not_before=first, not_after=last).private_key_and_cert_chain_pem.write_to_path(pem)
    (authority if days else trustme.CA()).cert_pem.write_to_path(tmp_path / "ca.pem")
    pem.chmod(0o644)
    mosquitto(f"allow_anonymous true\nlistener {port} 127.0.0.1\ncertfile {pem}\nkeyfile {pem}\n")
    path = agent.environment()["PYTHONPATH"]
    if clock is not None:
        (tmp_path / "sitecustomize.py").write_text(f"import time\ntime.time = lambda: {clock}\n")
    url = f"mqtts://localhost:{port}"
    process = agent.enrolled(url).call("once", "--timeout", "1", "--ca", str(tmp_path / "ca.pem"), PYTHONPATH=f"{tmp_path}:{path}")
    assert f"the certificate of the broker localhost:{port} {problem}" in process.stderr


def link_local() -> str:
    with open("/proc/net/if_inet6") as file:
        for line in file:
            digits, *_, card = line.split()
            if digits.startswith("fe80"):
                return f"{socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))}%{card}"
    return ""


@pytest.mark.parametrize("host", ["::1", link_local()])
def test_a_broker_is_reached_by_ipv6(agent: AgentProcess, registry: Registry, broker: Mosquitto, host: str) -> None:
    if not host:
        pytest.skip("no network card has a link-local address")
    link = Proxy(broker.url, host)
    try:
        output = agent.enrolled("mqtt://nowhere.invalid").call("once", MUSTERROLL_AGENT_MQTT_URL=f"mqtt://[{host}]:{link.port}")
        assert (output.returncode, f"connected to [{host}]:{link.port}" in output.stderr) == (0, True)
    finally:
        link.close()


def test_an_ipv6_address_without_brackets_is_explained(agent: AgentProcess) -> None:
    output = agent.enrolled("mqtt://fe80::1:1883").call("once").stderr
    assert "the broker address 'mqtt://fe80::1:1883' must be mqtt://host:port or mqtts://host:port, with brackets around" in output


def test_once_obeys_an_interval_command_and_keeps_to_it(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    agent.enrolled(broker.url)
    agent.config.write_text("interval = 3600\n")
    with subprocess.Popen(agent.command("once"), env=agent.environment(), stderr=subprocess.DEVNULL) as child:
        assert registry.wait_for(Birth)[0].interval == 3600
        registry.command(UNIT, "interval", seconds=86_400)
        assert child.wait(20) == 0
    assert [(birth.interval, birth.seq) for birth in registry.of(Birth)] == [(3600, 1), (86_400, 2)]
    assert registry.receipted == {1: 2}
    assert agent.call("once", "--interval", "60").returncode == 0
    assert registry.of(Birth)[-1].interval == 86_400


def test_once_ends_in_time_where_nothing_answers(agent: AgentProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        began = time.monotonic()
        process = agent.enrolled(f"mqtt://127.0.0.1:{silent.getsockname()[1]}").call("once", "--timeout", "2")
    assert time.monotonic() - began < 5
    assert "1 messages have no receipt from the registry after 2 s" in process.stderr


def test_the_same_interval_again_is_no_new_birth(agent: AgentProcess, broker: Mosquitto, registry: Registry) -> None:
    child = agent.enrolled(broker.url, interval=3600).run()
    registry.wait_for(Heartbeat)
    for seconds in (900, 900, 900, 901):
        registry.command(UNIT, "interval", seconds=seconds)
    assert [birth.interval for birth in registry.wait_for(Birth, 3)] == [3600, 900, 901]
    child.send_signal(signal.SIGTERM)
    until(lambda: child.poll() == 0, "the agent ends")
