"""The Flask application: errors under the API are problem responses, elsewhere Flask's own."""

import sys
from http import HTTPStatus
from typing import Any, NoReturn

from flask import request
from flask.typing import ResponseReturnValue
from flask_openapi.openapi import OpenAPI
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException

from musterroll import __version__
from musterroll.api.http import problems
from musterroll.api.http.context import context

_ANSWERED_HERE = ("/api/", "/livez", "/healthz", "/readyz", "/metrics", "/openapi.json", "/asyncapi.json")

_INFO: dict[str, Any] = {
    "title": "Musterroll",
    "version": __version__,
    "description": "Installed-base registry of a device fleet: units, contracts, coverage, reconciliation. Errors are RFC 9457 problems.",
    "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
}
_BEARER = "API token with scopes: `read`, `write` for changes, `admin` for all; can be limited to accounts."
_SECURITY: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": _BEARER},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "musterroll",
        "description": "Session of a signed-in browser; changes also need the form token in `X-CSRFToken`.",
    },
}


class Application(OpenAPI):
    """Created by `new_app`."""

    def handle_user_exception(self, e: Exception) -> HTTPException | ResponseReturnValue:
        """Under the API every exception becomes a problem; details of unexpected ones go only to the log."""
        if not request.path.startswith(_ANSWERED_HERE):
            return super().handle_user_exception(e)
        if isinstance(e, HTTPException) and (e.response is not None or (e.code or 500) < HTTPStatus.BAD_REQUEST):
            return e  # a redirect, or a finished response
        error = problems.http_error_of(e)
        if error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            self.log_exception(sys.exc_info())
        context().metrics.refusals_total.labels(error.code).inc()
        return problems.response(error)


def new_app(import_name: str) -> Application:
    """An empty application, for `build` to register the API with."""
    app = Application(
        import_name,
        info=_INFO,
        security_schemes=_SECURITY,
        doc_ui=False,
        static_folder=None,  # the pages serve their own static files
        validation_error_model=problems.Problem,
        validation_error_callback=_reject_invalid,
    )
    app.openapi_version = "3.1.0"
    return app


def _reject_invalid(error: ValidationError) -> NoReturn:
    raise problems.invalid(error)
