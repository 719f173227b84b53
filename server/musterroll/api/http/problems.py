"""Error responses of the API as problem+json (RFC 9457): what is wrong, where, and what to do."""

from http import HTTPStatus

from flask import Response
from flask_openapi.types import ResponseDict
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException

from musterroll.domain.values.errors import Conflict, DomainError, Forbidden, NotFound

CONTENT_TYPE = "application/problem+json"
_STATUS: tuple[tuple[type[DomainError], int], ...] = ((NotFound, 404), (Forbidden, 403), (Conflict, 409))
_DETAILS = {
    413: "the request is too large; send less, or split it",
    404: "not found; see /docs for the available resources",
    500: "internal error; the details are in the log, and nothing was changed",
}


class FieldError(BaseModel):
    field: str = Field(description="Parameter, or path in the body.")
    message: str


class Problem(BaseModel):
    """RFC 9457."""

    type: str = Field(description="urn:musterroll:<code>; the code is stable.")
    title: str
    status: int
    detail: str = Field(description="Explanation for people, in one sentence.")
    errors: list[FieldError] | None = Field(default=None, description="With status 422: every invalid field.")


class HttpError(DomainError):
    """An error raised by the HTTP layer itself, with its status."""

    def __init__(self, status: int, code: str, sentence: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(sentence, code)
        self.status = status
        self.headers = headers or {}
        self.errors: list[FieldError] | None = None


def invalid(error: ValidationError) -> HttpError:
    """A 422 that lists the invalid fields of a request, without repeating their values."""
    problems = [
        FieldError(field=".".join(str(step) for step in problem["loc"]) or "body", message=_plain(problem["msg"]))
        for problem in error.errors(include_input=False, include_url=False, include_context=False)
    ]
    rejection = HttpError(422, "invalid", "; ".join(f"{problem.field}: {problem.message}" for problem in problems[:5]))
    rejection.errors = problems[:50]
    return rejection


def http_error_of(error: Exception) -> HttpError:
    """The HTTP error for an exception; an unexpected one becomes a 500 without details."""
    if isinstance(error, HttpError):
        return error
    if isinstance(error, DomainError):
        status = next((status for kind, status in _STATUS if isinstance(error, kind)), 422)
        return HttpError(status, error.code, str(error))
    if isinstance(error, HTTPException) and error.code:
        return _from_werkzeug(error, error.code)
    return HttpError(500, "internal_error", _DETAILS[500])


def response(error: HttpError) -> Response:
    body = Problem(
        type=f"urn:musterroll:{error.code}",
        title=error.code.replace("_", " ").capitalize(),
        status=error.status,
        detail=str(error),
        errors=error.errors,
    )
    headers = {"Cache-Control": "no-store", **error.headers}
    return Response(body.model_dump_json(exclude_none=True), error.status, headers, content_type=CONTENT_TYPE)


def _from_werkzeug(error: HTTPException, status: int) -> HttpError:
    """An error raised by Flask or Werkzeug: no such route, wrong method, too large."""
    headers = {name: value for name, value in error.get_headers() if name not in ("Content-Type", "Content-Length")}
    sentence = _DETAILS.get(status) or (error.description or error.name).rstrip(".")
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        sentence = f"method not allowed; use {headers.get('Allow', 'another method')}"
    return HttpError(status, error.name.lower().replace(" ", "_"), sentence, headers)


def _plain(message: str) -> str:
    message = message.removeprefix("Value error, ")
    if message.startswith("Input should be a valid dictionary"):
        return "must be a JSON object"
    return "unknown field" if message == "Extra inputs are not permitted" else message[:1].lower() + message[1:]


def documented(*statuses: int) -> ResponseDict:
    """The OpenAPI responses for problems with these statuses."""
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {str(status): {"description": _DESCRIPTIONS[status], "content": content} for status in statuses}


_DESCRIPTIONS = {
    400: "The request is malformed.",
    401: "No valid token or session.",
    403: "Not permitted.",
    404: "Not found.",
    409: "Conflicts with existing records.",
    413: "Too large.",
    415: "Unsupported content type.",
    422: "A field is invalid; see `errors`.",
    429: "Too many failed attempts; see Retry-After.",
}
