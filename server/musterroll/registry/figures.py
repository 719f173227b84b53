"""Every figure that the schedule counts for large fleets, and those of months that are over."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from musterroll.registry import base_figures, firmwares, keeping, licence_figures, renewals, segments
from musterroll.registry.keeping import Figure
from musterroll.registry.timeline import Slice

_MONTHS_AT_ONCE = 3  # ends of months counted in one turn: each takes a whole run


def due(session: Session, now: datetime) -> list[Figure[Any]]:
    """What to count now: of a large fleet all, of any fleet the ends of months that nobody counted yet."""
    months = licence_figures.missing(session, now)
    if not keeping.large(session):
        return list(months)
    slices: list[Figure[Any]] = [base_figures.sliced(by) for by in Slice if by not in (Slice.ACCOUNT, Slice.SITE)]
    bridges: list[Figure[Any]] = [base_figures.month_figure(first) for first in base_figures.months(now)[:_MONTHS_AT_ONCE]]
    steady: list[Figure[Any]] = [firmwares.KNOWN, base_figures.TREND, base_figures.PLACES, renewals.DUES, renewals.RATES, licence_figures.TODAY]
    return [*steady, *slices, *bridges, *segments.figures(session), *months[:_MONTHS_AT_ONCE]]
