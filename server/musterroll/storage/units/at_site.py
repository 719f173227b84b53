"""The units of one site: by state, and the last work on them that was noted."""

from typing import Any

from sqlalchemy import Row, func, select
from sqlmodel import Session, col

from musterroll.domain.liveness import ListeningWindow, Liveness
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.liveness.states import liveness
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Incident, Unit, UnitNote


def deployed_by_state(session: Session, site_id: int, heard: ListeningWindow, now: int) -> dict[Liveness, int]:
    """The deployed units of a site by liveness at `now` (ms); states without units are left out."""
    state = liveness(heard, now).label("state")
    units = select(state, func.count()).select_from(Unit).outerjoin(UnitStatus, col(UnitStatus.unit_id) == col(Unit.id))
    units = units.where(col(Unit.site_id) == site_id, col(Unit.lifecycle) == Lifecycle.DEPLOYED, col(Unit.merged_into_id).is_(None))
    return {Liveness(row[0]): row[1] for row in session.execute(units.group_by(state))}


def last_note(session: Session, site_id: int) -> Row[Any] | None:
    """The newest note on a unit of a site: `at` (ms), `author`, `text`, and `uid` and `serial` of the unit."""
    columns = (col(UnitNote.at), col(UnitNote.author), col(UnitNote.text), col(Unit.uid), col(Unit.serial))
    notes = select(*columns).join_from(UnitNote, Unit, col(Unit.id) == col(UnitNote.unit_id)).where(col(Unit.site_id) == site_id)
    return session.execute(notes.order_by(col(UnitNote.at).desc(), col(UnitNote.id).desc()).limit(1)).first()


def last_closed(session: Session, site_id: int) -> Row[Any] | None:
    """The incident of a unit of a site that was closed last: `ref` and `closed_on`."""
    incidents = select(col(Incident.ref), col(Incident.closed_on)).join_from(Incident, Unit, col(Unit.id) == col(Incident.unit_id))
    closed = incidents.where(col(Unit.site_id) == site_id, col(Incident.closed_on).is_not(None))
    return session.execute(closed.order_by(col(Incident.closed_on).desc(), col(Incident.id).desc()).limit(1)).first()
