"""Who asks: a program with a bearer token, or a person with a signed-in browser. Reading needs `read`, changing needs `write`."""

from flask import g, request

from musterroll.api.door import clock, door, reading
from musterroll.api.problems import HttpRefusal
from musterroll.registry import access_tokens

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="musterroll"'}
_ASKING = ("GET", "HEAD", "OPTIONS")


def require_access() -> None:
    """Before every guarded view. Sets `g.api_actor`; raises HttpRefusal with 401 or 403."""
    header = request.headers.get("Authorization")
    if header is not None:
        g.api_actor = _program(header)
        return
    person = door().authenticate(request)
    if person is None:
        raise HttpRefusal(
            401,
            "unauthorized",
            "sign in, or send an API token as `Authorization: Bearer ...`; changing something from a page also needs its form token",
            _CHALLENGE,
        )
    g.api_actor = person.name


def _program(header: str) -> str:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HttpRefusal(401, "unauthorized", "the Authorization header must be `Bearer` and an API token", _CHALLENGE)
    asking = request.method in _ASKING
    with reading() if asking else door().database.reading() as session:
        found = access_tokens.check(session, token.strip(), clock())
    if found is None:
        raise HttpRefusal(401, "invalid_token", "the API token is unknown, expired or revoked; ask for a new one", _CHALLENGE)
    needed = "read" if asking else "write"
    if needed not in found.scopes:
        raise HttpRefusal(403, "insufficient_scope", f"the API token {found.label!r} does not have the scope {needed}")
    return f"token {found.label}"[:120]
