"""Filters people saved."""

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.tables.fleet import SavedFilter


def all_of_them(session: Session) -> list[SavedFilter]:
    return list(session.scalars(select(SavedFilter).order_by(col(SavedFilter.name))))


def get(session: Session, row_id: int) -> SavedFilter | None:
    return session.get(SavedFilter, row_id)


def put(session: Session, made: SavedFilter) -> SavedFilter:
    """Save a filter; one of the same name takes on its words."""
    found = session.scalars(select(SavedFilter).where(col(SavedFilter.name) == made.name)).one_or_none()
    if found is None:
        session.add(made)
        session.flush()
        return made
    found.words, found.made_at, found.made_by = made.words, made.made_at, made.made_by
    return found


def delete(session: Session, row_id: int) -> None:
    session.delete(session.get_one(SavedFilter, row_id))
