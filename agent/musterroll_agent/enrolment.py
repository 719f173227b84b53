"""Enrolment: one request to the registry exchanges a claim token for this unit's own credential."""

import http.client
import json
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from musterroll_wire.messages import MAX_INTEGER
from musterroll_wire.topics import valid_unit

from musterroll_agent import AgentError, __version__
from musterroll_agent.machine import Machine
from musterroll_agent.state_directory import Identity
from musterroll_agent.tls import client_context

TIMEOUT = 20


class Response(NamedTuple):
    status: int
    body: dict[str, Any]


def enrol(registry: str, token: str, machine: Machine, ca: str = "") -> Identity:
    """Claim a credential at `{registry}/api/v1/enroll`. Raises AgentError with one sentence."""
    body = {
        "token": token,
        "maker": machine.maker,
        "model": machine.model,
        "serial": machine.serial,
        "evidence": machine.evidence,
        "agent": __version__,
    }
    response = _post(registry, body, ca)
    if response.status not in (201, 202):
        detail = response.body.get("detail") or response.body.get("title") or "no reason given; is this the address of a registry?"
        raise AgentError(f"the registry {registry} rejected the enrolment ({response.status}): {str(detail)[:500]}")
    return _identity(registry, response.body, machine, ca)


def _identity(registry: str, body: dict[str, Any], machine: Machine, ca: str) -> Identity:
    unit, secret, mqtt_url, interval = (body.get(name) for name in ("unit", "secret", "mqtt_url", "interval"))
    if not (isinstance(unit, str) and valid_unit(unit) and isinstance(secret, str) and isinstance(mqtt_url, str)):
        raise AgentError(f"{registry} does not answer like a registry (no unit, secret or mqtt_url in the response): check the address")
    seconds = interval if type(interval) is int and 5 <= interval <= 86400 else 60
    known_epoch = body.get("epoch")
    epoch = known_epoch if type(known_epoch) is int and 0 <= known_epoch < MAX_INTEGER // 2 else 0
    status, source = str(body.get("status")), machine.source
    return Identity(unit, secret, mqtt_url, registry, *machine[:3], seconds, status, source, ca, epoch)


def _post(registry: str, body: dict[str, Any], ca: str) -> Response:
    try:
        parts = urlsplit(registry)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise AgentError(f"the registry address {registry!r} must be http://host:port or https://host:port")
        connection = _connection(parts.scheme, parts.hostname, parts.port, ca)
        headers = {"Content-Type": "application/json", "Accept": "application/json, application/problem+json"}
        connection.request("POST", parts.path.rstrip("/") + "/api/v1/enroll", json.dumps(body), headers)
        response = connection.getresponse()
        return Response(response.status, _json_object(response.read(65536)))
    except ssl.SSLCertVerificationError as error:
        hint = "name its authority with --ca" if not ca else f"check that {ca} is its authority and the address matches the certificate"
        raise AgentError(f"the certificate of {registry} is not trusted ({error.verify_message}): {hint}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise AgentError(f"the registry {registry} cannot be reached ({error}): check the address and that it is running") from None


def _connection(scheme: str, host: str, port: int | None, ca: str) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=client_context(ca))


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
