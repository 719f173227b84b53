"""Incidents as lists show them."""

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
    """Which incidents; every given field must hold."""

    account_id: int | None = None  # of units of this account and of all below it
    uid: str | None = None
    category: str | None = None
    opened_from: date | None = None
    opened_to: date | None = None
    open: bool | None = None


def page(session: Session, wanted: IncidentFilter, before_id: int | None, limit: int) -> list[Row[Any]]:
    """Incidents, the last recorded first, before row `before_id`; each with the `uid` of its unit where that is on the roll."""
    i = Incident
    where: list[ColumnElement[bool]] = []
    if before_id is not None:
        where.append(col(i.id) < before_id)
    if wanted.account_id is not None:
        where.append(col(Unit.account_id).in_(hierarchy.subtree(wanted.account_id)))
    if wanted.uid is not None:
        where.append(col(Unit.uid) == wanted.uid)
    if wanted.category is not None:
        where.append(col(i.category) == wanted.category)
    if wanted.opened_from is not None:
        where.append(col(i.opened_on) >= wanted.opened_from)
    if wanted.opened_to is not None:
        where.append(col(i.opened_on) <= wanted.opened_to)
    if wanted.open is not None:
        where.append(col(i.closed_on).is_(None) if wanted.open else col(i.closed_on).is_not(None))
    return list(session.execute(_INCIDENTS.where(*where).order_by(col(i.id).desc()).limit(limit)))


def of_unit(session: Session, uid: str, ref: str) -> Incident | None:
    """An incident by its number, where it is on this unit; nobody else changes it until the transaction ends."""
    if "\0" in uid + ref:
        return None  # PostgreSQL will not even compare one
    query = select(Incident).join(Unit, col(Unit.id) == col(Incident.unit_id)).where(col(Unit.uid) == uid, col(Incident.ref) == ref)
    return session.execute(query.with_for_update(of=Incident)).scalar_one_or_none()
