from datetime import datetime, timedelta

import pytest
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.storage import reconcile_queue
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.access import ApiToken
from musterroll.usecases.access import api_tokens
from sqlmodel import select


def create(database: Database, now: datetime, scopes: list[str], expires_at: datetime | None = None) -> tuple[int, str]:
    with database.transaction() as session:
        made, plain = api_tokens.create(session, label="sync", scopes=scopes, expires_at=expires_at, actor="admin", now=now)
    assert made.id is not None
    return made.id, plain


def check(database: Database, plain: str, now: datetime) -> api_tokens.Access | None:
    with database.snapshot() as session:
        return api_tokens.check(session, plain, now)


def test_a_token_gives_its_scopes_until_it_expires(database: Database, now: datetime) -> None:
    _, plain = create(database, now, ["read", "write"], now + timedelta(days=1))
    found = check(database, plain, now)
    assert found is not None
    assert (found.label, found.scopes, found.within) == ("sync", {"read", "write"}, None)
    assert check(database, plain, now + timedelta(days=1)) is None


def test_a_revoked_token_gives_nothing_and_can_be_revoked_again(database: Database, now: datetime) -> None:
    token_id, plain = create(database, now, ["read"])
    for _ in range(2):
        with database.transaction() as session:
            api_tokens.revoke(session, token_id, now)
    assert check(database, plain, now) is None


def test_a_token_leaves_nothing_to_reconcile(database: Database, now: datetime) -> None:
    token_id, _ = create(database, now, ["read"])
    with database.transaction() as session:
        api_tokens.revoke(session, token_id, now)
        assert reconcile_queue.take(session) == set()


def test_the_token_itself_is_not_kept(database: Database, now: datetime) -> None:
    _, plain = create(database, now, ["read"])
    with database.snapshot() as session:
        kept = session.exec(select(ApiToken)).one()
    assert plain not in str(kept.model_dump())


@pytest.mark.parametrize("guess", ["", "mra_", "x" * 10_000, "é\ud800\x00"])
def test_a_guess_gives_nothing(database: Database, now: datetime, guess: str) -> None:
    create(database, now, ["read"])
    assert check(database, guess, now) is None


@pytest.mark.parametrize("scopes", [[], ["all"], ["read", "root"]])
def test_a_scope_that_does_not_exist_is_refused(database: Database, now: datetime, scopes: list[str]) -> None:
    with pytest.raises(DomainError, match="read, write, admin"):
        create(database, now, scopes)


def test_revoking_what_is_not_there_is_not_found(database: Database, now: datetime) -> None:
    with database.transaction() as session, pytest.raises(NotFound):
        api_tokens.revoke(session, 404, now)
