"""Saved filters."""

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.tables.fleet import SavedFilter


def all_filters(session: Session) -> list[SavedFilter]:
    return list(session.scalars(select(SavedFilter).order_by(col(SavedFilter.name))))


def get(session: Session, row_id: int) -> SavedFilter | None:
    return session.get(SavedFilter, row_id)


def save(session: Session, new: SavedFilter) -> SavedFilter:
    """Save a filter, replacing one of the same name."""
    stored = session.scalars(select(SavedFilter).where(col(SavedFilter.name) == new.name)).one_or_none()
    if stored is None:
        session.add(new)
        session.flush()
        return new
    stored.words, stored.made_at, stored.made_by = new.words, new.made_at, new.made_by
    return stored


def delete(session: Session, row_id: int) -> None:
    session.delete(session.get_one(SavedFilter, row_id))
