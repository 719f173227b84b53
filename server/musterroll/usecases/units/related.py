"""Related to a unit: open incidents, and the units it replaces, is replaced by or was merged with."""

from typing import NamedTuple

from sqlmodel import Session

from musterroll.storage.tables.units import Incident
from musterroll.storage.units import related as stored
from musterroll.storage.units.related import UnitLink

MOST = 20  # tickets


class RelatedUnits(NamedTuple):
    """`incidents`: open ones, newest first, at most `MOST`."""

    incidents: list[Incident]
    replaced_by: UnitLink | None
    replaces: list[UnitLink]
    merged_into: UnitLink | None
    merged: list[UnitLink]  # into it


def related_units(session: Session, uid: str) -> RelatedUnits:
    """Empty for a unit that is not registered."""
    incidents = stored.open_incidents(session, uid, MOST)
    return RelatedUnits(
        incidents,
        stored.replaced_by(session, uid),
        stored.replaces(session, uid),
        stored.merged_into(session, uid),
        stored.merged(session, uid),
    )
