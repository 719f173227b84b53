"""Blueprints of the API: authentication, reading of bodies, and documented problems."""

from collections.abc import Callable

from flask_openapi.blueprint import APIBlueprint

from musterroll.api.http.authentication import require_access
from musterroll.api.http.bodies import read_json
from musterroll.api.http.context import PREFIX
from musterroll.api.http.problems import documented


def guarded(name: str, subject: str, reads: Callable[[], None] = read_json) -> APIBlueprint:
    """A blueprint for programs with a token and signed-in users; `reads` checks the bodies."""
    blueprint = APIBlueprint(
        name,
        __name__,
        url_prefix=PREFIX,
        abp_tags=[{"name": subject}],
        abp_security=[{"bearer": []}, {"session": []}],
        abp_responses=documented(401, 403, 422, 429),
    )
    blueprint.before_request(require_access)
    blueprint.before_request(reads)
    return blueprint


def public(name: str, subject: str) -> APIBlueprint:
    """A blueprint without authentication."""
    blueprint = APIBlueprint(name, __name__, url_prefix=PREFIX, abp_tags=[{"name": subject}], abp_responses=documented(422))
    blueprint.before_request(read_json)
    return blueprint
