"""Reading request bodies. JSON must satisfy the same strict rules as MQTT messages."""

from flask import request
from musterroll_wire.strict_json import InvalidPayload, loads

from musterroll.api.http.problems import HttpError

BODY_LIMIT = 65536  # bytes of a JSON body


def read_json() -> None:
    """Runs before every view that takes JSON or no body. Raises HttpRefusal."""
    request.max_content_length = BODY_LIMIT
    body = request.get_data()
    if not body:
        return
    if request.mimetype != "application/json":
        raise HttpError(415, "not_json", "the body must be JSON; send it as application/json")
    try:
        value = loads(body, BODY_LIMIT)
    except InvalidPayload as refused:
        raise HttpError(400, refused.code, f"the body cannot be read: {refused.detail}") from None
    if not isinstance(value, dict):
        raise HttpError(400, "wrong_type", "the body must be a JSON object")


def read_upload() -> None:
    """Runs before every view that takes a file. Raises HttpRefusal."""
    if request.mimetype != "multipart/form-data":
        raise HttpError(415, "not_multipart", "send the file as the field `file` of multipart/form-data")
