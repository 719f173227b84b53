"""Figures that are slow to count over a large fleet: a job counts them, and pages show when.

For a small fleet, and for users limited to some accounts, they are counted on request.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.operations import figure_cache as stored_figures

T = TypeVar("T")
LARGE = 5_000  # units


@dataclass(frozen=True)
class Figure(Generic[T]):
    """`shape` is the type that `count` returns: named tuples, lists, numbers, days."""

    name: str
    shape: TypeAdapter[T]
    count: Callable[[Session, datetime], T]


class FiguresTogether(NamedTuple):
    """Figures whose values `count_each` yields, in their order, from one reading of the fleet."""

    figures: Sequence[Figure[Any]]
    count_each: Callable[[Session, datetime], Iterable[Any]]

    @property
    def name(self) -> str:
        return ", ".join(figure.name for figure in self.figures)


def alone(figure: Figure[Any]) -> FiguresTogether:
    return FiguresTogether([figure], lambda session, now: [figure.count(session, now)])


class CountedFigure(NamedTuple, Generic[T]):
    """A figure and when it was counted."""

    value: T
    at: datetime


def counted_figure(session: Session, figure: Figure[T], now: datetime) -> CountedFigure[T]:
    """The figure as of now, or as last stored. Counted now where it was never stored."""
    row = stored_figures.get(session, figure.name) if by_job(session) else None
    if row is None:
        return CountedFigure(figure.count(session, now), now)
    return CountedFigure(figure.shape.validate_json(row.body), from_ms(row.at))


def last_counted(session: Session, figure: Figure[T]) -> CountedFigure[T] | None:
    """The figure as last stored, also for users limited to some accounts: show them their own parts only. None where it never was."""
    row = stored_figures.get_of_all(session, figure.name)
    return None if row is None else CountedFigure(figure.shape.validate_json(row.body), from_ms(row.at))


def by_job(session: Session) -> bool:
    """Whether the session reads figures as a job counted them, not as it would count them itself."""
    return large(session) and not limited(session)


def large(session: Session) -> bool:
    return stored_figures.units(session) > LARGE


def keep(session: Session, figure: Figure[Any], value: Any, now: datetime) -> None:
    stored_figures.put(session, figure.name, to_ms(now), figure.shape.dump_python(value, mode="json"))


def older(session: Session, figure: Figure[Any], than: datetime) -> bool:
    """Whether a figure was never stored, or counted before an instant."""
    at = stored_figures.counted_at(session, figure.name)
    return at is None or at < to_ms(than)
