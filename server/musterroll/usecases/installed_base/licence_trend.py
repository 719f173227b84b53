"""Licences for planners: today, and at the ends of past months, as they were last counted."""

from datetime import UTC, date, datetime, timedelta
from itertools import dropwhile
from typing import NamedTuple

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.installed_base.licences import LicenceCount
from musterroll.domain.values.dates import add_months, last_day
from musterroll.domain.values.instants import from_ms, in_future, to_ms
from musterroll.storage.engine.account_scope import limited
from musterroll.storage.imports import runs as import_runs
from musterroll.storage.operations import figure_cache as stored_figures
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure

MONTHS = 12
_DAY = timedelta(days=1)
_NOTHING: CountedFigure[dict[date, LicenceCount]] = CountedFigure({}, datetime.max.replace(tzinfo=UTC))


class TrendPoint(NamedTuple):
    """A point of a trend: the last day of a month or quarter, or today."""

    on: date
    total: LicenceCount


def licences(session: Session, now: datetime) -> CountedFigure[LicenceCount]:
    """Active and gross licences today."""
    return cached_figures.counted_figure(session, TODAY, now)


def trend(session: Session, months: int, step: int, now: datetime) -> CountedFigure[list[TrendPoint]]:
    """Licences at the end of each of the last `months`, every `step` of them (1: months, 3: quarters), and today; oldest first.

    Of a large fleet, days that the schedule has counted are as it last counted them.
    """
    days, today = ends(now, months, step), licences(session, now)
    stored = _stored(session) if cached_figures.large(session) else _NOTHING
    totals = stored.value | base_licences.totals(session, [day for day in days if day not in stored.value], now)
    counts = [*((day, totals[day]) for day in days), (_today(now), today.value)]
    points = [TrendPoint(day, total) for day, total in counts]
    return CountedFigure(points, min(today.at, stored.at))


def stored_trend(session: Session, now: datetime, step: int) -> list[TrendPoint]:
    """The same of a year from the first sale on, without the ends that were never counted: nothing is counted but today."""
    stored = _stored(session).value
    points = [TrendPoint(day, stored[day]) for day in ends(now, MONTHS - 1, step) if day in stored]
    points = list(dropwhile(lambda point: not point.total.gross, points))  # before the first sale
    return [*points, TrendPoint(_today(now), licences(session, now).value)]


def ends(now: datetime, months: int, step: int = 1) -> list[date]:
    """The last days of past months, from `months` before this one on, oldest first; of every `step` of them."""
    first = _today(now).replace(day=1)
    starts = (add_months(first, -back) for back in range(months, -1, -1))
    return [last_day(start) for start in starts if (start.month - 1) % step == 0]


def due(session: Session, now: datetime) -> list[Figure[dict[date, LicenceCount]]]:
    """Whether the ends of months are to be counted: not all were, or not since yesterday or the last import."""
    if not stored_figures.units(session):
        return []
    imported = import_runs.last_imported_at(session) or 0
    newest = now - _DAY if in_future(imported, to_ms(now)) else max(now - _DAY, from_ms(imported))
    return [ENDS] if cached_figures.older(session, ENDS, newest) or ends(now, 0)[0] not in _stored(session).value else []


def _stored(session: Session) -> CountedFigure[dict[date, LicenceCount]]:
    """The ends of months as last counted. Users limited to some accounts have none."""
    return (None if limited(session) else cached_figures.last_counted(session, ENDS)) or _NOTHING


def _today(now: datetime) -> date:
    return now.astimezone(UTC).date()


def _count_today(session: Session, now: datetime) -> LicenceCount:
    return base_licences.total(session, now, now)


def _count_ends(session: Session, now: datetime) -> dict[date, LicenceCount]:
    """By the present records."""
    return base_licences.totals(session, ends(now, MONTHS), now)


TODAY = Figure[LicenceCount]("licences_today", TypeAdapter(LicenceCount), _count_today)
ENDS = Figure[dict[date, LicenceCount]]("licence_ends", TypeAdapter(dict[date, LicenceCount]), _count_ends)
