"""Sign-in and sign-out, the lock, and the page after sign-in."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask

from tests.server.web.conftest import Visitor

GUARDED = ("/", "/fleet", "/enrolment", "/quarantine", "/units/u000k400mvx7")


def test_the_right_password_opens_the_pages(stranger: Visitor) -> None:
    answer = stranger.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert stranger.get("/fleet").status_code == 200


@pytest.mark.parametrize("address", GUARDED)
def test_a_stranger_is_asked_to_sign_in(stranger: Visitor, address: str) -> None:
    answer = stranger.get(address)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/sign-in")


def test_a_stranger_comes_back_to_the_page_they_wanted(stranger: Visitor) -> None:
    assert stranger.get("/fleet?liveness=stale").headers["Location"] == "/sign-in?next=%2Ffleet%3Fliveness%3Dstale"
    assert stranger.sign_in(next="/fleet?liveness=stale").headers["Location"] == "/fleet?liveness=stale"


def test_a_poll_of_a_signed_out_page_sends_the_browser_to_sign_in(stranger: Visitor) -> None:
    answer = stranger.get("/fleet", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/sign-in")


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer(stranger: Visitor) -> None:
    wrong, unknown = stranger.sign_in("wrong"), stranger.sign_in("wrong", "nobody")
    assert wrong.status_code == unknown.status_code == 401
    assert "Wrong user name or password." in wrong.text
    assert "Wrong user name or password." in unknown.text


def test_five_wrong_passwords_lock_the_name_even_for_the_right_one(stranger: Visitor) -> None:
    for _ in range(5):
        stranger.sign_in("wrong")
    assert stranger.sign_in().status_code == 401


def test_the_lock_ends_after_its_time(stranger: Visitor) -> None:
    for _ in range(5):
        stranger.sign_in("wrong")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=1, seconds=1)):
        assert stranger.sign_in().status_code == 303


def test_signing_out_ends_the_session_wherever_its_cookie_is_kept(visitor: Visitor) -> None:
    cookie = visitor.client.get_cookie("musterroll")
    assert cookie is not None
    visitor.post("/sign-out", seen="/")
    visitor.client.set_cookie("musterroll", cookie.value)
    assert visitor.get("/fleet").status_code == 302


def test_a_session_ends_after_a_week(visitor: Visitor) -> None:
    with time_machine.travel(datetime.now(UTC) + timedelta(days=7, seconds=1)):
        assert visitor.get("/fleet").status_code == 302


@pytest.mark.parametrize(
    "target",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)", ""],
)
def test_no_link_leads_from_signing_in_to_another_site(stranger: Visitor, target: str) -> None:
    assert stranger.sign_in(next=target).headers["Location"] == "/"


def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(stranger: Visitor) -> None:
    cookie = next(c for c in stranger.sign_in().headers.getlist("Set-Cookie") if c.startswith("musterroll="))
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_behind_https_the_cookie_travels_only_there(make_app: Callable[..., Flask]) -> None:
    with make_app(public_url="https://roll.example").test_client() as client:
        client.environ_base.update(
            {"wsgi.url_scheme": "https", "HTTP_HOST": "roll.example", "HTTP_REFERER": "https://roll.example/sign-in"}
        )
        cookies = Visitor(client).sign_in().headers.getlist("Set-Cookie")
    assert any(c.startswith("__Host-musterroll=") and "Secure" in c and "Path=/" in c and "Domain" not in c for c in cookies)
