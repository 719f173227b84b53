"""How a room of the API is opened: who may enter, what it reads, and which problems it documents."""

from collections.abc import Callable

from flask_openapi.blueprint import APIBlueprint

from musterroll.api.http.authentication import require_access
from musterroll.api.http.bodies import read_json
from musterroll.api.http.context import PREFIX
from musterroll.api.http.problems import documented


def guarded(name: str, subject: str, reads: Callable[[], None] = read_json) -> APIBlueprint:
    """A room for programs with a token and people who signed in; `reads` looks at the bodies first."""
    made = APIBlueprint(
        name,
        __name__,
        url_prefix=PREFIX,
        abp_tags=[{"name": subject}],
        abp_security=[{"bearer": []}, {"session": []}],
        abp_responses=documented(401, 403, 422, 429),
    )
    made.before_request(require_access)
    made.before_request(reads)
    return made


def public(name: str, subject: str) -> APIBlueprint:
    """A room that needs no access."""
    made = APIBlueprint(name, __name__, url_prefix=PREFIX, abp_tags=[{"name": subject}], abp_responses=documented(422))
    made.before_request(read_json)
    return made
