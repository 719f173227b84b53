"""Single sign-on with OpenID Connect: the code flow with PKCE, state and nonce. Imported only if an issuer is configured.

The registry contacts only the issuer's host and those added in the settings, follows no redirects, and trusts only the claims of a
signed ID token.
"""

import logging
from typing import Any
from urllib.parse import urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import FlaskOAuth2App, OAuth
from authlib.integrations.requests_client import OAuth2Session
from flask import Blueprint, Flask, current_app, make_response, redirect, request, session
from joserfc.errors import JoseError
from requests import PreparedRequest, Response
from requests.exceptions import RequestException
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError
from musterroll.settings import Settings
from musterroll.usecases.access import oidc_arrival
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.access.oidc_arrival import OidcIdentity
from musterroll.web.http.context import clock, context
from musterroll.web.http.security import local_path, no_store
from musterroll.web.http.sign_in import client_info, sign_in_page, start_page, start_session

pages = Blueprint("oidc", __name__)
pages.after_request(no_store)

_log = logging.getLogger(__name__)
_KEY = "musterroll.issuer"
_NEXT = "next"
_CALLBACK = "/sign-in/elsewhere/back"
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
_TIMEOUT = 10
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NOT_CONFIRMED = "Your organisation did not confirm your identity. Try again or contact the administrator."
_UNREACHABLE = "Your organisation's sign-in service cannot be reached. Try again in a minute."


class WrongIssuer(Exception):
    """A response is not from the configured issuer, or asks to contact another host."""


def install(app: Flask, settings: Settings) -> None:
    """Register the pages with `app`. Raises DomainError for inconsistent settings."""
    issuer = (settings.oidc_issuer or "").rstrip("/")
    where = urlsplit(issuer)
    if not settings.oidc_client_id:
        raise DomainError("MUSTERROLL_OIDC_CLIENT_ID is required with MUSTERROLL_OIDC_ISSUER: the client ID of this registry at the issuer")
    if where.scheme != "https" and where.hostname not in _LOOPBACK:
        raise DomainError(f"MUSTERROLL_OIDC_ISSUER is {issuer}; it must begin with https://")
    hosts = frozenset({where.hostname or "", *(host.lower() for host in settings.oidc_hosts)})
    secret = settings.oidc_client_secret
    OAuth(app).register(
        "issuer",
        client_cls=_client_class(issuer, hosts),
        client_id=settings.oidc_client_id,
        client_secret=secret.get_secret_value() if secret else None,
        server_metadata_url=f"{issuer}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
            "default_timeout": _TIMEOUT,
        },
    )
    app.extensions[_KEY] = app.extensions["authlib.integrations.flask_client"].issuer
    app.register_blueprint(pages)


def _client_class(issuer: str, hosts: frozenset[str]) -> type[Any]:
    """A client class for this issuer that contacts only these hosts."""

    class Session(OAuth2Session):  # type: ignore[misc]
        def send(self, request: PreparedRequest, **options: Any) -> Response:
            if urlsplit(request.url or "").hostname not in hosts:
                raise WrongIssuer(f"{request.url} is at another host; MUSTERROLL_OIDC_HOSTS names those that belong to the issuer")
            answer: Response = super().send(request, **{**options, "allow_redirects": False})
            return answer

    class Issuer(FlaskOAuth2App):  # type: ignore[misc]
        client_cls = Session

        def load_server_metadata(self) -> dict[str, Any]:
            metadata: dict[str, Any] = super().load_server_metadata()
            if str(metadata.get("issuer", "")).rstrip("/") != issuer:
                del metadata["_loaded_at"]
                raise WrongIssuer(f"{issuer} says it is {metadata.get('issuer')!r}")
            metadata["id_token_signing_alg_values_supported"] = _ALGORITHMS
            return metadata

    return Issuer


@pages.get("/sign-in/elsewhere")
def start() -> AnyResponse:
    session[_NEXT] = local_path(request.args.get(_NEXT))
    public = (context().settings.public_url or request.host_url).rstrip("/")
    try:
        answer: AnyResponse = _issuer().authorize_redirect(f"{public}{_CALLBACK}")
    except (AuthlibBaseError, RequestException, WrongIssuer, ValueError) as error:
        return _refused(error, _UNREACHABLE, 503)
    return answer


@pages.get(_CALLBACK)
def callback() -> AnyResponse:
    target, now, settings = local_path(session.get(_NEXT)), clock(), context().settings
    try:
        claims = _issuer().authorize_access_token(leeway=60).get("userinfo")
    except (RequestException, WrongIssuer) as error:
        return _refused(error, _UNREACHABLE, 503)
    except (AuthlibBaseError, JoseError, ValueError, KeyError) as error:
        return _refused(error, _NOT_CONFIRMED, 401)
    if not claims or not claims.get("sub"):
        return _refused(KeyError("no identity token"), _NOT_CONFIRMED, 401)
    try:
        with context().database.transaction() as writing:
            user = oidc_arrival.sign_in_with_oidc(writing, _arrival(claims, settings), now)
            token = access_sessions.open_session(writing, user, now, client_info())
    except DomainError as refusal:
        return make_response(sign_in_page(now, f"{str(refusal)[:1].upper()}{str(refusal)[1:]}."), 401)
    return start_session(redirect(start_page(user.role, target), 303), token)


def _arrival(claims: Any, settings: Settings) -> OidcIdentity:
    """The user that the claims describe."""
    claim = claims.get(settings.oidc_claim)
    values = {str(value) for value in (claim if isinstance(claim, list) else [claim])}
    roles = [role for value, role in settings.oidc_roles.items() if value in values]
    name = next(filter(None, (claims.get("preferred_username"), claims.get("email"), claims["sub"])))
    role = max(roles, key=list(Role).index, default=Role.VIEWER if settings.oidc_unknown == "viewer" else None)
    return OidcIdentity(f"{settings.oidc_issuer} {claims['sub']}", str(name), role, ruled=bool(settings.oidc_roles))


def _refused(error: Exception, sentence: str, status: int) -> AnyResponse:
    _log.warning("signing in elsewhere failed: %s: %s", type(error).__name__, error)
    return make_response(sign_in_page(clock(), sentence), status)


def _issuer() -> Any:
    return current_app.extensions[_KEY]
