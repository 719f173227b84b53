"""Who may use the pages: users, their passwords and their sessions. Only hashes are stored, of passwords and of session tokens."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlmodel import Session

from musterroll.domain.errors import NotFound
from musterroll.domain.identity import UID_ALPHABET
from musterroll.storage import users
from musterroll.storage.tables import User, WebSession

SESSION_LIFE = timedelta(days=7)
FREE_TRIES = 5  # wrong passwords in a row before the name is locked
LONGEST_LOCK = timedelta(hours=1)
MAX_PASSWORD = 1024  # characters: hashing must not be a way to keep us busy

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)  # the OWASP minimum: 19 MiB, 2 passes


class Actor(NamedTuple):
    """The signed-in person. `within` are the accounts (ids) he is limited to, with all below them; None: not limited."""

    user_id: int
    name: str
    role: str
    within: tuple[int, ...] | None = None


def ensure_admin(session: Session, password: str | None, now: datetime) -> str | None:
    """Make the first user, `admin`. Returns the random password where one was made up, to be printed once; else None."""
    if users.by_name(session, "admin"):
        return None
    chosen = password or _new_password()
    session.add(User(name="admin", password_hash=_hasher.hash(chosen), role="admin", created_at=now))
    session.flush()
    return None if password else chosen


def reset_password(session: Session, name: str, now: datetime) -> str:
    """Give a user a new random password (returned, to be shown once), lift the lock and end their sessions. Raises NotFound."""
    user = users.by_name(session, name, lock=True)
    if user is None or user.id is None:
        raise NotFound(f"there is no user {name!r}")
    chosen = _new_password()
    user.password_hash, user.failures, user.locked_until = _hasher.hash(chosen), 0, None
    users.revoke_sessions(session, user.id, now)
    return chosen


def _new_password() -> str:
    """80 random bits, easily typed."""
    return "-".join("".join(secrets.choice(UID_ALPHABET) for _ in range(4)) for _ in range(4))


def password_matches(session: Session, name: str, password: str) -> bool:
    """Whether it is that user's password. Slow on purpose, as slow for a name that does not exist; reads only, so call it outside
    a writing transaction and hand the answer to `sign_in`."""
    user = users.by_name(session, name)
    try:
        return _hasher.verify(user.password_hash if user else _NOBODY, password[:MAX_PASSWORD]) and user is not None
    except (Argon2Error, InvalidHashError):
        return False


def sign_in(session: Session, name: str, matches: bool, now: datetime) -> str | None:
    """A fresh session token for the cookie, or None: wrong password, or the name is locked after too many of them.

    A locked name refuses the right password too, so that tries sent all at once gain nothing.
    """
    user = users.by_name(session, name, lock=True)
    if user is None or (user.locked_until and user.locked_until > now):
        return None
    if not matches:
        user.failures += 1
        user.locked_until = lock(user.failures, now)
        return None
    user.failures, user.locked_until = 0, None
    token = secrets.token_urlsafe(32)
    assert user.id is not None
    session.add(WebSession(user_id=user.id, token_hash=_digest(token), created_at=now, expires_at=now + SESSION_LIFE))
    return token


def lock(failures: int, now: datetime) -> datetime | None:
    """Until when a name is locked after so many wrong passwords in a row: 1 minute at the fifth, doubling, an hour at most."""
    if failures < FREE_TRIES:
        return None
    return now + min(timedelta(minutes=2 ** min(failures - FREE_TRIES, 10)), LONGEST_LOCK)


def actor_of(session: Session, token: str, now: datetime) -> Actor | None:
    """The person a session token stands for, while it lives."""
    user = users.of_session(session, _digest(token), now)
    return Actor(user.id, user.name, user.role) if user and user.id is not None else None


def sign_out(session: Session, token: str, now: datetime) -> None:
    """End the session for good, wherever its cookie is kept."""
    users.revoke_session(session, _digest(token), now)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


# A hash of nothing anybody knows, so that an unknown name takes as long as a wrong password.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$bXVzdGVycm9sbC1ub2JvZHk$7sT7zFyMC2P3cC0m7tWf6wRz1p3qkG5vJm3mJt1JZ9k"
