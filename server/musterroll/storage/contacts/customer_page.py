"""The settings of the customer's page, and what visitors reported."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.domain.contacts.customer_page import VISITOR
from musterroll.storage.engine import bulk
from musterroll.storage.tables.contacts import CustomerLink
from musterroll.storage.tables.money import RegistryOption
from musterroll.storage.tables.units import Incident, Unit

PARTS, HELP = "customer_page", "customer_page_help"


def option(session: Session, name: str) -> RegistryOption | None:
    return session.scalars(select(RegistryOption).where(col(RegistryOption.name) == name)).one_or_none()


def open_reports(session: Session, uid: str) -> int:
    """The open incidents of a unit that visitors reported."""
    query = select(func.count()).select_from(Incident).join(Unit, col(Unit.id) == col(Incident.unit_id))
    mine = (col(Unit.uid) == uid, col(Incident.reported_by) == VISITOR, col(Incident.closed_on).is_(None))
    return session.scalar(query.where(*mine)) or 0


def ended_links(session: Session, uids: Collection[str]) -> dict[str, int]:
    """How often the link of each of these units was ended by itself, where it was."""
    query = select(col(Unit.uid), col(CustomerLink.ended)).join_from(CustomerLink, Unit, col(Unit.id) == col(CustomerLink.unit_id))
    rows = session.execute(query.where(bulk.among(session, col(Unit.uid), uids))) if uids else ()
    return {row.uid: row.ended for row in rows}


def end_link(session: Session, unit_id: int) -> None:
    row = session.get(CustomerLink, unit_id) or CustomerLink(unit_id=unit_id, ended=0)
    row.ended += 1
    session.add(row)
