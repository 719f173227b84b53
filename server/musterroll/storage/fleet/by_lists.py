"""Deployed units that are known from imported lists only: how many of them count as operating, and how many are unknown by now."""

from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.domain.liveness import OPERATING, ListeningWindow, Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.fleet import filters as fleet_filters
from musterroll.storage.liveness.states import liveness, reported_by_import_only
from musterroll.storage.tables.accounts import Site
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit


class ByLists(NamedTuple):
    operating: int
    unknown: int


def deployed(session: Session, heard: ListeningWindow, now: int, accounts: Any = None) -> ByLists:
    """Of all deployed units, or of those of some accounts (ids, or a select of them), at `now` (ms)."""
    state = liveness(heard, now).label("state")
    units = select(state, func.count()).select_from(UnitStatus).join(Unit, col(Unit.id) == col(UnitStatus.unit_id))
    units = units.where(col(UnitStatus.listed_at).is_not(None), reported_by_import_only())
    units = units.where(col(Unit.lifecycle) == Lifecycle.DEPLOYED, col(Unit.merged_into_id).is_(None))
    if accounts is not None:
        units = units.outerjoin(Site, col(Site.id) == col(Unit.site_id)).where(fleet_filters.owned_by(accounts))
    counted = {row[0]: row[1] for row in session.execute(units.group_by(state))}
    return ByLists(sum(count for name, count in counted.items() if name in OPERATING), counted.get(Liveness.UNKNOWN, 0))
