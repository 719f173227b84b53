"""Users and API tokens on the command line."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import api_tokens
from musterroll.usecases.access import sessions as access_sessions

from tests.server.commands.conftest import Run
from tests.support import records


@pytest.fixture
def database(tmp_path: Path) -> Database:
    opened = Database(f"sqlite:///{tmp_path}/musterroll.db")
    migrate.upgrade(opened)
    with opened.transaction() as session:
        records.account(session, "A1", "Umber Logistics")
        access_sessions.ensure_admin(session, "given", datetime.now(UTC))
    return opened


def test_a_user_is_created_changed_and_disabled(run: Run, database: Database) -> None:
    status, first, _ = run("user", "add", "kim", "--role", "technician", "--account", "A1")
    assert status == 0
    with database.snapshot() as session:
        assert access_sessions.password_matches(session, "kim", first.strip())
    (_, kim) = json.loads(run("user", "list", "--json")[1])
    assert (kim["name"], kim["role"], kim["within"], kim["must_change"]) == ("kim", "technician", ["A1"], True)
    assert run("user", "role", "kim", "planner")[0] == 0
    assert "kim    planner  all       must change password" in run("user", "list")[1]
    assert run("user", "disable", "kim")[0] == 0
    assert "disabled" in run("user", "list")[1]
    assert run("user", "enable", "kim")[0] == 0
    assert run("user", "password", "kim")[1] != first


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("user", "add", "ADMIN"), "already"),
        (("user", "add", "kim", "--account", "A9"), "no account 'A9'"),
        (("user", "disable", "admin"), "the only admin"),
        (("user", "role", "nobody", "viewer"), "no user 'nobody'"),
        (("token", "api"), "--label"),
        (("token", "api", "revoke", "7"), "no API token 7"),
    ],
)
def test_what_cannot_be_is_one_sentence(run: Run, arguments: tuple[str, ...], why: str) -> None:
    status, _, errors = run(*arguments)
    assert (status, why in errors, errors.count("\n")) == (1, True, 1)


def test_a_token_is_made_for_an_account_listed_and_revoked(run: Run, database: Database) -> None:
    plain = run("token", "api", "--label", "CRM", "--scope", "read", "--scope", "write", "--account", "A1")[1].strip()
    with database.snapshot() as session:
        access = api_tokens.check(session, plain, datetime.now(UTC))
    assert access is not None
    assert (access.label, access.scopes, access.within) == ("CRM", {"read", "write"}, (1,))
    (listed,) = json.loads(run("token", "api", "list", "--json")[1])
    assert (listed["label"], listed["within"], "token_hash" in listed) == ("CRM", ["A1"], False)
    assert run("token", "api", "revoke", "1")[0] == 0
    (revoked,) = json.loads(run("token", "api", "list", "--json")[1])
    assert revoked["revoked_at"]
    assert run("token", "api", "list")[1].splitlines()[1].endswith(revoked["revoked_at"][:10])
    with database.snapshot() as session:
        assert api_tokens.check(session, plain, datetime.now(UTC)) is None
