"""API tokens by their hash."""

from datetime import datetime

from sqlalchemy import or_
from sqlmodel import Session, col, select, update

from musterroll.storage.tables import ApiToken


def alive(session: Session, token_hash: str, now: datetime) -> ApiToken | None:
    """The token with this hash, where it is neither revoked nor expired at `now`."""
    unexpired = or_(col(ApiToken.expires_at).is_(None), col(ApiToken.expires_at) > now)
    query = select(ApiToken).where(col(ApiToken.token_hash) == token_hash, col(ApiToken.revoked_at).is_(None))
    return session.exec(query.where(unexpired)).one_or_none()


def newest_first(session: Session) -> list[ApiToken]:
    return list(session.exec(select(ApiToken).order_by(col(ApiToken.id).desc())))


def note_use(session: Session, token_id: int, now: datetime) -> None:
    session.exec(update(ApiToken).where(col(ApiToken.id) == token_id).values(used_at=now))
