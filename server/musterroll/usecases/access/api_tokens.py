"""API tokens of programs: create, check, revoke. Only their hash is stored; the token itself is shown once."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.access import Role
from musterroll.domain.values.errors import DomainError, NotFound
from musterroll.storage.access import api_tokens
from musterroll.storage.tables.access import ApiToken
from musterroll.usecases.access import users as access_users
from musterroll.usecases.audit import record as audit_record

SCOPES = ("read", "write", "admin")
NOTED_EVERY = timedelta(minutes=5)  # how often the use of a token is recorded
_PREFIX = "mra_"  # recognised by people and secret scanners
_LONGEST = 100


class Access(NamedTuple):
    """What a token allows. `within` are the accounts (ids) it is limited to, with all below them; None: not limited."""

    label: str
    scopes: frozenset[str]
    within: tuple[int, ...] | None = None
    token_id: int = 0
    noted: bool = True  # its use is written down


def create(
    session: Session,
    *,
    label: str,
    scopes: list[str],
    expires_at: datetime | None,
    actor: str,
    now: datetime,
    within: Collection[str] | None = None,
) -> tuple[ApiToken, str]:
    """A new token and its plain text, to be shown once. `within` are account numbers; None: not limited.

    Raises DomainError for a scope or an account that does not exist, an admin's limits, and an end that is past.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise DomainError(
            f"unknown scope {', '.join(unknown)}; choose from {', '.join(SCOPES)}"
            if unknown
            else f"choose at least one scope: {', '.join(SCOPES)}",
            "bad_scope",
        )
    if not 1 <= len(label.strip()) <= _LONGEST or not label.isprintable():
        raise DomainError(f"enter a name of 1 to {_LONGEST} characters for the program that uses the token", "bad_label")
    if expires_at is not None and expires_at <= now:
        raise DomainError("the expiry date must be in the future", "bad_expiry")
    plain = _PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        label=label.strip(),
        token_hash=_hash(plain),
        scopes=sorted(set(scopes)),
        created_at=now,
        created_by=actor,
        expires_at=expires_at,
        within=access_users.account_ids(session, Role.ADMIN if "admin" in scopes else None, within),
    )
    session.add(token)
    session.flush()
    change = audit_record.begin(
        session, actor=actor, kind="token", subject=f"API token {token.label} created: {', '.join(token.scopes)}", now=now
    )
    audit_record.added(session, change, "api_token", [token.id or 0])
    return token, plain


def check(session: Session, plain: str, now: datetime) -> Access | None:
    """What the token allows at `now`; None where it is unknown, expired or revoked."""
    token = api_tokens.alive(session, _hash(plain), now)
    if token is None:
        return None
    noted = token.used_at is not None and token.used_at > now - NOTED_EVERY
    within = None if token.within is None else tuple(token.within)
    return Access(token.label, frozenset(token.scopes), within, token.id or 0, noted)


def note_use(session: Session, token_id: int, now: datetime) -> None:
    api_tokens.note_use(session, token_id, now)


def tokens(session: Session) -> list[ApiToken]:
    """All tokens, newest first."""
    return api_tokens.newest_first(session)


def revoke(session: Session, token_id: int, now: datetime, actor: str = "") -> None:
    """Revoke a token. Revoking it again changes nothing. Raises NotFound."""
    token = session.get(ApiToken, token_id)
    if token is None:
        raise NotFound(f"there is no API token {token_id}")
    if token.revoked_at:
        return
    change = audit_record.begin(session, actor=actor, kind="token", subject=f"API token {token.label} revoked", now=now)
    with audit_record.watching(session, change, "api_token", [token_id]):
        token.revoked_at = now


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()
