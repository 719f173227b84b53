"""Lists of incidents."""

from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, select
from sqlmodel import Session, col

from musterroll.storage.accounts import hierarchy
from musterroll.storage.tables.units import Incident, Unit

_INCIDENTS: Any = select(*Incident.__table__.columns, col(Unit.uid)).outerjoin_from(  # type: ignore[attr-defined]
    Incident, Unit, col(Unit.id) == col(Incident.unit_id)
)


class IncidentFilter(NamedTuple):
    """Which incidents; all given fields must match."""

    account_id: int | None = None  # of its units; includes subsidiaries
    uid: str | None = None
    category: str | None = None
    opened_from: date | None = None
    opened_to: date | None = None
    open: bool | None = None


def page(session: Session, filters: IncidentFilter, before_id: int | None, limit: int) -> list[Row[Any]]:
    """Incidents, newest first, before row `before_id`; each with the `uid` of its unit if registered."""
    i = Incident
    where: list[ColumnElement[bool]] = []
    if before_id is not None:
        where.append(col(i.id) < before_id)
    if filters.account_id is not None:
        where.append(col(Unit.account_id).in_(hierarchy.subtree(filters.account_id)))
    if filters.uid is not None:
        where.append(col(Unit.uid) == filters.uid)
    if filters.category is not None:
        where.append(col(i.category) == filters.category)
    if filters.opened_from is not None:
        where.append(col(i.opened_on) >= filters.opened_from)
    if filters.opened_to is not None:
        where.append(col(i.opened_on) <= filters.opened_to)
    if filters.open is not None:
        where.append(col(i.closed_on).is_(None) if filters.open else col(i.closed_on).is_not(None))
    return list(session.execute(_INCIDENTS.where(*where).order_by(col(i.id).desc()).limit(limit)))


def of_unit(session: Session, uid: str, ref: str) -> Incident | None:
    """An incident of this unit by number, locked until the transaction ends."""
    if "\0" in uid + ref:
        return None  # PostgreSQL rejects NUL even in comparisons
    query = select(Incident).join(Unit, col(Unit.id) == col(Incident.unit_id)).where(col(Unit.uid) == uid, col(Incident.ref) == ref)
    return session.execute(query.with_for_update(of=Incident)).scalar_one_or_none()
