"""Every "no" of the API as problem+json (RFC 9457): what is wrong, where, and what to do, in one sentence."""

from http import HTTPStatus

from flask import Response
from flask_openapi.types import ResponseDict
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException

from musterroll.domain.values.errors import Conflict, Forbidden, NotFound, Refusal

CONTENT_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[Refusal], int], ...] = ((NotFound, 404), (Forbidden, 403), (Conflict, 409))
_SENTENCES = {
    413: "the request is larger than this address accepts; send less, or split it",
    404: "there is nothing at this address; /docs lists what there is",
    500: "the registry failed on this request; it is written to its log, and nothing was half done",
}


class FieldError(BaseModel):
    field: str = Field(description="The parameter or the path in the body.")
    message: str


class Problem(BaseModel):
    """RFC 9457."""

    type: str = Field(description="urn:musterroll:<code>; the code is stable.")
    title: str
    status: int
    detail: str = Field(description="One sentence for people.")
    errors: list[FieldError] | None = Field(default=None, description="With status 422: every field that is wrong.")


class HttpRefusal(Refusal):
    """A refusal that knows its status: what the door itself refuses."""

    def __init__(self, status: int, code: str, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence, code)
        self.status = status
        self.headers = headers or {}
        self.errors: list[FieldError] | None = None


def invalid(error: ValidationError) -> HttpRefusal:
    """Which fields of a request are wrong, without repeating what was sent."""
    found = [
        FieldError(field=".".join(str(step) for step in one["loc"]) or "body", message=_plain(one["msg"]))
        for one in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    refusal = HttpRefusal(422, "invalid", "; ".join(f"{one.field}: {one.message}" for one in found[:5]))
    refusal.errors = found[:50]
    return refusal


def refusal_of(error: Exception) -> HttpRefusal:
    """The refusal an exception amounts to; what nobody expected becomes a 500 that says nothing of its cause."""
    if isinstance(error, HttpRefusal):
        return error
    if isinstance(error, Refusal):
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 422)
        return HttpRefusal(status, error.code, str(error))
    if isinstance(error, HTTPException) and error.code:
        return _of_http(error, error.code)
    return HttpRefusal(500, "internal_error", _SENTENCES[500])


def response(refusal: HttpRefusal) -> Response:
    body = Problem(
        type=f"urn:musterroll:{refusal.code}",
        title=refusal.code.replace("_", " ").capitalize(),
        status=refusal.status,
        detail=str(refusal),
        errors=refusal.errors,
    )
    headers = {"Cache-Control": "no-store", **refusal.headers}
    return Response(body.model_dump_json(exclude_none=True), refusal.status, headers, content_type=CONTENT_TYPE)


def _of_http(error: HTTPException, status: int) -> HttpRefusal:
    """What Flask and Werkzeug refuse themselves: no such route, wrong method, too large."""
    headers = {name: value for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")}
    sentence = _SENTENCES.get(status) or (error.description or error.name).rstrip(".")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        sentence = f"this address answers to {headers.get('Allow', 'other methods')}"
    return HttpRefusal(status, error.name.lower().replace(" ", "_"), sentence, headers)


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ")
    if message.startswith("Input should be a valid dictionary"):
        return "a JSON object is needed"
    return "there is no such field" if message == "Extra inputs are not permitted" else message[:1].lower() + message[1:]


def documented(*statuses: int) -> ResponseDict:
    """The OpenAPI responses of problems with these statuses."""
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": _MEANING[status], "content": content} for status in statuses}


_MEANING = {
    400: "The request cannot be read.",
    401: "No valid token or session came with the request.",
    403: "What came with the request does not allow it.",
    404: "Not on the roll.",
    409: "It stands against what is recorded.",
    413: "Too large.",
    415: "Not a kind of content this address reads.",
    422: "A field is wrong; which one is said.",
    429: "Too many refused tries; Retry-After says when to come back.",
}
