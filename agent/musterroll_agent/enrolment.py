"""Enrolment: one request to the registry turns a claim token into this unit's own credential."""

import http.client
import json
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from musterroll_wire.messages import MAX_INTEGER
from musterroll_wire.topics import valid_unit

from musterroll_agent import Trouble, __version__
from musterroll_agent.home import Identity
from musterroll_agent.identity import Machine
from musterroll_agent.tls import trust

TIMEOUT = 20


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]


def enrol(registry: str, token: str, machine: Machine, ca: str = "") -> Identity:
    """Claim a credential at `{registry}/api/v1/enroll`. Raises Trouble with one sentence."""
    body = {
        "token": token,
        "maker": machine.maker,
        "model": machine.model,
        "serial": machine.serial,
        "evidence": machine.evidence,
        "agent": __version__,
    }
    answer = _post(registry, body, ca)
    if answer.status not in (201, 202):
        detail = answer.body.get("detail") or answer.body.get("title") or "it gave no reason; is this the address of a registry?"
        raise Trouble(f"the registry {registry} refused the enrolment ({answer.status}): {str(detail)[:500]}")
    return _identity(registry, answer.body, machine, ca)


def _identity(registry: str, body: dict[str, Any], machine: Machine, ca: str) -> Identity:
    unit, secret, mqtt_url, interval = (body.get(name) for name in ("unit", "secret", "mqtt_url", "interval"))
    if not (isinstance(unit, str) and valid_unit(unit) and isinstance(secret, str) and isinstance(mqtt_url, str)):
        raise Trouble(f"{registry} does not answer as a registry does: no unit, secret or mqtt_url in its answer; check the address")
    seconds = interval if type(interval) is int and 5 <= interval <= 86400 else 60
    told = body.get("epoch")
    epoch = told if type(told) is int and 0 <= told < MAX_INTEGER // 2 else 0
    status, source = str(body.get("status")), machine.source
    return Identity(unit, secret, mqtt_url, registry, *machine[:3], seconds, status, source, ca, epoch)


def _post(registry: str, body: dict[str, Any], ca: str) -> Answer:
    try:
        parts = urlsplit(registry)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Trouble(f"the registry address {registry!r} must be http://host:port or https://host:port")
        link = _link(parts.scheme, parts.hostname, parts.port, ca)
        headers = {"Content-Type": "application/json", "Accept": "application/json, application/problem+json"}
        link.request("POST", parts.path.rstrip("/") + "/api/v1/enroll", json.dumps(body), headers)
        answer = link.getresponse()
        return Answer(answer.status, _object(answer.read(65536)))
    except ssl.SSLCertVerificationError as error:
        hint = "name its authority with --ca" if not ca else f"check that {ca} is its authority and the address is the certificate's"
        raise Trouble(f"the certificate of {registry} is not to be trusted ({error.verify_message}): {hint}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Trouble(f"the registry {registry} cannot be reached ({error}): check the address and that it is running") from None


def _link(scheme: str, host: str, port: int | None, ca: str) -> http.client.HTTPConnection:
    if scheme == "http":
        return http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    return http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=trust(ca))


def _object(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
