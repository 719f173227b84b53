"""Which cached figures are due: all slow ones for large fleets, and those of completed months for any fleet."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session

from musterroll.domain.values.dates import add_months
from musterroll.domain.values.instants import from_ms
from musterroll.storage.imports import runs as import_runs
from musterroll.usecases.customers import base as customers
from musterroll.usecases.customers import health
from musterroll.usecases.fleet import firmware as fleet_firmware
from musterroll.usecases.installed_base import licence_trend, positions, renewals, retention, target_figures, trend, worth
from musterroll.usecases.installed_base.as_of import Slice
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import Figure, FiguresTogether, alone
from musterroll.usecases.usage import adoption, declining

_REFRESH = timedelta(minutes=10)  # between updates for a large fleet
_MONTH_REFRESH = timedelta(days=1)  # of months that are over
_SLICES = [by for by in Slice if by not in (Slice.ACCOUNT, Slice.SITE)]


def due(session: Session, now: datetime) -> list[FiguresTogether]:
    """Figures to compute now: for a large fleet all slow ones, for any fleet month ends. Skips fresh ones."""
    imported = from_ms(import_runs.last_imported_at(session) or 0)  # what is older than this knows less than the records

    def old(figures: Sequence[Figure[Any]], than: timedelta) -> list[Figure[Any]]:
        return [figure for figure in figures if cached_figures.older(session, figure, max(now - than, imported))]

    steady: list[Figure[Any]] = [*licence_trend.due(session, now), *target_figures.due(session, now)]
    if not cached_figures.large(session):
        return [*map(alone, steady)]
    this, *before = trend.months(now)
    ages = [(this, _REFRESH), *((first, min(_MONTH_REFRESH, now - _end(first))) for first in before)]  # once more when it is over
    months = trend.month_figures([first for first, age in ages if old([trend.month_figure(first)], age)])
    slices = trend.all_sliced([by for by in _SLICES if old([trend.sliced(by)], _REFRESH)])
    contracts: list[Figure[Any]] = [
        renewals.DUE_CONTRACTS,
        renewals.RATES,
        retention.PAST_RENEWALS,
    ]
    steady += old([adoption.ENGAGEMENT, declining.DECLINING, positions.POSITIONS, health.USUAL_TICKETS], _REFRESH)
    steady += old([fleet_firmware.KNOWN, trend.PLACES, trend.UNDATED, *contracts, licence_trend.TODAY], _REFRESH)
    book = [worth.BOTH] if old(worth.BOTH.figures, _REFRESH) else []
    base = [customers.ALL] if old(customers.ALL.figures, _REFRESH) else []
    return [*map(alone, steady), *book, *base, *(together for together in (slices, months) if together.figures)]


def _end(first: date) -> datetime:
    return datetime.combine(add_months(first, 1), time(), UTC)
