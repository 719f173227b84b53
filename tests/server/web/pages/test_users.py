"""Users and tokens as an admin manages them, and a user's own account."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.access import ApiToken, User
from musterroll.storage.tables.audit import AuditChange, AuditEntry
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access import sessions as access_sessions
from sqlmodel import select

from tests.server.web.conftest import Visitor
from tests.support import sample_fleet

_SECRET = re.compile(r'<pre class="command"[^>]*>([^<]+)</pre>')
NEW = "seven quiet gannets"


@pytest.fixture
def another(make_app: Callable[..., Flask]) -> Visitor:
    """A second browser."""
    return Visitor(make_app().test_client())


def added(visitor: Visitor, name: str = "kim", role: str = "technician", accounts: str = "") -> str:
    """Adds somebody; the first password."""
    secret = _SECRET.search(visitor.post("/users", seen="/users", name=name, role=role, accounts=accounts).text)
    assert secret
    return secret[1]


def settled(admin: Visitor, other: Visitor, **wanted: str) -> Visitor:
    """Adds somebody who signs in on the other browser and chooses a password."""
    other.sign_in(first := added(admin, **wanted), wanted.get("name", "kim"))
    assert other.post("/account/password", seen="/account", old=first, new=NEW, again=NEW).status_code == 303
    return other


def test_who_was_added_chooses_a_password_before_anything_else(visitor: Visitor, another: Visitor) -> None:
    first = added(visitor)
    assert another.sign_in(first, "kim").status_code == 303
    for address in ("/", "/fleet", "/units/u000k400mvx7"):
        assert another.get(address).headers["Location"] == "/account"
    assert another.get("/api/v1/units").status_code == 401
    assert "/fleet" not in another.get("/account").text
    assert another.post("/account/password", seen="/account", old=first, new=NEW, again=NEW).status_code == 303
    assert another.get("/fleet").status_code == 200


@pytest.mark.parametrize(
    ("old", "new", "again", "why"),
    [
        ("wrong", NEW, NEW, "The current password is wrong"),
        (None, "short", "short", "must have 10 to 1024 characters"),
        (None, NEW, "typed otherwise", "passwords do not match"),
        (None, "aaaaaaaaaaaa", "aaaaaaaaaaaa", "easy to guess"),
        (None, sample_fleet.PASSWORD, sample_fleet.PASSWORD, "choose another"),
    ],
)
def test_a_password_that_will_not_do_is_refused_with_why(visitor: Visitor, old: str | None, new: str, again: str, why: str) -> None:
    answer = visitor.post("/account/password", seen="/account", old=old or sample_fleet.PASSWORD, new=new, again=again)
    assert (answer.status_code, why in answer.text) == (422, True)
    assert visitor.get("/fleet").status_code == 200


def test_a_new_password_ends_every_other_session_and_turns_this_one(visitor: Visitor, another: Visitor) -> None:
    another.sign_in()
    before = visitor.client.get_cookie("musterroll")
    assert visitor.post("/account/password", seen="/account", old=sample_fleet.PASSWORD, new=NEW, again=NEW).status_code == 303
    after = visitor.client.get_cookie("musterroll")
    assert before
    assert after
    assert before.value != after.value
    assert visitor.get("/fleet").status_code == 200
    assert another.get("/fleet").status_code == 302


def test_a_first_password_is_shown_once(visitor: Visitor) -> None:
    first = added(visitor)
    assert first not in visitor.get("/users").text
    assert visitor.get("/users").text.count("Password change due") == 1


def test_the_list_of_sessions_tells_where_each_is_and_ends_one(visitor: Visitor, another: Visitor) -> None:
    another.client.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36"
    another.sign_in()
    text = visitor.get("/account").text
    assert "Chrome on Android" in text
    assert "127.0.0.1" in text
    (number,) = re.findall(r"/account/sessions/([0-9]+)/end", text)
    assert visitor.post(f"/account/sessions/{number}/end", seen="/account").status_code == 303
    assert another.get("/fleet").status_code == 302
    assert visitor.get("/fleet").status_code == 200


def test_nobody_ends_the_session_of_another(visitor: Visitor, another: Visitor) -> None:
    settled(visitor, another)
    (mine,) = {login.id for login in _sessions(visitor, "admin")}
    assert another.post(f"/account/sessions/{mine}/end", seen="/account").status_code == 404
    assert visitor.get("/fleet").status_code == 200


def test_a_session_nobody_uses_ends_after_a_day(visitor: Visitor) -> None:
    start = datetime.now(UTC)
    for hours in (20, 40):
        with time_machine.travel(start + timedelta(hours=hours)):
            assert visitor.get("/fleet").status_code == 200
    with time_machine.travel(start + timedelta(hours=65)):
        assert visitor.get("/fleet").status_code == 302


def test_a_change_of_role_ends_the_sessions_and_counts_at_once(visitor: Visitor, another: Visitor) -> None:
    settled(visitor, another)
    assert another.get("/imports").status_code == 404
    assert visitor.post("/users/2/role", seen="/users/2", role="planner", accounts="").status_code == 303
    assert another.get("/fleet").status_code == 302
    another.sign_in(NEW, "kim")
    assert another.get("/imports").status_code == 200


def test_who_is_disabled_is_out_at_once_and_stays_out_until_let_in(visitor: Visitor, another: Visitor) -> None:
    settled(visitor, another)
    visitor.post("/users/2/disable", seen="/users/2")
    assert another.get("/fleet").status_code == 302
    assert another.sign_in(NEW, "kim").status_code == 401
    visitor.post("/users/2/enable", seen="/users/2")
    assert another.sign_in(NEW, "kim").status_code == 303


def test_the_last_admin_cannot_shut_the_door_behind_himself(visitor: Visitor) -> None:
    for address, form in (("/users/1/disable", {}), ("/users/1/role", {"role": "viewer", "accounts": ""})):
        answer = visitor.post(address, seen="/users/1", **form)
        assert (answer.status_code, "the only admin" in answer.text) == (422, True)
    assert visitor.get("/users").status_code == 200


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"name": "ADMIN", "role": "viewer"}, "already"),
        ({"name": "token of mine", "role": "viewer"}, "not beginning with"),
        ({"name": "kim", "role": "root"}, "no role"),
        ({"name": "kim", "role": "viewer", "accounts": "A-nowhere"}, "no account"),
        ({"name": "kim", "role": "admin", "accounts": "A00001"}, "has access to all accounts"),
    ],
)
def test_somebody_who_cannot_be_is_not_added(visitor: Visitor, form: dict[str, str], why: str) -> None:
    answer = visitor.post("/users", seen="/users", **form)
    assert (answer.status_code, why in answer.text) == (422, True)


def test_a_token_is_shown_once_works_within_its_limits_and_is_revoked(visitor: Visitor) -> None:
    page = visitor.post("/api-tokens", seen="/api-tokens", label="CRM", scope="read", days="30", accounts="A00001").text
    secret = _SECRET.search(page)
    assert secret
    headers = {"Authorization": f"Bearer {secret[1]}"}
    assert secret[1] not in visitor.get("/api-tokens").text
    assert "never used" in visitor.get("/api-tokens").text
    seen = visitor.client.get("/api/v1/units?limit=500", headers=headers).json["items"]
    assert {unit["account"]["ref"] for unit in seen} == {"A00001"}
    assert visitor.client.get("/api/v1/imports", headers=headers).status_code == 404
    assert visitor.client.post("/api/v1/units/u000k400mvx7/hold", headers=headers).status_code == 403
    assert "never used" not in visitor.get("/api-tokens").text
    visitor.post("/api-tokens/1/revoke", seen="/api-tokens")
    assert visitor.client.get("/api/v1/units", headers=headers).status_code == 401


def test_acts_on_people_and_tokens_are_in_the_audit_without_a_secret_and_stay_done(visitor: Visitor, fleet_database: Database) -> None:
    first = added(visitor)
    visitor.post("/users/2/role", seen="/users/2", role="planner", accounts="A00002")
    visitor.post("/api-tokens", seen="/api-tokens", label="CRM", scope="write", days="30")
    with fleet_database.snapshot() as session:
        changes = [change for change in session.exec(select(AuditChange)) if change.kind in ("person", "token")]
        log = str([entry.model_dump() for entry in session.exec(select(AuditEntry))])
        hashes = [user.password_hash for user in session.exec(select(User))] + [
            token.token_hash for token in session.exec(select(ApiToken))
        ]
    assert [change.subject for change in changes] == [
        "user kim created as technician",
        "user kim is now planner for A00002",
        "API token CRM created: write",
    ]
    assert {change.actor for change in changes} == {"admin"}
    assert not [secret for secret in [first, *hashes] if secret in log]
    for change in changes:
        assert visitor.post(f"/changes/{change.id}/undo", seen="/fleet").status_code == 409


def test_guesses_from_one_address_are_slowed_whatever_the_name(stranger: Visitor) -> None:
    for number in range(20):
        assert stranger.sign_in("wrong", f"guess{number}").status_code == 401
    answer = stranger.sign_in()
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 7


def test_who_opens_pages_quicker_than_people_do_has_to_wait(visitor: Visitor) -> None:
    page_rate = visitor.client.application.extensions["musterroll.web"].page_rate
    for _ in range(2000):
        page_rate.count("admin")
    assert visitor.get("/fleet").status_code == 429


def _sessions(visitor: Visitor, name: str) -> list[access_sessions.WebSession]:
    database = visitor.client.application.extensions["musterroll.web"].database
    with database.snapshot() as session:
        user = session.exec(select(User).where(User.name == name)).one()
        return access_sessions.sessions(session, user.id, datetime.now(UTC))


def test_the_scopes_on_the_page_are_those_there_are(visitor: Visitor) -> None:
    assert set(re.findall(r'name="scope" value="(\w+)"', visitor.get("/api-tokens").text)) == set(api_tokens.SCOPES)
