"""API tokens by their hash."""

from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select

from musterroll.storage.tables import ApiToken


def alive(session: Session, token_hash: str, now: datetime) -> tuple[str, list[str]] | None:
    """Label and scopes of the token with this hash, where it is neither revoked nor expired at `now`."""
    unexpired = or_(col(ApiToken.expires_at).is_(None), col(ApiToken.expires_at) > now)
    query = select(ApiToken.label, ApiToken.scopes).where(col(ApiToken.token_hash) == token_hash, col(ApiToken.revoked_at).is_(None))
    found = session.exec(query.where(unexpired)).one_or_none()
    return (found[0], list(found[1])) if found else None
