"""A device turns its claim token into a credential of its own. The one address of the API that needs no access."""

from typing import Any

from flask import Response, current_app, request
from pydantic import Field

from musterroll.api.http.context import PREFIX, answer, clock, door
from musterroll.api.http.problems import HttpRefusal, documented
from musterroll.api.http.routing import public
from musterroll.api.http.schemas import Shape, Text
from musterroll.domain.values.errors import Forbidden
from musterroll.settings import address
from musterroll.storage.tables.enrolment import CredentialStatus
from musterroll.usecases.enrolment import enrol

api = public("enrolment", "enrolment")


class EnrolBody(Shape):
    """Fields of later versions are passed over: devices are not all of one age."""

    token: Text = Field(max_length=200, description="The claim token.")
    maker: Text = Field(max_length=200)
    model: Text = Field(max_length=200)
    serial: Text = Field(max_length=200, description="As on the label.")
    evidence: dict[str, Any] = Field(default={}, description="Other marks of identity: machine id, board serial, MAC.")
    agent: Text = Field(default="", max_length=256, description="Name and version of the agent.")


class EnrolledOut(Shape):
    unit: str = Field(description="The unit id: topics, client id and user name on the broker.")
    secret: str = Field(description="The password on the broker. Shown this once.")
    status: CredentialStatus = Field(description="active, or pending until a person accepts this second credential of a known unit.")
    mqtt_url: str
    interval: int = Field(description="Seconds between heartbeats.")
    epoch: int = Field(description="The device's epochs begin above it.")


@api.post(
    "/enroll",
    summary="Enrol a device",
    responses={201: EnrolledOut, 202: EnrolledOut, **documented(400, 403, 409, 413, 415, 429)},
)
def enroll(body: EnrolBody) -> Response:
    here = door()
    caller = request.remote_addr or ""
    wait = here.guesses.wait(caller)
    if wait:
        seconds = str(int(wait) + 1)
        raise HttpRefusal(429, "too_many_tries", f"too many refused enrolments; try again in {seconds} s", {"Retry-After": seconds})
    try:
        with here.database.writing() as session:
            made = enrol.enroll(session, enrol.EnrolRequest(**body.model_dump()), clock(), here.settings.interval)
    except Forbidden:
        here.guesses.count(caller)
        raise
    here.metrics.enrolments_total.labels(made.status.value).inc()
    answered = EnrolledOut(
        unit=made.uid, secret=made.secret, status=made.status, mqtt_url=_mqtt_url(), interval=made.interval, epoch=made.epoch
    )
    active = made.status is CredentialStatus.ACTIVE
    return answer(answered, 201 if active else 202, {"Location": f"{PREFIX}/units/{made.uid}"})


def _mqtt_url() -> str:
    """Where the device finds the broker: as configured, else the host name it reached us by."""
    told: str | None = current_app.config.get("MQTT_URL")
    if told:
        return told
    host = request.host.rpartition(":")[0] if request.host.rpartition(":")[2].isdigit() else request.host
    return f"mqtt://{host}:{address(door().settings.mqtt_listen, 'MUSTERROLL_MQTT_LISTEN')[1]}"
