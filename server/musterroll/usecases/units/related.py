"""What a person beside a unit asks next: is a ticket open, and is this still the unit in use?"""

from typing import NamedTuple

from sqlmodel import Session

from musterroll.storage.tables.units import Incident
from musterroll.storage.units import related as stored
from musterroll.storage.units.related import Other

MOST = 20  # tickets


class Surroundings(NamedTuple):
    """`incidents` are the open ones, newest first, at most `MOST`."""

    incidents: list[Incident]
    replaced_by: Other | None
    replaces: list[Other]
    merged_into: Other | None
    merged: list[Other]  # into it


def surroundings(session: Session, uid: str) -> Surroundings:
    """Of a unit that is on the roll; of one that is not, nothing."""
    incidents = stored.open_incidents(session, uid, MOST)
    return Surroundings(
        incidents,
        stored.replaced_by(session, uid),
        stored.replaces(session, uid),
        stored.merged_into(session, uid),
        stored.merged(session, uid),
    )
