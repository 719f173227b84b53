"""Every figure that the schedule counts for large fleets, and those of months that are over."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from musterroll.usecases.fleet import firmware as fleet_firmware
from musterroll.usecases.fleet import segments as fleet_segments
from musterroll.usecases.installed_base import licence_trend, renewals, trend
from musterroll.usecases.installed_base.as_of import Slice
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import Figure

_PATIENCE = timedelta(minutes=10)  # from one count of a large fleet to the next
_TREND = timedelta(hours=1)
_MONTHS_AT_ONCE = 3  # ends of months counted in one turn of a large fleet: each takes a whole run
_MONTHS = 3  # whose bridge is kept


def due(session: Session, now: datetime) -> list[Figure[Any]]:
    """What to count now: of a large fleet all that is slow to count, of any fleet days and ends of months; nothing that is fresh."""
    months = licence_trend.due(session, now)
    days: list[Figure[Any]] = [trend.TREND] if cached_figures.older(session, trend.TREND, now - _TREND) else []
    if not cached_figures.large(session):
        return [*days, *months]
    slices: list[Figure[Any]] = [trend.sliced(by) for by in Slice if by not in (Slice.ACCOUNT, Slice.SITE)]
    bridges: list[Figure[Any]] = [trend.month_figure(first) for first in trend.months(now)[:_MONTHS]]
    steady: list[Figure[Any]] = [fleet_firmware.KNOWN, trend.PLACES, renewals.DUES, renewals.RATES]
    every = [*steady, licence_trend.TODAY, *slices, *bridges, *fleet_segments.figures(session)]
    old = [one for one in every if cached_figures.older(session, one, now - _PATIENCE)]
    return [*days, *old, *months[:_MONTHS_AT_ONCE]]
