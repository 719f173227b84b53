"""Forged forms, foreign host names, inline code, hostile text."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from flask import Flask

from tests.server.web.conftest import Visitor
from tests.support.sample_fleet import HOSTILE

PAGES = (
    "/sign-in",
    "/",
    "/?code=K400MVX7",
    "/?code=K40OMVX7",
    "/?code=100200300",
    "/units/u000k400mvx7",
    "/units/u001tn5520qdmmrtsk?span=28d",
    "/units/nobody",
    "/fleet",
    "/fleet?liveness=stale&text=TN",
    "/reconciliation",
    "/findings",
    "/findings?kind=dormant&state=any",
    "/findings/1",
    "/imports",
    "/imports/3",
    "/possible-duplicates",
    "/enrolment",
    "/quarantine",
    "/users",
    "/users/1",
    "/api-tokens",
    "/account",
    "/nothing/here",
)
FORMS = (
    "/sign-in",
    "/sign-out",
    "/theme",
    "/enrolment/tokens",
    "/enrolment/tokens/1/revoke",
    "/enrolment/1/accept",
    "/units/u000k400mvx7/hold",
    "/reconciliation",
    "/findings/decide",
    "/imports",
    "/imports/1/undo",
    "/possible-duplicates/1/accept",
    "/changes/1/undo",
    "/users",
    "/users/1/disable",
    "/users/1/password",
    "/api-tokens",
    "/account/password",
)


class Reader(HTMLParser):
    """Collects what a strict policy would refuse, and every tag with an attribute that names code."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.tags: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = dict(attrs)
        self.tags.append(tag)
        self._script = tag == "script"
        if tag == "style" or "style" in names or (tag == "script" and not (names.get("src") or "").startswith("/assets/")):
            self.inline.append(f"<{tag} {names}>")
        self.inline += [f"<{tag} {name}>" for name, value in attrs if name.startswith("on") or (value or "").startswith("javascript:")]

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def test_every_page_carries_the_strict_policy_and_keeps_it(visitor: Visitor) -> None:
    for address in PAGES:
        answer = visitor.get(address, follow_redirects=True)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, address
        scans = answer.request.path == "/" or answer.request.path.startswith("/units/")
        assert "unsafe" not in (policy.replace("'wasm-unsafe-eval'", "") if scans else policy), address
        assert (answer.headers["X-Content-Type-Options"], answer.headers["X-Frame-Options"]) == ("nosniff", "DENY"), address
        assert Reader(answer.text).inline == [], address


def test_a_form_from_elsewhere_is_refused(visitor: Visitor) -> None:
    for address in FORMS:
        answer = visitor.client.post(address, data={"label": "forged", "name": "admin", "password": "x", "uses": "1", "days": "1"})
        assert answer.status_code == 400, address
        assert visitor.get("/fleet").status_code == 200, address


def test_a_forged_form_made_no_token(visitor: Visitor) -> None:
    visitor.client.post("/enrolment/tokens", data={"label": "forged token", "uses": "1", "days": "1"})
    assert "forged token" not in visitor.get("/enrolment").text


def test_a_foreign_host_name_is_refused_with_what_to_do(stranger: Visitor) -> None:
    answer = stranger.get("/sign-in", headers={"Host": "evil.example"})
    assert answer.status_code == 400
    assert "MUSTERROLL_TRUSTED_HOSTS" in answer.text


@pytest.mark.parametrize(
    "host", ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "192.168.1.20", "roll.example", "ROLL.example:443", "extra.example"]
)
def test_our_own_names_and_plain_addresses_are_answered(make_app: Callable[..., Flask], host: str) -> None:
    app = make_app(public_url="https://roll.example", trusted_hosts=["extra.example"])
    assert app.test_client().get("/sign-in", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["", "localhost.evil.example", "roll.example.evil.example", "a b", "[::1", "roll.example@evil.example"])
def test_odd_host_names_are_refused(make_app: Callable[..., Flask], host: str) -> None:
    answer = make_app(public_url="https://roll.example").test_client().get("/sign-in", headers={"Host": host})
    assert answer.status_code == 400


@pytest.mark.parametrize("address", ["/quarantine", "/enrolment", "/units/u000k400mvx7"])
def test_hostile_text_is_shown_not_run(visitor: Visitor, address: str) -> None:
    text = visitor.get(address).text
    assert HOSTILE not in text
    assert "img" not in Reader(text).tags


def test_a_hostile_code_is_echoed_as_text(visitor: Visitor) -> None:
    text = visitor.get("/", query_string={"code": HOSTILE}).text
    assert HOSTILE not in text
    assert "&lt;script&gt;" in text


def test_signed_in_pages_are_not_kept(visitor: Visitor) -> None:
    assert visitor.get("/fleet").headers["Cache-Control"] == "no-store"


def test_a_session_changes_nothing_over_the_api_without_our_form_token(visitor: Visitor) -> None:
    assert visitor.get("/api/v1/installed-base").status_code == 200
    assert visitor.client.post("/api/v1/units/u000k400mvx7/hold").status_code in (401, 404, 405)
