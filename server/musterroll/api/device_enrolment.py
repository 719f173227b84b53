"""Device enrolment: exchanges a claim token for a credential, and says how a credential stands. Without other authentication."""

from datetime import datetime
from typing import Annotated, Any

from flask import Response, current_app, request
from pydantic import BeforeValidator, Field

from musterroll.api.http.context import PREFIX, answer, clock, context
from musterroll.api.http.problems import HttpError, documented
from musterroll.api.http.routing import public
from musterroll.api.http.schemas import Schema, Text
from musterroll.domain.values.errors import Forbidden
from musterroll.settings import address
from musterroll.storage.tables.enrolment import CredentialStatus
from musterroll.usecases.enrolment import enrol, revocation

api = public("device-enrolment", "enrolment")


class EnrolBody(Schema):
    """Unknown fields are ignored, since devices may run a newer agent."""

    token: Text = Field(max_length=200, description="Claim token.")
    maker: Text = Field(max_length=200)
    model: Text = Field(max_length=200)
    serial: Text = Field(max_length=200, description="As on the label.")
    evidence: Annotated[dict[str, Any], BeforeValidator(lambda given: given if isinstance(given, dict) else {})] = Field(
        default={}, description="Other identifiers, each a text: machine ID, board serial, MAC address. What cannot be stored is left out."
    )
    agent: Text = Field(default="", max_length=256, description="Name and version of the agent.")


class EnrolledOut(Schema):
    unit: str = Field(description="Unit ID: used in topics, and as client ID and user name at the broker.")
    secret: str = Field(description="Password for the broker. Shown only once.")
    status: CredentialStatus = Field(description="active; pending if the unit already has a credential and a person must approve this one.")
    mqtt_url: str
    interval: int = Field(description="Seconds between heartbeats.")
    epoch: int = Field(description="The device's epochs start above this.")


@api.post(
    "/enroll",
    summary="Enrol a device; asked again before the first report, the same enrolment with a new secret",
    responses={201: EnrolledOut, 202: EnrolledOut, **documented(400, 403, 409, 413, 415, 429)},
)
def enroll(body: EnrolBody) -> Response:
    here = context()
    caller = request.remote_addr or ""
    _require_patience(caller)
    try:
        with here.database.transaction() as session:
            enrolled = enrol.enroll(session, enrol.EnrolRequest(**body.model_dump()), clock(), here.settings.interval)
    except Forbidden:
        here.rejected_enrolments.count(caller)
        raise
    here.metrics.enrolments_total.labels(enrolled.status.value).inc()
    response = EnrolledOut(
        unit=enrolled.uid,
        secret=enrolled.secret,
        status=enrolled.status,
        mqtt_url=_mqtt_url(),
        interval=enrolled.interval,
        epoch=enrolled.epoch,
    )
    active = enrolled.status is CredentialStatus.ACTIVE
    return answer(response, 201 if active else 202, {"Location": f"{PREFIX}/units/{enrolled.uid}"})


class CredentialBody(Schema):
    """Unknown fields are ignored, since devices may run a newer agent."""

    unit: Text = Field(max_length=64, description="Unit ID.")
    secret: Text = Field(max_length=200, description="Secret of the credential.")


class CredentialOut(Schema):
    status: CredentialStatus
    reason: str = Field(description="Why it was revoked or rejected.")
    decided_at: datetime | None


@api.post(
    "/enroll/credential",
    summary="How a credential stands, asked by the device that the broker refused",
    responses={200: CredentialOut, **documented(400, 403, 413, 415, 429)},
)
def credential(body: CredentialBody) -> Response:
    here, caller = context(), request.remote_addr or ""
    _require_patience(caller)
    with here.database.snapshot() as session:
        standing = revocation.standing(session, body.unit, body.secret)
    if standing is None:
        here.rejected_enrolments.count(caller)
        raise Forbidden("this unit has no credential with this secret; enrol again", "credential_unknown")
    return answer(CredentialOut(**standing._asdict()))


def _require_patience(caller: str) -> None:
    wait = context().rejected_enrolments.wait(caller)
    if wait:
        seconds = str(int(wait) + 1)
        raise HttpError(429, "too_many_tries", f"too many rejected enrolments; try again in {seconds} s", {"Retry-After": seconds})


def _mqtt_url() -> str:
    """The broker address for the device: as configured; where that names no host, at the host of this request."""
    port = address(context().settings.mqtt_listen, "MUSTERROLL_MQTT_LISTEN")[1]
    configured: str = current_app.config.get("MQTT_URL") or f"mqtt://:{port}"
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    return configured.replace("://:", f"://{host}:", 1)
