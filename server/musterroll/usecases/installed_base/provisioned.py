"""Units provisioned and active, by segment, product and account, beside the licences sold."""

from datetime import datetime

from pydantic import TypeAdapter
from sqlmodel import Session

from musterroll.domain.installed_base.provisioned import Provisioned
from musterroll.domain.values.instants import to_ms
from musterroll.storage.installed_base import provisioned as counted
from musterroll.usecases.installed_base.licences import LicenceBreakdown
from musterroll.usecases.operations import figure_cache as cached_figures
from musterroll.usecases.operations.figure_cache import CountedFigure, Figure

ByName = dict[str, Provisioned]


def provisioned(session: Session, now: datetime) -> CountedFigure[dict[LicenceBreakdown, ByName]]:
    return cached_figures.counted_figure(session, PROVISIONED, now)


def _count(session: Session, now: datetime) -> dict[LicenceBreakdown, ByName]:
    return {by: counted.count(session, by.value, to_ms(now)) for by in LicenceBreakdown}


PROVISIONED: Figure[dict[LicenceBreakdown, ByName]] = Figure("provisioned", TypeAdapter(dict[LicenceBreakdown, ByName]), _count)
