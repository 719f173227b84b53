"""Users, passwords, sessions, on both databases."""

from datetime import datetime, timedelta

import pytest
from musterroll.domain.values.errors import NotFound
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.access import User, WebSession
from musterroll.usecases.access import sessions as access_sessions
from sqlmodel import select


def _try(database: Database, password: str, now: datetime) -> str | None:
    with database.snapshot() as session:
        matches = access_sessions.password_matches(session, "admin", password)
    with database.transaction() as session:
        return access_sessions.sign_in(session, "admin", matches, now)


def test_the_first_user_gets_a_random_password_told_once(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        password = access_sessions.ensure_admin(session, None, now)
        assert password
        assert access_sessions.ensure_admin(session, None, now) is None
    assert _try(database, password, now)


def test_a_given_first_password_is_not_told_again(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        assert access_sessions.ensure_admin(session, "given", now) is None
    assert _try(database, "given", now)


def test_only_hashes_are_stored(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        access_sessions.ensure_admin(session, "given", now)
    token = _try(database, "given", now)
    with database.snapshot() as session:
        assert session.exec(select(User.password_hash)).one().startswith("$argon2id$")
        assert session.exec(select(WebSession.token_hash)).one() != token


def test_a_token_stands_for_its_user_until_signed_out(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        access_sessions.ensure_admin(session, "given", now)
    token = _try(database, "given", now) or ""
    with database.transaction() as session:
        actor = access_sessions.actor_of(session, token, now)
        assert actor is not None
        assert actor.name == "admin"
        access_sessions.sign_out(session, token, now)
        assert access_sessions.actor_of(session, token, now) is None


def test_failures_in_a_row_lock_and_a_success_forgets_them(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        access_sessions.ensure_admin(session, "given", now)
    for _ in range(access_sessions.FREE_TRIES - 1):
        _try(database, "wrong", now)
    assert _try(database, "given", now)
    for _ in range(access_sessions.FREE_TRIES):
        _try(database, "wrong", now)
    assert _try(database, "given", now) is None
    assert _try(database, "given", now + timedelta(minutes=1, seconds=1))


def test_the_lock_grows_to_an_hour_and_no_further(now: datetime) -> None:
    spans = [until - now if (until := access_sessions.lock(n, now)) else None for n in (4, 5, 6, 11, 1000)]
    assert spans == [None, timedelta(minutes=1), timedelta(minutes=2), timedelta(hours=1), timedelta(hours=1)]


def test_a_new_password_lifts_the_lock_and_ends_sessions(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        access_sessions.ensure_admin(session, "given", now)
    before = _try(database, "given", now)
    assert before
    for _ in range(access_sessions.FREE_TRIES):
        _try(database, "wrong", now)
    with database.transaction() as session:
        fresh = access_sessions.reset_password(session, "admin", now)
    with database.snapshot() as session:
        assert access_sessions.actor_of(session, before, now) is None
    assert _try(database, fresh, now)


def test_a_new_password_for_nobody_is_refused(database: Database, now: datetime) -> None:
    with database.transaction() as session, pytest.raises(NotFound, match="no user 'nobody'"):
        access_sessions.reset_password(session, "nobody", now)
