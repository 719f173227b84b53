"""The settings of the customer's page, and what visitors reported."""

from sqlalchemy import func, select
from sqlmodel import Session, col

from musterroll.domain.contacts.customer_page import VISITOR
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
