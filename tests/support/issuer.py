"""A small OpenID Connect issuer: discovery, keys, the code flow with PKCE, signed ID tokens."""

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "musterroll", "the client's secret"


class Issuer:
    """Whoever comes is `claims`. What a test changes in `spoil` goes into the next identity token; `key` signs it."""

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {"sub": "0815", "preferred_username": "kim", "groups": ["field-tech"]}
        self.spoil: dict[str, Any] = {}
        self.metadata: dict[str, Any] = {}
        self.published = self.key = RSAKey.generate_key(2048, {"kid": "one"})
        self.asked: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer._get(self)

            def do_POST(self) -> None:
                issuer._post(self)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/realms/field"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def authorize(self, address: str) -> str:
        """What the issuer does once the person has signed in there: the address the browser is sent back to."""
        assert address.startswith(f"{self.url}/authorize?")
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert (asked["client_id"], asked["response_type"], asked["code_challenge_method"]) == (CLIENT, "code", "S256")
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def _get(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        if handler.path.endswith("/.well-known/openid-configuration"):
            endpoints = {name: f"{self.url}/{name}" for name in ("token", "authorize", "keys")}
            found = {"issuer": self.url, "jwks_uri": endpoints["keys"], "token_endpoint": endpoints["token"]}
            _answer(handler, 200, {**found, "authorization_endpoint": endpoints["authorize"], **self.metadata})
        elif handler.path.endswith("/keys"):
            _answer(handler, 200, {"keys": [self.published.as_dict(private=False)]})
        else:
            _answer(handler, 404, {})

    def _post(self, handler: BaseHTTPRequestHandler) -> None:
        self.asked.append(handler.path)
        form = {name: values[0] for name, values in parse_qs(handler.rfile.read(int(handler.headers["Content-Length"])).decode()).items()}
        asked = self._codes.pop(form.get("code", ""), None)
        expected = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if asked is None or handler.headers.get("Authorization") != expected or not _proves(form, asked):
            _answer(handler, 400, {"error": "invalid_grant"})
            return
        now = int(time.time())
        facts = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"], **self.claims, **self.spoil}
        signed = jwt.encode({"alg": "RS256", "kid": self.key.kid}, facts, self.key)
        _answer(handler, 200, {"access_token": "not used", "token_type": "Bearer", "id_token": signed})


def _proves(form: dict[str, str], asked: dict[str, str]) -> bool:
    """Whether the one with the code is the one who began (PKCE), and comes back to the same address."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode().rstrip("=")
    return challenge == asked["code_challenge"] and form.get("redirect_uri") == asked["redirect_uri"]


def _answer(handler: BaseHTTPRequestHandler, status: int, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content)
