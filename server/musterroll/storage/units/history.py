"""History of a unit: state changes, messages and notes."""

from typing import Any

from sqlalchemy import Row, select, tuple_
from sqlmodel import Session, col

from musterroll.storage.tables.messages import DurableMessage
from musterroll.storage.tables.units import Unit, UnitNote, UnitStateChange


def transitions(session: Session, unit_id: int, before: int | None, limit: int) -> list[Row[Any]]:
    t = UnitStateChange
    query = select(col(t.id), col(t.at), col(t.axis), col(t.old), col(t.new), col(t.cause), col(t.actor)).where(
        col(t.unit_id) == unit_id, col(t.withdrawn_at).is_(None)
    )
    if before is not None:
        query = query.where(col(t.id) < before)
    return list(session.execute(query.order_by(col(t.id).desc()).limit(limit)))


def messages(session: Session, unit_id: int, before: tuple[int, int] | None, limit: int) -> list[Row[Any]]:
    m = DurableMessage
    columns = (col(m.epoch), col(m.seq), col(m.about), col(m.at), col(m.received_at), col(m.body))
    query = select(*columns).where(col(m.unit_id) == unit_id)
    if before is not None:
        query = query.where(tuple_(col(m.epoch), col(m.seq)) < before)
    return list(session.execute(query.order_by(col(m.epoch).desc(), col(m.seq).desc()).limit(limit)))


def newest(session: Session, uid: str, limit: int) -> list[UnitNote]:
    """Notes on a unit, newest first."""
    of_unit = select(UnitNote).join(Unit, col(Unit.id) == col(UnitNote.unit_id)).where(col(Unit.uid) == uid)
    return list(session.scalars(of_unit.order_by(col(UnitNote.id).desc()).limit(limit)))
