"""Figures of large fleets, as they were counted last."""

from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.storage.engine import account_scope
from musterroll.storage.tables.operations import CachedFigure
from musterroll.storage.tables.units import Unit


class Row(NamedTuple):
    at: int  # ms
    body: Any


def units(session: Session) -> int:
    """About how many units there are; quick, and never too few."""
    return session.execute(select(func.max(col(Unit.id)))).scalar() or 0


def get(session: Session, name: str) -> Row | None:
    cached = session.execute(select(col(CachedFigure.at), col(CachedFigure.body)).where(col(CachedFigure.name) == name)).one_or_none()
    return Row(cached[0], cached[1]) if cached else None


def get_of_all(session: Session, name: str) -> Row | None:
    """The same, also for users limited to some accounts: for figures of which they are then shown only their own parts."""
    figure = account_scope.whole(CachedFigure).c
    cached = session.execute(select(figure.at, figure.body).where(figure.name == name)).one_or_none()
    return Row(cached[0], cached[1]) if cached else None


def put(session: Session, name: str, at: int, body: Any) -> None:
    session.merge(CachedFigure(name=name, at=at, body=body))
