"""Notes on units, as pages list them."""

from sqlmodel import Session, col, select

from musterroll.storage.note_tables import UnitNote
from musterroll.storage.tables import Unit


def newest(session: Session, uid: str, limit: int) -> list[UnitNote]:
    """Notes on a unit, the newest first."""
    of_unit = select(UnitNote).join(Unit, col(Unit.id) == col(UnitNote.unit_id)).where(col(Unit.uid) == uid)
    return list(session.exec(of_unit.order_by(col(UnitNote.id).desc()).limit(limit)))
