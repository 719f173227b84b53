"""Security of the pages: host names, CSRF protection, and headers that block inline and foreign content."""

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect, validate_csrf

from musterroll.settings import Settings

csrf = CSRFProtect()

_HOST = re.compile(r"(?:\[([0-9a-f:.]+(?:%(?:25)?[a-z0-9._-]+)?)]|([a-z0-9._-]+))(?::[0-9]{1,5})?")

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
    """Add checks and headers to every request of `app`. A content security policy set by a view is kept."""
    app.config.update(
        WTF_CSRF_CHECK_DEFAULT=False,  # pages check it themselves; devices and API tokens send no cookie
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session: a form left open for hours still works
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SECURE=_public_https(settings),
        SESSION_COOKIE_NAME="__Host-session" if _public_https(settings) else "session",
    )
    csrf.init_app(app)
    known = host_names(settings)
    app.before_request(lambda: reject_unknown_host(known))
    app.after_request(_add_headers)


def https_only(settings: Settings) -> bool:
    """Whether this request's cookies are sent over HTTPS only."""
    return request.is_secure or _public_https(settings)


def _public_https(settings: Settings) -> bool:
    return (settings.public_url or "").startswith("https://")


def host_names(settings: Settings) -> frozenset[str]:
    """The host names that this registry accepts."""
    public = urlsplit(settings.public_url or "").hostname
    return frozenset(name.lower() for name in ["localhost", *settings.trusted_hosts, *([public] if public else [])])


def reject_unknown_host(known: frozenset[str]) -> Response | None:
    """A 400 for an unknown host name: a foreign page may have pointed its own name at our address (DNS rebinding).

    IP addresses pass: they cannot be pointed elsewhere, and health checks and first visits use them.
    """
    written = _HOST.fullmatch(request.headers.get("Host", "").lower())
    host = (written[1] or written[2]) if written else ""
    if host in known or _is_address(host):
        return None
    sentence = f"This registry does not accept the host name {host[:100]!r}; add it to MUSTERROLL_TRUSTED_HOSTS.\n"
    return Response(sentence, 400, content_type="text/plain; charset=utf-8")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.replace("%25", "%"))
    except ValueError:
        return False
    return True


def _add_headers(response: Response) -> Response:
    if "HX-Reswap" in response.headers:  # pieces for a page that is open; no browser shows them as a page
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def no_store(response: Response) -> Response:
    """Caches must not store pages, so that nothing is shown again after sign-out."""
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def private(response: Response) -> Response:
    """Of a page for whoever has its link: neither stored nor indexed, and its address is told to nobody."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def allow_scanning(response: Response) -> Response:
    """Allow WebAssembly, which the camera scanner needs; only for pages with a scan button."""
    response.headers["Content-Security-Policy"] = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")
    return response


def valid_csrf_token(token: Any) -> bool:
    """Whether a CSRF token is ours."""
    try:
        validate_csrf(token)
    except ValueError:  # Flask-WTF raises a subclass
        return False
    return True


def local_path(target: str | None) -> str:
    """`target` if it is a path on this registry, else the start page: no link may redirect to another site.

    >>> local_path("/fleet?liveness=stale"), local_path("//evil.example"), local_path("/\\\\evil.example"), local_path("https://evil.example")
    ('/fleet?liveness=stale', '/', '/', '/')
    """
    if not target or not target.startswith("/") or target.startswith("//") or not target.isprintable() or "\\" in target:
        return "/"
    return target
