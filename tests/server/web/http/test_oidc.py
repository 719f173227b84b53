"""Single sign-on, against a running issuer."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from joserfc.jwk import RSAKey
from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import users as access_users
from werkzeug.test import TestResponse

from tests.server.web.conftest import Visitor
from tests.support.issuer import CLIENT, SECRET, Issuer

ROLES = {"field-tech": "technician", "ops": "planner", "boss": "admin"}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    server = Issuer()
    yield server
    server.stop()


@pytest.fixture
def arriving(make_app: Callable[..., Flask], issuer: Issuer) -> Callable[..., Visitor]:
    """Makes a browser before a registry that trusts the issuer."""

    def make(**settings: Any) -> Visitor:
        facts = {"oidc_issuer": issuer.url, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET, "oidc_roles": ROLES, **settings}
        return Visitor(make_app(**facts).test_client())

    return make


def come(visitor: Visitor, issuer: Issuer, wanted: str = "/fleet") -> TestResponse:
    """The whole way: to the issuer, and back with what it gave."""
    away = visitor.get(f"/sign-in/elsewhere?next={wanted}")
    assert away.status_code == 302, away.text
    back = urlsplit(issuer.authorize(away.headers["Location"]))
    return visitor.get(f"{back.path}?{back.query}")


def role_of(database: Database, name: str = "kim") -> str | None:
    with database.snapshot() as session:
        return next((person.role.value for person in access_users.everybody(session) if person.name == name), None)


def test_who_the_issuer_vouches_for_comes_in_with_the_role_of_their_group(
    arriving: Callable[..., Visitor], issuer: Issuer, fleet_database: Database
) -> None:
    visitor = arriving()
    assert "Sign in with single sign-on" in visitor.get("/sign-in").text
    answer = come(visitor, issuer)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/fleet")
    assert visitor.get("/fleet").status_code == 200
    assert role_of(fleet_database) == "technician"
    assert "Change your password there" in visitor.get("/account").text
    assert visitor.sign_in("", "kim").status_code == 401  # there is no password to guess


def test_their_role_follows_their_groups_and_without_one_they_stay_out(
    arriving: Callable[..., Visitor], issuer: Issuer, fleet_database: Database
) -> None:
    visitor = arriving()
    for groups, role in ((["field-tech"], "technician"), (["ops", "field-tech"], "planner"), ("field-tech", "technician")):
        issuer.claims["groups"] = groups
        assert come(visitor, issuer).status_code == 303
        assert role_of(fleet_database) == role
        visitor.post("/sign-out", seen="/account")
    issuer.claims["groups"] = ["catering"]
    answer = come(visitor, issuer)
    assert (answer.status_code, "has not given you a role" in answer.text) == (401, True)
    assert visitor.get("/fleet").status_code == 302


def test_where_it_is_wanted_who_has_no_role_looks_only(arriving: Callable[..., Visitor], issuer: Issuer, fleet_database: Database) -> None:
    issuer.claims["groups"] = []
    assert come(arriving(oidc_unknown="viewer"), issuer).status_code == 303
    assert role_of(fleet_database) == "viewer"


def test_a_name_that_is_somebody_elses_is_not_taken_over(arriving: Callable[..., Visitor], issuer: Issuer) -> None:
    issuer.claims["preferred_username"] = "Admin"
    answer = come(arriving(), issuer)
    assert (answer.status_code, "already" in answer.text) == (401, True)


@pytest.mark.parametrize(
    "spoil",
    [
        {"nonce": "of another sign-in"},
        {"aud": "another registry"},
        {"iss": "https://login.evil.example"},
        {"exp": 1_700_000_000},
        {"sub": None},
    ],
    ids=str,
)
def test_a_token_that_is_not_for_us_now_is_refused(arriving: Callable[..., Visitor], issuer: Issuer, spoil: dict[str, Any]) -> None:
    issuer.spoil = spoil
    visitor = arriving()
    assert come(visitor, issuer).status_code == 401
    assert visitor.get("/fleet").status_code == 302


def test_a_token_signed_by_somebody_else_is_refused(arriving: Callable[..., Visitor], issuer: Issuer) -> None:
    issuer.key = RSAKey.generate_key(2048, {"kid": "one"})
    assert come(arriving(), issuer).status_code == 401


def test_new_keys_of_the_issuer_are_fetched(arriving: Callable[..., Visitor], issuer: Issuer) -> None:
    visitor = arriving()
    assert come(visitor, issuer).status_code == 303
    visitor.post("/sign-out", seen="/account")
    issuer.key = issuer.published = RSAKey.generate_key(2048, {"kid": "two"})
    assert come(visitor, issuer).status_code == 303


def test_an_answer_nobody_asked_for_is_refused(arriving: Callable[..., Visitor], issuer: Issuer) -> None:
    mine, theirs = arriving(), arriving()
    back = urlsplit(issuer.authorize(theirs.get("/sign-in/elsewhere").headers["Location"]))
    assert mine.get(f"{back.path}?{back.query}").status_code == 401
    assert mine.get("/sign-in/elsewhere/back?error=access_denied").status_code == 401
    assert mine.get("/sign-in/elsewhere/back").status_code == 401


def test_no_other_host_is_spoken_to(arriving: Callable[..., Visitor], issuer: Issuer) -> None:
    issuer.metadata = {"token_endpoint": issuer.url.replace("127.0.0.1", "localhost") + "/token"}
    visitor = arriving()
    assert come(visitor, issuer).status_code == 503
    assert not [path for path in issuer.asked if path.endswith("/token")]
    assert come(arriving(oidc_hosts=["localhost"]), issuer).status_code == 303


def test_an_issuer_that_says_it_is_another_is_not_believed(arriving: Callable[..., Visitor], issuer: Issuer) -> None:
    issuer.metadata = {"issuer": "https://login.evil.example"}
    assert arriving().get("/sign-in/elsewhere").status_code == 503


def test_an_issuer_that_is_away_is_said_so_and_passwords_still_work(arriving: Callable[..., Visitor], issuer: Issuer) -> None:
    visitor = arriving()
    issuer.stop()
    answer = visitor.get("/sign-in/elsewhere")
    assert (answer.status_code, "cannot be reached" in answer.text) == (503, True)
    assert visitor.sign_in().status_code == 303


def test_who_was_shut_out_here_stays_out(arriving: Callable[..., Visitor], issuer: Issuer, fleet_database: Database) -> None:
    visitor = arriving()
    come(visitor, issuer)
    with fleet_database.transaction() as session:
        access_users.disable(session, access_users.named(session, "kim"), actor="test", now=datetime.now(UTC))
    assert visitor.get("/fleet").status_code == 302
    assert come(visitor, issuer).status_code == 401


@pytest.mark.parametrize(
    "settings", [{"oidc_client_id": None}, {"oidc_issuer": "http://login.example"}], ids=["without a client", "without https"]
)
def test_settings_that_do_not_fit_are_refused_at_start(make_app: Callable[..., Flask], settings: dict[str, Any]) -> None:
    with pytest.raises(DomainError, match="MUSTERROLL_OIDC"):
        make_app(**{"oidc_issuer": "https://login.example", "oidc_client_id": CLIENT, **settings})


def test_without_an_issuer_there_is_no_such_page_and_nothing_is_imported(stranger: Visitor) -> None:
    assert "organisation" not in stranger.get("/sign-in").text
    assert stranger.get("/sign-in/elsewhere").status_code == 404
    code = "import sys, musterroll.runtime.app, musterroll.cli; sys.exit('authlib' in sys.modules or 'requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
