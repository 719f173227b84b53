"""Figures of large fleets, as they were counted last."""

from typing import Any, NamedTuple

from sqlalchemy import Text, cast, func, select
from sqlmodel import Session, col

from musterroll.storage.engine import account_scope
from musterroll.storage.tables.operations import CachedFigure
from musterroll.storage.tables.units import Unit


class Row(NamedTuple):
    at: int  # ms
    body: str  # JSON: read into named tuples as it is, as millions of characters take long to read twice


def units(session: Session) -> int:
    """About how many units there are; quick, and never too few."""
    return session.execute(select(func.max(col(Unit.id)))).scalar() or 0


def get(session: Session, name: str) -> Row | None:
    """A figure, also for users limited to some accounts: they are shown only their own parts of it."""
    figures = account_scope.whole(CachedFigure)
    cached = session.execute(select(figures.c.at, cast(figures.c.body, Text)).where(figures.c.name == name)).one_or_none()
    return Row(cached[0], cached[1]) if cached else None


def counted_at(session: Session, name: str) -> int | None:
    """When it was counted (ms); None if it never was."""
    figures = account_scope.whole(CachedFigure)
    return session.execute(select(figures.c.at).where(figures.c.name == name)).scalar_one_or_none()


def put(session: Session, name: str, at: int, body: Any) -> None:
    session.merge(CachedFigure(name=name, at=at, body=body))
