"""People and their sessions on the pages."""

from datetime import datetime

from sqlmodel import Session, col, select, update

from musterroll.storage.tables import User, WebSession


def by_name(session: Session, name: str, lock: bool = False) -> User | None:
    """The user of that exact name; `lock` holds the row until the transaction ends."""
    query = select(User).where(User.name == name)
    return session.exec(query.with_for_update() if lock else query).first()


def of_session(session: Session, token_hash: str, now: datetime) -> User | None:
    """The user whose live session has this hash."""
    query = (
        select(User)
        .join(WebSession, col(WebSession.user_id) == User.id)
        .where(WebSession.token_hash == token_hash, col(WebSession.revoked_at).is_(None), col(WebSession.expires_at) > now)
    )
    return session.exec(query).first()


def revoke_session(session: Session, token_hash: str, now: datetime) -> None:
    where = (col(WebSession.token_hash) == token_hash, col(WebSession.revoked_at).is_(None))
    session.exec(update(WebSession).where(*where).values(revoked_at=now))


def revoke_sessions(session: Session, user_id: int, now: datetime) -> None:
    where = (col(WebSession.user_id) == user_id, col(WebSession.revoked_at).is_(None))
    session.exec(update(WebSession).where(*where).values(revoked_at=now))
