"""The sample fleet with contacts, and reminders that wait."""

from datetime import datetime, timedelta

from musterroll.domain.contacts.customer_page import CustomerPage, Part
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.units import Unit
from musterroll.usecases.contacts import customer_page, due
from sqlmodel import Session, select

from tests.support import sample_fleet
from tests.support.documents import take

_HEAD = "Contact ID,Account ID,Site ID,First Name,Last Name,Role,Email,Phone,Language,Consent,Consent Source,Consent Date\n"
CONTACTS = _HEAD + (
    "K1,A00001,,Anna,Vos,Facility manager,anna.vos@marram.example,+49 201 1,de,yes,Order form,2026-01-31\n"
    "K2,A00001,S00001,Ben,Ode,Night shift,ben.ode@marram.example,,en,yes,Trade fair,2025-05-12\n"
    "K3,A00002,,Cleo,Roux,Buyer,cleo@skerry.example,,fr,no,unsubscribe link,2026-03-01\n"
    "K4,A00003,S00003,Dan,Petit,,,+33 4 72 1,,,,\n"
)


def fill(database: Database, now: datetime) -> None:
    sample_fleet.fill(database, now)
    take(database, now, "contacts", CONTACTS)
    ends = [now.date() + timedelta(days) for days in (20, 40)]
    contracts = "".join(f"C-9{number},A00001,2024-01-01,{on},Active\n" for number, on in enumerate(ends))
    take(database, now, "contracts", "Contract Number,Account ID,Start Date,End Date,Status\n" + contracts)
    with database.transaction() as session:
        customer_page.set_page(session, CustomerPage(frozenset(Part), "Call +49 30 1234, Monday to Friday 8 to 17"), "admin", now)
    with database.snapshot() as session:
        rows = due.find_due(session, now)
    with database.transaction() as session:
        due.store_due(session, rows or [], now)


def unit(session: Session) -> str:
    """The unit ID of one that operates."""
    return session.exec(select(Unit.uid).where(Unit.serial == sample_fleet.OPERATING)).one()
