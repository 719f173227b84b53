"""Figures that are slow to count over a large fleet: a job counts them, and pages show when.

For a small fleet, and for users limited to some accounts, they are counted on request.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from pydantic import TypeAdapter
from sqlalchemy import Pool
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


# What this process has read, by database and name: a large fleet's figures take long to read into values. Nobody changes these.
_read: WeakKeyDictionary[Pool, dict[str, CountedFigure[Any]]] = WeakKeyDictionary()


def counted_figure(session: Session, figure: Figure[T], now: datetime) -> CountedFigure[T]:
    """The figure as of now, or as last stored. Counted now where it was never stored."""
    stored = last_counted(session, figure) if by_job(session) else None
    return stored or CountedFigure(figure.count(session, now), now)


def last_counted(session: Session, figure: Figure[T]) -> CountedFigure[T] | None:
    """The figure as last stored, also for users limited to some accounts: show them their own parts only. None where it never was."""
    known, at = _known(session).get(figure.name), stored_figures.counted_at(session, figure.name)
    if known is not None and at == to_ms(known.at):
        return known
    row = None if at is None else stored_figures.get(session, figure.name)
    if row is None:
        return None
    counted = CountedFigure(figure.shape.validate_json(row.body), from_ms(row.at))
    _known(session)[figure.name] = counted
    return counted


def _known(session: Session) -> dict[str, CountedFigure[Any]]:
    return _read.setdefault(session.get_bind().engine.pool, {})


def by_job(session: Session) -> bool:
    """Whether the session reads figures as a job counted them, not as it would count them itself."""
    return large(session) and not limited(session)


def large(session: Session) -> bool:
    return stored_figures.units(session) > LARGE


def keep(session: Session, figure: Figure[Any], value: Any, now: datetime) -> None:
    _known(session).pop(figure.name, None)  # two countings of one instant are two
    stored_figures.put(session, figure.name, to_ms(now), figure.shape.dump_python(value, mode="json"))


def older(session: Session, figure: Figure[Any], than: datetime) -> bool:
    """Whether a figure was never stored, or counted before an instant."""
    at = stored_figures.counted_at(session, figure.name)
    return at is None or at < to_ms(than)
