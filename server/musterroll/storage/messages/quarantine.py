"""Messages that were rejected."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, insert
from sqlmodel import Session, col, select

from musterroll.storage.tables.messages import QuarantinedMessage

MAX_ROWS = 10_000


def add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Store rows and delete all but the newest 10,000."""
    session.execute(insert(QuarantinedMessage), rows)
    newest = session.exec(select(func.max(QuarantinedMessage.id))).one()
    session.execute(delete(QuarantinedMessage).where(col(QuarantinedMessage.id) <= (newest or 0) - MAX_ROWS))


def page(session: Session, before_id: int | None, limit: int) -> list[QuarantinedMessage]:
    """Newest first."""
    query = select(QuarantinedMessage).order_by(col(QuarantinedMessage.id).desc()).limit(limit)
    if before_id is not None:
        query = query.where(col(QuarantinedMessage.id) < before_id)
    return list(session.exec(query))


def units_of_births(session: Session, since: int) -> set[str]:
    """The units, as topics name them, whose birth was rejected after `since` (ms)."""
    rows = select(QuarantinedMessage.unit).where(col(QuarantinedMessage.at) > since, col(QuarantinedMessage.topic).endswith("/birth"))
    return set(session.exec(rows))


def codes(session: Session, uid: str, since: int) -> list[str]:
    """Why messages of a unit were rejected since an instant (ms), each reason once."""
    query = select(QuarantinedMessage.code).where(col(QuarantinedMessage.at) >= since, col(QuarantinedMessage.unit) == uid)
    return sorted(session.exec(query.distinct()))
