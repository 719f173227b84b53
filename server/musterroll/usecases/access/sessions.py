"""Sign-in: sessions, how long they last, and the lock after wrong passwords. Only hashes of session tokens are stored."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.access import LONGEST_LOCK
from musterroll.domain.values.errors import NotFound
from musterroll.storage.access import users as stored_users
from musterroll.storage.tables.access import User, WebSession
from musterroll.usecases.access import passwords

SESSION_LIFE = timedelta(days=7)
IDLE_LIFE = timedelta(days=1)  # unused for this long, a session ends
NOTED_EVERY = timedelta(minutes=5)  # how often the use of a session is recorded
FREE_TRIES = 5  # wrong passwords in a row before the name is locked


class Actor(NamedTuple):
    """The signed-in user. `within` are the accounts (ids) they are limited to, with subsidiaries; None: not limited.

    `must_change`: the password must be changed before anything else. `noted`: the use of the session is recorded.
    """

    user_id: int
    name: str
    role: str
    within: tuple[int, ...] | None = None
    must_change: bool = False
    session_id: int = 0
    noted: bool = True


class ClientInfo(NamedTuple):
    """Where a user signs in from: the address, and the browser in a few words."""

    address: str = ""
    browser: str = ""


def ensure_admin(session: Session, password: str | None, now: datetime) -> str | None:
    """Create the first user, `admin`. Returns the random password, to be printed once, where one was generated; else None."""
    if stored_users.by_name(session, "admin"):
        return None
    chosen = password or passwords.random_password()
    session.add(User(name="admin", password_hash=passwords.hash_password(chosen), role="admin", created_at=now))
    session.flush()
    return None if password else chosen


def reset_password(session: Session, name: str, now: datetime) -> str:
    """Give a user a new random password (returned, to be shown once), lift the lock and end their sessions. Raises NotFound."""
    user = stored_users.by_name(session, name, lock=True)
    if user is None or user.id is None:
        raise NotFound(f"there is no user {name!r}")
    chosen = passwords.random_password()
    user.password_hash, user.failures, user.locked_until = passwords.hash_password(chosen), 0, None
    stored_users.revoke_sessions(session, user.id, now)
    return chosen


def password_matches(session: Session, name: str, password: str) -> bool:
    """Whether it is that user's password. Slow on purpose, as slow for a name that does not exist; reads only, so call it outside
    a writing transaction and hand the answer to `sign_in`."""
    user = stored_users.by_name(session, name)
    return passwords.matches(user.password_hash if user else "", password)


def sign_in(session: Session, name: str, matches: bool, now: datetime, seat: ClientInfo = ClientInfo()) -> str | None:  # noqa: B008
    """A fresh session token for the cookie, or None: wrong password, disabled, or the name is locked after too many wrong ones.

    A locked name refuses the right password too, so that tries sent all at once gain nothing.
    """
    user = stored_users.by_name(session, name, lock=True)
    if user is None or user.disabled_at or (user.locked_until and user.locked_until > now):
        return None
    _note_try(user, matches, now)
    if not matches:
        return None
    return open_session(session, user, now, seat)


def note_try(session: Session, user_id: int, matches: bool, now: datetime) -> None:
    """Count a wrong password of a signed-in user towards the lock."""
    user = session.get(User, user_id, with_for_update=True)
    if user is not None:
        _note_try(user, matches, now)


def _note_try(user: User, matches: bool, now: datetime) -> None:
    user.failures = 0 if matches else user.failures + 1
    user.locked_until = lock(user.failures, now)


def open_session(session: Session, user: User, now: datetime, seat: ClientInfo) -> str:
    """A new session token for an authenticated user."""
    token = secrets.token_urlsafe(32)
    assert user.id is not None
    web_session = WebSession(user_id=user.id, token_hash=_digest(token), created_at=now, seen_at=now, expires_at=now + SESSION_LIFE)
    web_session.address, web_session.browser = seat.address[:60], seat.browser[:200]
    session.add(web_session)
    return token


def lock(failures: int, now: datetime) -> datetime | None:
    """Until when a name is locked after so many wrong passwords in a row: 1 minute at the fifth, doubling, an hour at most."""
    if failures < FREE_TRIES:
        return None
    return now + min(timedelta(minutes=2 ** min(failures - FREE_TRIES, 10)), LONGEST_LOCK)


def actor_of(session: Session, token: str, now: datetime) -> Actor | None:
    """The user of a session token while the session is live."""
    row = stored_users.of_session(session, _digest(token), now, now - IDLE_LIFE)
    if row is None:
        return None
    user, web_session = row
    within = None if user.within is None else tuple(user.within)
    noted = web_session.seen_at is not None and web_session.seen_at > now - NOTED_EVERY
    return Actor(user.id or 0, user.name, user.role, within, user.must_change, web_session.id or 0, noted)


def note_use(session: Session, actor: Actor, now: datetime) -> None:
    stored_users.note_use(session, actor.session_id, now)


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End the session."""
    stored_users.revoke_session(session, _digest(token), now)


def sessions(session: Session, user_id: int, now: datetime) -> list[WebSession]:
    """The live sessions of a user, newest first."""
    return stored_users.living_sessions(session, user_id, now, now - IDLE_LIFE)


def end_session(session: Session, user_id: int, session_id: int, now: datetime) -> None:
    """End one of a user's sessions. Raises NotFound where it is another user's."""
    web_session = session.get(WebSession, session_id)
    if web_session is None or web_session.user_id != user_id:
        raise NotFound("there is no such session")
    web_session.revoked_at = web_session.revoked_at or now


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
