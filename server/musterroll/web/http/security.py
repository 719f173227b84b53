"""What protects the pages: host names, forms against forgery, and headers that let nothing inline or foreign run."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect, validate_csrf

from musterroll.settings import Settings

csrf = CSRFProtect()

_HOST = re.compile(r"(?:\[([0-9a-f:.]+)]|([a-z0-9._-]+))(?::[0-9]{1,5})?")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def protect(app: Flask, settings: Settings) -> None:
    """Checks and headers for every request of `app`. A view may set a policy of its own; it is then left alone."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # pages ask for it themselves; devices and tokens of the API carry no cookie to forge with
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open over lunch still works
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=_public_https(settings),
        SESSION_COOKIE_NAME="__Host-session" if _public_https(settings) else "session",
    )
    csrf.init_app(app)
    known = host_names(settings)
    app.before_request(lambda: refuse_host(known))
    app.after_request(_add_headers)


def behind_https(settings: Settings) -> bool:
    """Whether this request's cookies travel over https only."""
    return request.is_secure or _public_https(settings)


def _public_https(settings: Settings) -> bool:
    return (settings.public_url or "").startswith("https://")


def host_names(settings: Settings) -> frozenset[str]:
    """The names this registry answers to."""
    public = urlsplit(settings.public_url or "").hostname
    return frozenset(name.lower() for name in ["localhost", *settings.trusted_hosts, *([public] if public else [])])


def refuse_host(known: frozenset[str]) -> Response | None:
    """A 400 for a host name that is not ours: a foreign page may have pointed its own name at our address.

    Plain addresses pass, as nobody can point those elsewhere, and health checks and first visits use them.
    """
    written = _HOST.fullmatch(request.headers.get("Host", "").lower())
    host = (written[1] or written[2]) if written else ""
    if host in known or _is_address(host):
        return None
    sentence = f"This registry does not accept the host name {host[:100]!r}; add it to MUSTERROLL_TRUSTED_HOSTS.\n"
    return Response(sentence, 400, content_type="text/plain; charset=utf-8")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def keep_private(response: Response) -> Response:
    """Nothing a person saw is kept by caches or shown again after they signed out."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def allow_scanning(response: Response) -> Response:
    """What reads codes from the camera is WebAssembly; only pages with a scan button may compile it."""
    response.headers["Content-Security-Policy"] = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    return response


def form_is_ours(token: Any) -> bool:
    """Whether a token came with a form or script of our own page."""
    try:
        validate_csrf(token)
    except ValueError:  # what Flask-WTF raises is one
        return False
    return True


def local_path(target: str | None) -> str:
    """`target` where it is a path on this registry, else the first page: a link may never lead a person elsewhere.

    >>> local_path("/fleet?liveness=stale"), local_path("//evil.example"), local_path("/\\\\evil.example"), local_path("https://evil.example")
    ('/fleet?liveness=stale', '/', '/', '/')
    """
    if not target or not target.startswith("/") or target.startswith("//") or not target.isprintable() or "\\" in target:
        return "/"
    return target
