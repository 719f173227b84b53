"""Lists of incidents."""

from collections.abc import Callable
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlmodel import Session, col

from musterroll.storage.accounts import hierarchy
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.units import Incident, Unit

_PLACE: tuple[Any, ...] = (col(Account.ref).label("account_ref"), col(Account.name).label("account_name"))
_PLACE += (col(Site.ref).label("site_ref"), col(Site.name).label("site_name"))
_INCIDENTS: Any = (
    select(*Incident.__table__.columns, col(Unit.uid), *_PLACE)  # type: ignore[attr-defined]
    .outerjoin_from(Incident, Unit, col(Unit.id) == col(Incident.unit_id))
    .outerjoin(Account, col(Account.id) == func.coalesce(Unit.account_id, Incident.account_id))
    .outerjoin(Site, col(Site.id) == col(Unit.site_id))
)
_AFTER_ALL = "\U0010ffff"


class IncidentFilter(NamedTuple):
    """Which incidents; all given fields must match."""

    account_id: int | None = None  # of its units; includes subsidiaries
    uid: str | None = None
    category: str | None = None
    opened_from: date | None = None
    opened_to: date | None = None
    open: bool | None = None
    site_id: int | None = None  # where its unit is
    site: str | None = None  # the same, by number
    begins: str | None = None  # its number, in either case


def page(session: Session, filters: IncidentFilter, before_id: int | None, limit: int) -> list[Row[Any]]:
    """Incidents, newest first, before row `before_id`; each with the `uid` and place of its unit if registered."""
    where = _where(filters)
    if before_id is not None:
        where.append(col(Incident.id) < before_id)
    return list(session.execute(_INCIDENTS.where(*where).order_by(col(Incident.id).desc()).limit(limit)))


def _where(filters: IncidentFilter) -> list[ColumnElement[bool]]:
    i = Incident
    ways: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (filters.account_id, lambda value: col(Unit.account_id).in_(hierarchy.subtree(value))),
        (filters.uid, lambda value: col(Unit.uid) == value),
        (filters.category, lambda value: col(i.category) == value),
        (filters.opened_from, lambda value: col(i.opened_on) >= value),
        (filters.opened_to, lambda value: col(i.opened_on) <= value),
        (filters.open, lambda value: col(i.closed_on).is_(None) if value else col(i.closed_on).is_not(None)),
        (filters.site_id, lambda value: col(Unit.site_id) == value),
        (filters.site, lambda value: col(Unit.site_id) == select(col(Site.id)).where(col(Site.ref) == value).scalar_subquery()),
        (filters.begins, begins),
    )
    return [way(value) for value, way in ways if value is not None]


def begins(text: str) -> ColumnElement[bool]:
    """Incidents whose number begins with a text, in either case: there may be millions, and their index is read."""
    ref = col(Incident.ref)
    return or_(*((ref >= start) & (ref < start + _AFTER_ALL) for start in sorted({text, text.upper()})))


def by_ref(session: Session, ref: str) -> Row[Any] | None:
    """One incident with the columns of `page`."""
    if "\0" in ref:
        return None  # PostgreSQL rejects NUL even in comparisons
    row: Row[Any] | None = session.execute(_INCIDENTS.where(col(Incident.ref) == ref)).one_or_none()
    return row


def of_unit(session: Session, uid: str, ref: str) -> Incident | None:
    """An incident of this unit by number, locked until the transaction ends."""
    if "\0" in uid + ref:
        return None  # PostgreSQL rejects NUL even in comparisons
    query = select(Incident).join(Unit, col(Unit.id) == col(Incident.unit_id)).where(col(Unit.uid) == uid, col(Incident.ref) == ref)
    return session.execute(query.with_for_update(of=Incident)).scalar_one_or_none()
