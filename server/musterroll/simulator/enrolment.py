"""Enrols simulated units over HTTP, as agents do, on a few persistent connections."""

import http.client
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from musterroll.domain.values.errors import DomainError
from musterroll.listening import host_of
from musterroll.simulator.fleet import SimulatedUnit
from musterroll.simulator.messages import AGENT
from musterroll.simulator.unit import Identity

CONNECTIONS = 4
TIMEOUT = 30.0


class EnrolmentRejected(DomainError):
    """The registry answered no."""


class Enrolled(NamedTuple):
    serial: str
    identity: Identity
    pending: bool


def enrol(registry: str, token: str, units: Iterable[SimulatedUnit], done: Callable[[Enrolled], bool]) -> None:
    """Enrol units while `done` returns true; it is called after each unit, never concurrently.

    Raises DomainError with the registry's error at the first unit it rejects.
    """
    waiting, lock = deque(units), threading.Lock()

    def enrol_waiting() -> None:
        with closing(_connection(registry)) as connection, suppress(IndexError):
            while True:
                enrolled = _enrol(connection, registry, token, waiting.popleft())
                with lock:
                    if not done(enrolled):
                        waiting.clear()

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        tasks = [pool.submit(enrol_waiting) for _ in range(CONNECTIONS)]
        if wait(tasks, return_when=FIRST_EXCEPTION).not_done:
            waiting.clear()
    for task in tasks:
        task.result()


def _connection(registry: str) -> http.client.HTTPConnection:
    parts = urlsplit(registry)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise DomainError(f"the registry address {registry!r} must be http://host:port or https://host:port")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(host_of(parts.hostname), parts.port, timeout=TIMEOUT)


def _enrol(connection: http.client.HTTPConnection, registry: str, token: str, unit: SimulatedUnit) -> Enrolled:
    body = {
        "token": token,
        "maker": unit.kind.maker,
        "model": unit.kind.model,
        "serial": unit.serial,
        "evidence": unit.evidence,
        "agent": AGENT,
    }
    path = urlsplit(registry).path.rstrip("/") + "/api/v1/enroll"
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        response = connection.getresponse()
        status, content = response.status, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise DomainError(f"the registry {registry} cannot be reached ({error}): start it, or give its address with --registry") from None
    answer = _json_object(content)
    if status not in (201, 202):
        detail = answer.get("detail") or answer.get("title") or "it gave no reason; is this the address of a registry?"
        raise EnrolmentRejected(f"the registry {registry} rejected the enrolment of {unit.serial} ({status}): {detail}")
    try:
        return Enrolled(unit.serial, Identity(answer["unit"], answer["secret"], answer["mqtt_url"]), status == 202)
    except KeyError as missing:
        raise DomainError(f"{registry} does not respond like a registry (no {missing} in the response); check the address") from None


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(content)
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
