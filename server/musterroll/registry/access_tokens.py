"""Bearer tokens of programs: made, checked, revoked. Only their hash is kept; the token itself is shown once."""

import hashlib
import secrets
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.errors import NotFound, Refusal
from musterroll.storage import api_tokens
from musterroll.storage.tables import ApiToken

SCOPES = ("read", "write", "admin")
_PREFIX = "mra_"  # what secret scanners and people can tell it by


class Access(NamedTuple):
    """What a token allows. `within` are the accounts (ids) it is limited to, with all below them; None: not limited."""

    label: str
    scopes: frozenset[str]
    within: tuple[int, ...] | None = None


def create(
    session: Session, *, label: str, scopes: list[str], expires_at: datetime | None, actor: str, now: datetime
) -> tuple[ApiToken, str]:
    """A new token and its plain text, to be shown this once. Raises Refusal for a scope that does not exist."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        raise Refusal(f"a token's scopes are {', '.join(SCOPES)}, at least one; not {', '.join(unknown) or 'none'}", "bad_scope")
    plain = _PREFIX + secrets.token_urlsafe(32)
    made = ApiToken(
        label=label, token_hash=_hash(plain), scopes=sorted(set(scopes)), created_at=now, created_by=actor, expires_at=expires_at
    )
    session.add(made)
    session.flush()
    return made, plain


def check(session: Session, plain: str, now: datetime) -> Access | None:
    """What the token allows at `now`; None where it is unknown, expired or revoked."""
    found = api_tokens.alive(session, _hash(plain), now)
    return Access(found[0], frozenset(found[1])) if found else None


def revoke(session: Session, token_id: int, now: datetime) -> None:
    """End a token. Doing it again changes nothing. Raises NotFound."""
    found = session.get(ApiToken, token_id)
    if found is None:
        raise NotFound(f"there is no API token {token_id}")
    found.revoked_at = found.revoked_at or now


def _hash(plain: str) -> str:
    return hashlib.sha256(plain.encode(errors="replace")).hexdigest()
