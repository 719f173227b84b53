"""API tokens by their hash."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select, update

from musterroll.storage.tables.access import ApiToken

_T: Any = ApiToken.__table__  # type: ignore[attr-defined]
_ALIVE = columns(_T.c.id, _T.c.label, _T.c.scopes, _T.c.within, _T.c.used_at).where(
    _T.c.token_hash == bindparam("token_hash"),
    _T.c.revoked_at.is_(None),
    or_(_T.c.expires_at.is_(None), _T.c.expires_at > bindparam("now")),
)


def alive(session: Session, token_hash: str, now: datetime) -> Row[Any] | None:
    """What the token with this hash allows, where it is neither revoked nor expired at `now`."""
    return session.execute(_ALIVE, {"token_hash": token_hash, "now": now}).one_or_none()


def newest_first(session: Session) -> list[ApiToken]:
    return list(session.exec(select(ApiToken).order_by(col(ApiToken.id).desc())))


def note_use(session: Session, token_id: int, now: datetime) -> None:
    session.exec(update(ApiToken).where(col(ApiToken.id) == token_id).values(used_at=now))
