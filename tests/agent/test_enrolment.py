"""One command exchanges a claim token for a credential, or one sentence says why not."""

import json
import ssl
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.agent.conftest import AgentProcess
from tests.agent.registry import EnrolmentServer

ANSWER = {"unit": "k3v9x2m7qd", "secret": "top", "status": "active", "mqtt_url": "mqtt://127.0.0.1:1", "interval": 30}
MACHINE = ("--serial", "00017", "--maker", "Acme", "--model", "M1")
Start = Callable[..., EnrolmentServer]


def enroll(agent: AgentProcess, url: str, *more: str) -> tuple[int, str]:
    process = agent.call("enroll", "--registry", url, "--token", "t0k", *MACHINE, *more)
    return process.returncode, process.stdout + process.stderr


def test_enrolment_stores_the_identity_readable_by_its_owner_only(agent: AgentProcess, enrolment: Start) -> None:
    server = enrolment(201, ANSWER)
    code, output = enroll(agent, f"http://127.0.0.1:{server.port}/")
    assert (code, "enrolled as unit k3v9x2m7qd: Acme M1, serial 00017" in output) == (0, True)
    path, body = server.requests[0]
    assert path == "/api/v1/enroll"
    assert {name: body[name] for name in ("token", "maker", "model", "serial")} == {
        "token": "t0k",
        "maker": "Acme",
        "model": "M1",
        "serial": "00017",
    }
    path_on_disk = agent.state / "identity.json"
    assert stat.S_IMODE(path_on_disk.stat().st_mode) == 0o600
    assert json.loads(path_on_disk.read_text())["secret"] == "top"
    assert "top" not in output


def test_a_pending_enrolment_says_that_it_is_waiting_for_approval(agent: AgentProcess, enrolment: Start) -> None:
    code, output = enroll(agent, f"http://127.0.0.1:{enrolment(202, {**ANSWER, 'status': 'pending'}).port}")
    assert (code, "waiting for approval" in output) == (0, True)
    assert "k3v9x2m7qd (pending)" in agent.call("status").stdout


def test_a_second_enrolment_needs_force(agent: AgentProcess, enrolment: Start) -> None:
    server = enrolment(201, ANSWER)
    url = f"http://127.0.0.1:{server.port}"
    assert enroll(agent, url)[0] == 0
    code, output = enroll(agent, url)
    assert (code, "already enrolled as unit k3v9x2m7qd" in output, len(server.requests)) == (1, True, 1)
    assert enroll(agent, url, "--force")[0] == 0


def test_a_refusal_is_shown_in_the_registrys_words(agent: AgentProcess, enrolment: Start) -> None:
    problem = {"type": "about:blank", "title": "Gone", "status": 410, "detail": "the token was used up on 1 November"}
    code, output = enroll(agent, f"http://127.0.0.1:{enrolment(410, problem).port}")
    assert (code, "(410): the token was used up on 1 November" in output) == (1, True)
    assert not (agent.state / "identity.json").exists()


@pytest.mark.parametrize("answer", [{}, {**ANSWER, "unit": "a/b"}, {**ANSWER, "secret": None}, {**ANSWER, "mqtt_url": 5}])
def test_an_answer_that_is_not_a_registrys_is_rejected(agent: AgentProcess, enrolment: Start, answer: dict[str, object]) -> None:
    code, output = enroll(agent, f"http://127.0.0.1:{enrolment(201, answer).port}")
    assert (code, "does not answer like a registry" in output) == (1, True)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:1", "cannot be reached"),
        ("http://no-such-host.invalid", "cannot be reached"),
        ("ftp://x", "must be http://host:port or https://host:port"),
        ("http://::1:8080", "with brackets around an IPv6 address"),
        ("http://x:99999", "Port out of range"),
        ("http://[x", "Invalid IPv6 URL"),
        ("http://a b", "cannot be reached"),
    ],
)
def test_an_unreachable_registry_gives_one_sentence(agent: AgentProcess, url: str, sentence: str) -> None:
    code, output = enroll(agent, url)
    assert code == 1
    assert sentence in output
    assert output.count("\n") == 1


def test_after_a_lost_answer_the_same_request_is_sent_again(agent: AgentProcess, enrolment: Start) -> None:
    server = enrolment(201, ANSWER)
    server.losing = True
    code, output = enroll(agent, f"http://127.0.0.1:{server.port}")
    assert (code, "then run the same command again" in output) == (1, True)
    server.losing = False
    assert enroll(agent, f"http://127.0.0.1:{server.port}")[0] == 0
    (_, first), (_, again) = server.requests
    assert first == again
    assert len(first["evidence"]["attempt"]) == 32
    assert enroll(agent, f"http://127.0.0.1:{server.port}", "--force")[0] == 0
    assert server.requests[2][1]["evidence"]["attempt"] != first["evidence"]["attempt"]


@pytest.mark.parametrize("options", ["ro", "size=8k"])
def test_no_token_is_spent_where_the_answer_could_not_be_stored(
    agent: AgentProcess, enrolment: Start, disk: Callable[[str], None], options: str
) -> None:
    (agent.state / "other").write_bytes(b"x" * 4096)
    disk(options)
    server = enrolment(201, ANSWER)
    code, output = enroll(agent, f"http://127.0.0.1:{server.port}")
    assert (code, "cannot be used (" in output, server.requests) == (1, True, [])


def test_a_registry_and_its_broker_are_reached_by_ipv6(agent: AgentProcess, enrolment: Start) -> None:
    server = enrolment(201, {**ANSWER, "mqtt_url": "mqtt://[::1]:1"}, host="::1")
    assert enroll(agent, f"http://[::1]:{server.port}")[0] == 0
    assert "the broker [::1]:1 cannot be reached" in agent.call("once", "--timeout", "0.5").stderr


def test_a_placeholder_serial_is_rejected_before_any_request(agent: AgentProcess, enrolment: Start) -> None:
    server = enrolment(201, ANSWER)
    process = agent.call("enroll", "--registry", f"http://127.0.0.1:{server.port}", "--token", "t", "--serial", "Default string")
    assert process.returncode == 1
    assert "is a placeholder that many units share: give the one on the label with --serial" in process.stderr
    assert not server.requests


def test_a_missing_token_is_reported(agent: AgentProcess) -> None:
    process = agent.call("enroll", "--registry", "http://127.0.0.1:1", *MACHINE)
    assert "no token: give it with --token" in process.stderr


def test_https_is_verified_against_the_given_authority(agent: AgentProcess, enrolment: Start, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    server = enrolment(201, ANSWER, context)
    code, output = enroll(agent, f"https://localhost:{server.port}")
    assert (code, "is signed by an authority that this device does not know" in output, "--ca" in output) == (1, True, True)
    code, output = enroll(agent, f"https://127.0.0.1:{server.port}", "--ca", str(tmp_path / "ca.pem"))
    assert (code, "is for another name than 127.0.0.1" in output) == (1, True)
    assert enroll(agent, f"https://localhost:{server.port}", "--ca", str(tmp_path / "ca.pem"))[0] == 0


@pytest.mark.parametrize("command", ["run", "once", "status"])
def test_before_enrolment_every_command_says_what_to_do(agent: AgentProcess, command: str) -> None:
    process = agent.call(command)
    assert process.returncode == 1
    assert "is not enrolled" in process.stderr
    assert "run `musterroll-agent enroll` first" in process.stderr


def test_a_damaged_identity_is_reported(agent: AgentProcess) -> None:
    (agent.state / "identity.json").write_text('{"unit": 1}')
    assert "is damaged: enrol again" in agent.call("run").stderr
