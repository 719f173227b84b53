"""A registry, its broker and an agent that speak IPv6: loopback, every interface, and a link-local address with its zone."""

import signal
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.installation import Agent, Serve, environment
from tests.support.instances import until


def link_local() -> str | None:
    """A link-local address of this machine with its zone."""
    try:
        lines = Path("/proc/net/if_inet6").read_text().split("\n")
    except OSError:
        return None
    for digits, *_, device in (line.split() for line in lines if line.startswith("fe80")):
        return f"{':'.join(digits[at : at + 4] for at in range(0, 32, 4))}%{device}"
    return None


LINK = link_local()


@pytest.mark.parametrize("host", ["::1", "::", pytest.param(LINK, marks=pytest.mark.skipif(LINK is None, reason="no link"))])
def test_a_device_enrols_and_reports_over_ipv6(tmp_path: Path, host: str) -> None:
    serve = Serve(environment(tmp_path / "registry", **dict.fromkeys(("HTTP_LISTEN", "MQTT_LISTEN"), f"[{host}]:0")))
    agent = Agent(tmp_path / "agent", MAKER="Acme", MODEL="Box")
    try:
        assert serve.url.startswith(f"http://[{host.replace('%', '%25')}]:")
        serve.url = serve.url.replace("%25", "%")  # as clients take it
        told = agent.command("enroll", "--registry", serve.url, f"--token={serve.command('token', 'create')}", "--serial", "ACME-0041")
        assert told.returncode == 0, told.stderr
        if host == LINK:
            return  # the zone of the way to the broker is the device's own to know
        agent.start()
        token = serve.command("token", "api", "--label", "test")
        until(lambda: serve.get("/api/v1/lookup?code=ACME0041", token)["units"][0]["liveness"] == "operating", "it has reported", 60)
        if host == "::":
            with urllib.request.urlopen(f"http://127.0.0.1:{urlsplit(serve.url).port}/healthz", timeout=10) as answer:
                assert answer.status == 200
    finally:
        agent.stop(signal.SIGKILL)
        serve.kill()
