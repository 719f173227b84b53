"""Every figure that the schedule counts for large fleets, and those of months that are over."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from musterroll.registry import base_figures, firmwares, keeping, licence_figures, renewals, segments
from musterroll.registry.keeping import Figure
from musterroll.registry.timeline import Slice

_PATIENCE = timedelta(minutes=10)  # from one count of a large fleet to the next
_TREND = timedelta(hours=1)
_MONTHS_AT_ONCE = 3  # ends of months counted in one turn of a large fleet: each takes a whole run
_MONTHS = 3  # whose bridge is kept


def due(session: Session, now: datetime) -> list[Figure[Any]]:
    """What to count now: of a large fleet all that is slow to count, of any fleet days and ends of months; nothing that is fresh."""
    months = licence_figures.due(session, now)
    days: list[Figure[Any]] = [base_figures.TREND] if keeping.older(session, base_figures.TREND, now - _TREND) else []
    if not keeping.large(session):
        return [*days, *months]
    slices: list[Figure[Any]] = [base_figures.sliced(by) for by in Slice if by not in (Slice.ACCOUNT, Slice.SITE)]
    bridges: list[Figure[Any]] = [base_figures.month_figure(first) for first in base_figures.months(now)[:_MONTHS]]
    steady: list[Figure[Any]] = [firmwares.KNOWN, base_figures.PLACES, renewals.DUES, renewals.RATES]
    every = [*steady, licence_figures.TODAY, *slices, *bridges, *segments.figures(session)]
    old = [one for one in every if keeping.older(session, one, now - _PATIENCE)]
    return [*days, *old, *months[:_MONTHS_AT_ONCE]]
