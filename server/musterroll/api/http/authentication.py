"""Authentication and permissions: a program with a bearer token, or a user with a signed-in browser.

Each view declares what it needs. A program's scopes correspond to roles: `read` to any, `write` to planner,
`admin` to admin; `admin` includes the others.
"""

from flask import current_app, request

from musterroll.api.http.context import Caller, clock, context, read_only, set_caller
from musterroll.api.http.problems import HttpError
from musterroll.domain.access import Need, Role, may, need_of
from musterroll.domain.values.errors import NotFound
from musterroll.usecases.access import api_tokens

_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="musterroll"'}
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_NOT_FOUND = "not found; see /docs for the available resources"


def require_access() -> None:
    """Runs before every guarded view.

    Raises HttpRefusal: 401, or 403 for a missing scope; NotFound if a user or a limited program may not see the resource.
    """
    safe = request.method in _SAFE_METHODS
    need = need_of(current_app.view_functions[request.endpoint or ""], safe)
    header = request.headers.get("Authorization")
    set_caller(_user(need) if header is None else _token_holder(header, need, safe))


def sees_everything() -> bool:
    """Whether the request is by somebody who may read the whole registry. Raises as `require_access` for a token that may not."""
    need, header = Need(Role.VIEWER, everywhere=True), request.headers.get("Authorization")
    if header is None:
        user = context().authenticate(request)
        return user is not None and may(Role(user.role), user.within is not None, need)
    _token_holder(header, need, safe=True)
    return True


def _user(need: Need) -> Caller:
    user = context().authenticate(request)
    if user is None:
        raise HttpError(
            401,
            "unauthorized",
            "sign in, or send an API token as `Authorization: Bearer ...`; changes from a page also need its form token",
            _CHALLENGE,
        )
    if not may(Role(user.role), user.within is not None, need):
        raise NotFound(_NOT_FOUND)
    return Caller(user.name, user.within, Role(user.role))


def _token_holder(header: str, need: Need, safe: bool) -> Caller:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HttpError(401, "unauthorized", "the Authorization header must be `Bearer` followed by an API token", _CHALLENGE)
    here, address = context(), request.remote_addr or ""
    if wait := here.invalid_tokens.wait(address):
        seconds = str(int(wait) + 1)
        raise HttpError(429, "too_many_tries", f"too many invalid tokens; try again in {seconds} s", {"Retry-After": seconds})
    with read_only() if safe else here.database.read_only() as session:
        access = api_tokens.check(session, token.strip(), clock())
    if access is None:
        here.invalid_tokens.count(address)
        raise HttpError(401, "invalid_token", "the API token is unknown, expired or revoked; ask for a new one", _CHALLENGE)
    if not access.noted:
        with here.database.transaction() as session:
            api_tokens.note_use(session, access.token_id, clock())
    needed = "admin" if need.role is Role.ADMIN else "read" if safe else "write"
    if needed not in access.scopes and "admin" not in access.scopes:
        raise HttpError(403, "insufficient_scope", f"the API token {access.label!r} does not have the scope {needed}")
    if need.everywhere and access.within is not None:
        raise NotFound(_NOT_FOUND)
    return Caller(f"token {access.label}"[:120], access.within, Role.ADMIN if "admin" in access.scopes else Role.PLANNER)
