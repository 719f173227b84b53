"""What stands around one unit: its tickets, and the units it gave way to or took over from."""

from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.tables.units import Incident, Unit


class UnitLink(NamedTuple):
    """Another unit, as a link needs it."""

    uid: str
    serial: str


def open_incidents(session: Session, uid: str, limit: int) -> list[Incident]:
    """Tickets about a unit that are not closed, newest first."""
    of_unit = select(Incident).join(Unit, col(Unit.id) == col(Incident.unit_id)).where(col(Unit.uid) == uid)
    newest = of_unit.where(col(Incident.closed_on).is_(None)).order_by(col(Incident.opened_on).desc(), col(Incident.id).desc())
    return list(session.scalars(newest.limit(limit)))


def replaced_by(session: Session, uid: str) -> UnitLink | None:
    return next(iter(_others(session, uid, "replaced_by_id", "id")), None)


def replaces(session: Session, uid: str) -> list[UnitLink]:
    return _others(session, uid, "id", "replaced_by_id")


def merged_into(session: Session, uid: str) -> UnitLink | None:
    return next(iter(_others(session, uid, "merged_into_id", "id")), None)


def merged(session: Session, uid: str) -> list[UnitLink]:
    """The units that were merged into this one."""
    return _others(session, uid, "id", "merged_into_id")


def _others(session: Session, uid: str, mine: str, theirs: str) -> list[UnitLink]:
    """The units whose column `theirs` is what the unit has as `mine`."""
    wanted = select(getattr(Unit, mine)).where(col(Unit.uid) == uid).scalar_subquery()
    query = select(col(Unit.uid), col(Unit.serial)).where(getattr(Unit, theirs) == wanted).order_by(col(Unit.id))
    return [UnitLink(*row) for row in session.execute(query)]
