"""Users and their sessions."""

from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select, update

from musterroll.domain.access import Role
from musterroll.storage.tables.access import User, WebSession


def by_name(session: Session, name: str, lock: bool = False) -> User | None:
    """The user of that exact name; `lock` holds the row until the transaction ends."""
    query = select(User).where(User.name == name)
    return session.exec(query.with_for_update() if lock else query).first() if "\0" not in name else None


def by_subject(session: Session, subject: str) -> User | None:
    return session.exec(select(User).where(User.subject == subject)).first()


def everybody(session: Session) -> list[User]:
    """All users, by name."""
    return list(session.exec(select(User).order_by(func.lower(col(User.name)))))


def other_admins(session: Session, user_id: int) -> int:
    """How many admins there are beside one user who can sign in; held so until the transaction ends."""
    query = select(User).where(User.role == Role.ADMIN, col(User.disabled_at).is_(None)).with_for_update()
    return sum(user.id != user_id for user in session.exec(query))


def of_session(session: Session, token_hash: str, now: datetime, used_after: datetime) -> tuple[User, WebSession] | None:
    """The user whose live session has this hash, and that session."""
    query = select(User, WebSession).join(WebSession, col(WebSession.user_id) == User.id)
    living = query.where(WebSession.token_hash == token_hash, col(User.disabled_at).is_(None), *_living(now, used_after))
    return session.exec(living).first()


def living_sessions(session: Session, user_id: int, now: datetime, used_after: datetime) -> list[WebSession]:
    """A user's live sessions, newest first."""
    query = select(WebSession).where(WebSession.user_id == user_id, *_living(now, used_after))
    return list(session.exec(query.order_by(col(WebSession.id).desc())))


def last_seen(session: Session) -> dict[int, datetime]:
    """When each user's pages were last used, by user id."""
    query = select(WebSession.user_id, func.max(func.coalesce(WebSession.seen_at, WebSession.created_at))).group_by(col(WebSession.user_id))
    return dict(session.exec(query).all())


def note_use(session: Session, session_id: int, now: datetime) -> None:
    session.exec(update(WebSession).where(col(WebSession.id) == session_id).values(seen_at=now))


def revoke_session(session: Session, token_hash: str, now: datetime) -> None:
    where = (col(WebSession.token_hash) == token_hash, col(WebSession.revoked_at).is_(None))
    session.exec(update(WebSession).where(*where).values(revoked_at=now))


def revoke_sessions(session: Session, user_id: int, now: datetime) -> None:
    where = (col(WebSession.user_id) == user_id, col(WebSession.revoked_at).is_(None))
    session.exec(update(WebSession).where(*where).values(revoked_at=now))


def _living(now: datetime, used_after: datetime) -> tuple[ColumnElement[bool], ...]:
    used = func.coalesce(col(WebSession.seen_at), col(WebSession.created_at)) > used_after
    return col(WebSession.revoked_at).is_(None), col(WebSession.expires_at) > now, used


def licence_window(session: Session, user_id: int) -> int | None:
    """The days that a user last chose on the page of licences."""
    return session.exec(select(User.licence_window).where(User.id == user_id)).one_or_none()


def set_licence_window(session: Session, user_id: int, days: int) -> None:
    session.exec(update(User).where(col(User.id) == user_id).values(licence_window=days))
