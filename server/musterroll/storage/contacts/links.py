"""Keys that sign links."""

import secrets
from datetime import datetime

from sqlmodel import Session

from musterroll.storage.tables.contacts import LinkKey


def key(session: Session, purpose: str) -> str | None:
    """The key of a purpose; None before the first link was made."""
    row = session.get(LinkKey, purpose)
    return row.secret if row else None


def key_for_signing(session: Session, purpose: str, now: datetime) -> str:
    return key(session, purpose) or renew(session, purpose, now)


def renew(session: Session, purpose: str, now: datetime) -> str:
    """A new key in place of the old one."""
    row = LinkKey(purpose=purpose, secret=secrets.token_urlsafe(32), renewed_at=now)
    session.merge(row)
    session.flush()
    return row.secret
