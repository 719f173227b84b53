"""Which cached figures are due: all slow ones for large fleets, and those of completed months for any fleet."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from musterroll.domain.values.instants import from_ms
from musterroll.storage.imports import runs as import_runs
from musterroll.usecases.fleet import firmware as fleet_firmware
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.usecases.installed_base import licence_trend, renewals, retention, trend
from musterroll.usecases.installed_base.as_of import Slice
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import Figure

_REFRESH = timedelta(minutes=10)  # between updates for a large fleet
_TREND_REFRESH = timedelta(hours=1)
_BRIDGE_MONTHS = 3  # with a cached bridge


def due(session: Session, now: datetime) -> list[Figure[Any]]:
    """Figures to compute now: for a large fleet all slow ones, for any fleet the trend and month ends. Skips fresh ones."""
    imported = from_ms(import_runs.last_imported_at(session) or 0)  # what is older than this knows less than the records
    months = licence_trend.due(session, now)
    days: list[Figure[Any]] = [trend.TREND] if cached_figures.older(session, trend.TREND, max(now - _TREND_REFRESH, imported)) else []
    if not cached_figures.large(session):
        return [*days, *months]
    slices: list[Figure[Any]] = [trend.sliced(by) for by in Slice if by not in (Slice.ACCOUNT, Slice.SITE)]
    bridges: list[Figure[Any]] = [trend.month_figure(first) for first in trend.months(now)[:_BRIDGE_MONTHS]]
    steady: list[Figure[Any]] = [fleet_firmware.KNOWN, trend.PLACES, renewals.DUE_CONTRACTS, renewals.RATES, retention.PAST_RENEWALS]
    every = [*steady, licence_trend.TODAY, *slices, *bridges, *fleet_segments.figures(session)]
    old = [figure for figure in every if cached_figures.older(session, figure, max(now - _REFRESH, imported))]
    return [*days, *old, *months]
