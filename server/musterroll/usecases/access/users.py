"""Users: create, change role and accounts, disable. Every act is in the audit log, without password hashes."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.access import Role
from musterroll.domain.values.errors import Conflict, DomainError, NotFound
from musterroll.storage.access import users as stored_users
from musterroll.storage.accounts import hierarchy
from musterroll.storage.tables.access import User
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.access import passwords
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.audit import record as audit_record

SHORTEST = passwords.SHORTEST  # characters of a password
LONGEST = 60
_RESERVED = ("token ", "command line")  # how programs are named in histories


class Person(NamedTuple):
    """A user as lists show them. `within` are the numbers of the accounts they are limited to; None: not limited."""

    id: int
    name: str
    role: Role
    within: list[str] | None
    disabled_at: datetime | None
    locked_until: datetime | None
    must_change: bool
    elsewhere: bool  # signs in at the OIDC issuer
    created_at: datetime
    seen_at: datetime | None


def everybody(session: Session) -> list[Person]:
    """All users, by name."""
    seen = stored_users.last_seen(session)
    return [_person(session, user, seen.get(user.id or 0)) for user in stored_users.everybody(session)]


def named(session: Session, name: str) -> User:
    """The user of a name. Raises NotFound."""
    user = stored_users.by_name(session, name, lock=True)
    if user is None:
        raise NotFound(f"there is no user {name[:80]!r}")
    return user


def get(session: Session, user_id: int) -> User:
    """Raises NotFound."""
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound(f"there is no user {user_id}")
    return user


def add(session: Session, *, name: str, role: Role, within: Collection[str] | None, actor: str, now: datetime) -> tuple[User, str]:
    """A new user with a random first password, which is to be shown this once and must be changed at the first sign-in.

    `within` are account numbers; None: not limited. Raises DomainError for an invalid name or limits, Conflict for a name already taken.
    """
    password = passwords.random_password()
    user = create(session, name, role, account_ids(session, role, within), actor=actor, now=now)
    user.password_hash, user.must_change = passwords.hash_password(password), True
    return user, password


def create(session: Session, name: str, role: Role, within: list[int] | None, *, actor: str, now: datetime) -> User:
    """A new user who cannot sign in with a password. Raises as `add`."""
    name = name.strip()
    if not 1 <= len(name) <= LONGEST or not name.isprintable() or name.casefold().startswith(_RESERVED):
        raise DomainError(
            f"{name[:80]!r} is not a valid user name: use 1 to {LONGEST} printable characters, not beginning with 'token'", "bad_name"
        )
    if any(user.name.casefold() == name.casefold() for user in stored_users.everybody(session)):
        raise Conflict(f"there is already a user {name!r}", "name_taken")
    user = User(name=name, password_hash="", role=role, within=within, created_at=now)
    session.add(user)
    session.flush()
    audit_record.added(session, _change(session, f"user {name} created as {role}", actor, now), "user", [user.id or 0])
    return user


def allow(session: Session, user: User, role: Role, within: Collection[str] | None, *, actor: str, now: datetime) -> None:
    """Set the role and accounts of a user (numbers; None: not limited). A change ends their sessions.

    Raises DomainError for invalid limits, and Conflict where no admin would be left.
    """
    limited_to = account_ids(session, role, within)
    if (role, limited_to) == (user.role, user.within):
        return
    _keep_an_admin(session, user, role is Role.ADMIN)
    change = _change(session, f"user {user.name} is now {role}{'' if within is None else ' for ' + ', '.join(within)}", actor, now)
    with audit_record.watching(session, change, "user", [user.id or 0]):
        user.role, user.within = role, limited_to
    stored_users.revoke_sessions(session, user.id or 0, now)


def disable(session: Session, user: User, *, actor: str, now: datetime) -> None:
    """Disable a user and end their sessions. Raises Conflict where no admin would be left."""
    if user.disabled_at:
        return
    _keep_an_admin(session, user, stays=False)
    with audit_record.watching(session, _change(session, f"user {user.name} disabled", actor, now), "user", [user.id or 0]):
        user.disabled_at = now
    stored_users.revoke_sessions(session, user.id or 0, now)


def enable(session: Session, user: User, *, actor: str, now: datetime) -> None:
    if not user.disabled_at:
        return
    with audit_record.watching(session, _change(session, f"user {user.name} enabled", actor, now), "user", [user.id or 0]):
        user.disabled_at, user.failures, user.locked_until = None, 0, None


def reset_password(session: Session, user: User, *, actor: str, now: datetime) -> str:
    """A new random password, to be shown once and changed at the next sign-in. Ends the sessions of the user."""
    _change(session, f"password of user {user.name} reset", actor, now)
    user.must_change = True
    return access_sessions.reset_password(session, user.name, now)


def end_sessions(session: Session, user: User, *, actor: str, now: datetime) -> None:
    _change(session, f"sessions of user {user.name} ended", actor, now)
    stored_users.revoke_sessions(session, user.id or 0, now)


def choose_password(session: Session, user: User, matches: bool, new: str, now: datetime) -> None:
    """Set a user's own new password; `matches`: whether they gave the right old one. Ends all their sessions.

    Raises DomainError where they did not, or where the new one is too weak.
    """
    if user.locked_until and user.locked_until > now:
        raise DomainError("too many wrong passwords; wait a minute and try again", "locked")
    if not matches:
        raise DomainError("the current password is wrong", "wrong_password")
    passwords.refuse_weak(new, user.name)
    if passwords.matches(user.password_hash, new):
        raise DomainError("this is already your password; choose another one", "same_password")
    _change(session, f"user {user.name} changed their password", user.name, now)
    user.password_hash, user.must_change, user.failures, user.locked_until = passwords.hash_password(new), False, 0, None
    stored_users.revoke_sessions(session, user.id or 0, now)


def account_ids(session: Session, role: Role | None, refs: Collection[str] | None) -> list[int] | None:
    """The accounts of these numbers or names; None for None. Raises DomainError for a number there is not, for none, and for an admin."""
    if refs is None:
        return None
    if role is Role.ADMIN:
        raise DomainError("an admin has access to all accounts; only planners, technicians and viewers can be limited", "admin_limited")
    by_ref = {ref: hierarchy.named(session, ref) for ref in refs}
    unknown = sorted(ref for ref, account in by_ref.items() if account is None)
    if unknown or not by_ref:
        raise DomainError(
            f"there is no account {', '.join(map(repr, unknown))}; enter numbers, or names that only one account has"
            if unknown
            else "enter at least one account number",
            "unknown_account",
        )
    return sorted({account.id or 0 for account in by_ref.values() if account is not None})


def account_refs(session: Session, ids: Iterable[int] | None) -> list[str] | None:
    """The numbers of those accounts; None for None."""
    if ids is None:
        return None
    return [account.ref if (account := session.get(Account, account_id)) else f"#{account_id}" for account_id in ids]


def _keep_an_admin(session: Session, user: User, stays: bool) -> None:
    if user.role == Role.ADMIN and not stays and not stored_users.other_admins(session, user.id or 0):
        raise Conflict(f"{user.name} is the only admin; create another admin first", "last_admin")


def _change(session: Session, subject: str, actor: str, now: datetime) -> AuditChange:
    return audit_record.begin(session, actor=actor, kind="person", subject=subject, now=now)


def _person(session: Session, user: User, seen_at: datetime | None) -> Person:
    within = account_refs(session, user.within)
    facts = (user.disabled_at, user.locked_until, user.must_change, user.subject is not None, user.created_at, seen_at)
    return Person(user.id or 0, user.name, Role(user.role), within, *facts)
