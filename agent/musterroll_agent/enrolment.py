"""Enrolment: one request to the registry exchanges a claim token for this unit's own credential.

The request carries a number drawn at random and kept until the identity is stored: where the answer is lost, the same command again is the
same request, and the registry answers it again without another use of the token.
"""

import http.client
import json
import ssl
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from musterroll_wire.messages import MAX_INTEGER
from musterroll_wire.topics import valid_unit

from musterroll_agent import AgentError, __version__
from musterroll_agent.addresses import REGISTRY, Address, parse, with_zone
from musterroll_agent.clock import Clock
from musterroll_agent.config import is_interval
from musterroll_agent.machine import Machine
from musterroll_agent.state_directory import Identity
from musterroll_agent.tls import certificate_problem, client_context

TIMEOUT = 20
ASKING = 3  # seconds for a question beside the work of a running agent


class Response(NamedTuple):
    status: int
    body: dict[str, Any]


def enrol(registry: str, token: str, machine: Machine, attempt: str, ca: str = "") -> Identity:
    """Claim a credential at `{registry}/api/v1/enroll`. `attempt` is the same at every try. Raises AgentError with one sentence."""
    body = {
        "token": token,
        "maker": machine.maker,
        "model": machine.model,
        "serial": machine.serial,
        "evidence": {**machine.evidence, "attempt": attempt},
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
    seconds = interval if type(interval) is int and is_interval(interval) else 60
    known_epoch = body.get("epoch")
    epoch = known_epoch if type(known_epoch) is int and 0 <= known_epoch < MAX_INTEGER // 2 else 0
    status, source = str(body.get("status")), machine.source
    mqtt_url = with_zone(mqtt_url, parse(registry, "registry", REGISTRY).host)
    return Identity(unit, secret, mqtt_url, registry, *machine[:3], seconds, status, source, ca, epoch)


def standing(identity: Identity) -> str:
    """What the registry says of a credential that its broker refused, as a clause; nothing where it says nothing."""
    body = {"unit": identity.unit, "secret": identity.secret}
    try:
        response = _post(identity.registry, body, identity.ca, "/api/v1/enroll/credential", ASKING)
    except AgentError:
        return ""
    if response.status == 403:
        return "the registry does not know this credential"
    status, reason = response.body.get("status"), response.body.get("reason")
    if response.status != 200 or status not in ("revoked", "refused"):
        return ""
    return f"the credential was {'revoked' if status == 'revoked' else 'rejected'}" + (f" ({str(reason)[:300]})" if reason else "")


def _post(registry: str, body: dict[str, Any], ca: str, path: str = "/api/v1/enroll", timeout: float = TIMEOUT) -> Response:
    address = parse(registry, "registry", REGISTRY)
    try:
        headers = {"Content-Type": "application/json", "Accept": "application/json, application/problem+json"}
        connection = _connection(address, ca, timeout)
        connection.request("POST", urlsplit(registry).path.rstrip("/") + path, json.dumps(body), headers)
        response = connection.getresponse()
        return Response(response.status, _json_object(response.read(65536)))
    except ssl.SSLCertVerificationError as error:
        problem = certificate_problem(error, address.host, ca, Clock().wall())
        raise AgentError(f"the certificate of the registry {registry} {problem}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise AgentError(
            f"the registry {registry} cannot be reached ({error}): check the address and that it runs, then run the same command again"
        ) from None


def _connection(address: Address, ca: str, timeout: float) -> http.client.HTTPConnection:
    if not address.tls:
        return http.client.HTTPConnection(address.host, address.port, timeout=timeout)
    return http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=client_context(ca))


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
