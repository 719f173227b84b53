"""Related to a unit: its open incidents, and units it replaces, is replaced by or was merged with."""

from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from musterroll.storage.tables.units import Incident, Unit


class UnitLink(NamedTuple):
    """Another unit, for a link."""

    uid: str
    serial: str


def open_incidents(session: Session, uid: str, limit: int) -> list[Incident]:
    """Open incidents of a unit, newest first."""
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
    """The units whose column `theirs` equals the unit's column `mine`."""
    wanted = select(getattr(Unit, mine)).where(col(Unit.uid) == uid).scalar_subquery()
    query = select(col(Unit.uid), col(Unit.serial)).where(getattr(Unit, theirs) == wanted).order_by(col(Unit.id))
    return [UnitLink(*row) for row in session.execute(query)]
