"""Connections that say nothing, or say it slowly, keep nobody waiting."""

import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.support.installation import Production, Serve, environment
from tests.support.instances import free_port, until

_IDLE, _SLOW = 300, 60
_HALF = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
_WHOLE = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


def _serve(folder: Path) -> Serve:
    return Serve(environment(folder))


def _web(folder: Path) -> Production:
    return Production(environment(folder, HTTP_LISTEN=f"127.0.0.1:{free_port()}"), "web")


@pytest.fixture(params=[_serve, _web], ids=["serve", "web"])
def registry(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Serve | Production]:
    start: Callable[[Path], Serve | Production] = request.param
    registry = start(tmp_path)
    try:
        until(lambda: _answers(registry, "/livez"), "the registry answers", 60)
        yield registry
    finally:
        registry.kill()


def test_idle_and_slow_connections_keep_nobody_waiting(registry: Serve | Production) -> None:
    port = int(registry.url.rsplit(":", 1)[1])
    with ExitStack() as crowd:
        for number in range(_IDLE + _SLOW):
            connection = crowd.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            if number < _SLOW:
                connection.sendall(_HALF)
            elif number % 2:  # kept alive after an answer
                connection.sendall(_WHOLE)
                assert connection.recv(100).startswith(b"HTTP/1.1 200")
        assert _answers(registry, "/livez")
        assert _answers(registry, "/sign-in")


def _answers(registry: Serve | Production, path: str) -> bool:
    try:
        with urllib.request.urlopen(registry.url + path, timeout=10) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
