"""A claim token becomes a credential in one command, or one sentence says why not."""

import json
import ssl
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from tests.agent.conftest import AgentProcess
from tests.agent.registry import EnrolmentDoor

ANSWER = {"unit": "k3v9x2m7qd", "secret": "top", "status": "active", "mqtt_url": "mqtt://127.0.0.1:1", "interval": 30}
MACHINE = ("--serial", "00017", "--maker", "Acme", "--model", "M1")
Door = Callable[..., EnrolmentDoor]


def enroll(agent: AgentProcess, url: str, *more: str) -> tuple[int, str]:
    done = agent.call("enroll", "--registry", url, "--token", "t0k", *MACHINE, *more)
    return done.returncode, done.stdout + done.stderr


def test_enrolment_keeps_the_identity_for_its_owner_only(agent: AgentProcess, door: Door) -> None:
    opened = door(201, ANSWER)
    code, said = enroll(agent, f"http://127.0.0.1:{opened.port}/")
    assert (code, "enrolled as unit k3v9x2m7qd: Acme M1, serial 00017" in said) == (0, True)
    path, body = opened.asked[0]
    assert path == "/api/v1/enroll"
    assert {name: body[name] for name in ("token", "maker", "model", "serial")} == {
        "token": "t0k",
        "maker": "Acme",
        "model": "M1",
        "serial": "00017",
    }
    kept = agent.state / "identity.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert json.loads(kept.read_text())["secret"] == "top"
    assert "top" not in said


def test_a_pending_enrolment_says_that_a_person_must_accept(agent: AgentProcess, door: Door) -> None:
    code, said = enroll(agent, f"http://127.0.0.1:{door(202, {**ANSWER, 'status': 'pending'}).port}")
    assert (code, "a person must accept" in said) == (0, True)
    assert "k3v9x2m7qd (pending)" in agent.call("status").stdout


def test_a_second_enrolment_needs_force(agent: AgentProcess, door: Door) -> None:
    opened = door(201, ANSWER)
    url = f"http://127.0.0.1:{opened.port}"
    assert enroll(agent, url)[0] == 0
    code, said = enroll(agent, url)
    assert (code, "already enrolled as unit k3v9x2m7qd" in said, len(opened.asked)) == (1, True, 1)
    assert enroll(agent, url, "--force")[0] == 0


def test_a_problem_is_told_in_the_registrys_words(agent: AgentProcess, door: Door) -> None:
    problem = {"type": "about:blank", "title": "Gone", "status": 410, "detail": "the token was used up on 1 November"}
    code, said = enroll(agent, f"http://127.0.0.1:{door(410, problem).port}")
    assert (code, "(410): the token was used up on 1 November" in said) == (1, True)
    assert not (agent.state / "identity.json").exists()


@pytest.mark.parametrize("answer", [{}, {**ANSWER, "unit": "a/b"}, {**ANSWER, "secret": None}, {**ANSWER, "mqtt_url": 5}])
def test_an_answer_that_is_no_registrys_is_refused(agent: AgentProcess, door: Door, answer: dict[str, object]) -> None:
    code, said = enroll(agent, f"http://127.0.0.1:{door(201, answer).port}")
    assert (code, "does not answer as a registry does" in said) == (1, True)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://127.0.0.1:1", "cannot be reached"),
        ("http://no-such-host.invalid", "cannot be reached"),
        ("ftp://x", "must be http://host:port or https://host:port"),
        ("http://x:99999", "Port out of range"),
        ("http://[x", "Invalid IPv6 URL"),
        ("http://a b", "cannot be reached"),
    ],
)
def test_a_registry_that_cannot_be_reached_is_one_sentence(agent: AgentProcess, url: str, sentence: str) -> None:
    code, said = enroll(agent, url)
    assert code == 1
    assert sentence in said
    assert said.count("\n") == 1


def test_a_placeholder_serial_is_refused_before_anything_is_asked(agent: AgentProcess, door: Door) -> None:
    opened = door(201, ANSWER)
    done = agent.call("enroll", "--registry", f"http://127.0.0.1:{opened.port}", "--token", "t", "--serial", "Default string")
    assert done.returncode == 1
    assert "is a placeholder that many units share: give the one on the label with --serial" in done.stderr
    assert not opened.asked


def test_a_missing_token_is_asked_for(agent: AgentProcess) -> None:
    done = agent.call("enroll", "--registry", "http://127.0.0.1:1", *MACHINE)
    assert "no token: give it with --token" in done.stderr


def test_https_is_checked_against_the_authority_given(agent: AgentProcess, door: Door, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    opened = door(201, ANSWER, context)
    code, said = enroll(agent, f"https://localhost:{opened.port}")
    assert (code, "is not to be trusted" in said, "--ca" in said) == (1, True, True)
    code, said = enroll(agent, f"https://127.0.0.1:{opened.port}", "--ca", str(tmp_path / "ca.pem"))
    assert (code, "is not to be trusted" in said) == (1, True)
    assert enroll(agent, f"https://localhost:{opened.port}", "--ca", str(tmp_path / "ca.pem"))[0] == 0


@pytest.mark.parametrize("command", ["run", "once", "status"])
def test_before_enrolment_every_command_says_what_to_do(agent: AgentProcess, command: str) -> None:
    done = agent.call(command)
    assert done.returncode == 1
    assert "is not enrolled" in done.stderr
    assert "run `musterroll-agent enroll` first" in done.stderr


def test_a_damaged_identity_is_told(agent: AgentProcess) -> None:
    (agent.state / "identity.json").write_text('{"unit": 1}')
    assert "is damaged: enrol again" in agent.call("run").stderr
