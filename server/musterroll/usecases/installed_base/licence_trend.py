"""Licences for planners: today by segment, product and account, and the cached ends of past months."""

from datetime import date, datetime, timedelta
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
from musterroll.usecases.installed_base.licences import LicenceBreakdown, TrendPoint
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure

MONTHS = 12
_DAY = timedelta(days=1)


class LicenceOverview(NamedTuple):
    total: LicenceCount
    by: dict[LicenceBreakdown, dict[str, LicenceCount]]


def licences(session: Session, now: datetime) -> CountedFigure[LicenceOverview]:
    """Active and gross licences today."""
    return cached_figures.counted_figure(session, TODAY, now)


def trend(session: Session, now: datetime, quarters: bool) -> list[TrendPoint]:
    """The cached ends of past months (or quarters), oldest first, then today. Users limited to some accounts get today only."""
    past = [] if limited(session) else [end for end in ends(now) if not quarters or end.month % 3 == 0]
    cached = [(end, stored_figures.get(session, of_month(end).name)) for end in past]
    points = [TrendPoint(end, of_month(end).shape.validate_python(row.body)) for end, row in cached if row is not None]
    points = list(dropwhile(lambda point: not point.total.gross, points))  # before the first sale
    return [*points, TrendPoint(now.date(), licences(session, now).value.total)]


def ends(now: datetime) -> list[date]:
    """The last days of past months, oldest first."""
    first = now.date().replace(day=1)
    return [last_day(add_months(first, -back)) for back in range(MONTHS - 1, -1, -1)]


def of_month(end: date) -> Figure[LicenceCount]:
    """The licences on the last day of a month by the present records."""
    return Figure(
        f"licences:{end}",
        TypeAdapter(LicenceCount),
        lambda session, now: base_licences.licences(session, end, LicenceBreakdown.SEGMENT, now).total,
    )


def due(session: Session, now: datetime) -> list[Figure[LicenceCount]]:
    """The months to count, newest first: never counted, or older than a day or than the last import."""
    if not stored_figures.units(session):
        return []
    imported = import_runs.last_imported_at(session) or 0
    newest = now - _DAY if in_future(imported, to_ms(now)) else max(now - _DAY, from_ms(imported))
    return [figure for end in reversed(ends(now)) if cached_figures.older(session, figure := of_month(end), newest)]


def _today(session: Session, now: datetime) -> LicenceOverview:
    counts = base_licences.by_each(session, now, now)
    return LicenceOverview(*counts)


TODAY = Figure[LicenceOverview]("licences", TypeAdapter(LicenceOverview), _today)
