"""Twenty things as people name them, each found in one step, on both databases; and what a role or limited accounts leave out."""

from datetime import datetime

from musterroll.domain.access import Role
from musterroll.domain.units.mac_addresses import mac_key
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.contacts import Contact
from musterroll.storage.tables.contracts import Contract, Invoice
from musterroll.storage.tables.units import Unit
from musterroll.usecases.access import users as access_users
from musterroll.usecases.search.search import search
from sqlmodel import Session, select

from tests.support import sample_fleet
from tests.support.sample_fleet import LATE, OPERATING, STALE

MAC = "D8-3A-DD-4F-00-1B"
# What is typed, pasted or scanned: the kind and name of the first hit, and the field that matches.
THINGS = {
    "k400-mvx7": ("unit", OPERATING, "serial"),
    "TN5520": ("unit", STALE, "serial"),
    "u000k400mvx7": ("unit", OPERATING, "unit ID"),
    "https://registry.example/u/u000k400mvx7": ("unit", OPERATING, "serial"),
    "(01)09506000134352(21)K400MVX7": ("unit", OPERATING, "serial"),
    "K4O0MVX7": ("unit", sample_fleet.TWIN, "serial"),
    "INV-0042": ("unit", LATE, "asset tag"),
    "Pump-Room-7": ("unit", STALE, "host name"),
    "d8:3a:dd:4f:00:1b": ("unit", LATE, "MAC address"),
    "A00002": ("account", "Skerry Pumps AG", "number"),
    "larkspur": ("account", "Larkspur Hospitals", "name"),
    "www.marram.example": ("account", "Marram Freight B.V.", "website"),
    "lyon nord": ("site", "Lyon Nord", "name"),
    "T12 XY34": ("site", "Cork 2", "postcode"),
    "c-103": ("contract", "C-103", "number"),
    "sub_9001": ("contract", "C-101", "subscription"),
    "t-4711": ("incident", "T-4711", "number"),
    "corvid cx-640": ("product", "Corvid CX-640 Controller", "model"),
    "orla": ("contact", "Orla Byrne", "name"),
    "dispatcher": ("user", "Dispatcher", "name"),
}


def fill(session: Session, now: datetime) -> None:
    """Names that the sample fleet does not have."""
    units = {unit.serial: unit for unit in session.exec(select(Unit))}
    units[LATE].asset_tag, units[LATE].mac = "INV-0042", mac_key(MAC)
    units[STALE].hostname = "pump-room-7"
    cork = session.exec(select(Site).where(Site.name == "Cork 2")).one()
    cork.postcode = "T12 XY34"
    contract = session.exec(select(Contract).where(Contract.ref == "C-101")).one()
    session.get_one(Invoice, contract.id).subscription = "SUB_9001"
    skerry = session.exec(select(Account).where(Account.ref == "A00002")).one()
    session.add(Contact(ref="K1", account_id=skerry.id, first_name="Orla", last_name="Byrne", email="orla@skerry.example"))
    access_users.create(session, "Dispatcher", Role.VIEWER, None, actor="test", now=now)


def test_each_of_twenty_things_is_found_in_one_step(database: Database, now: datetime) -> None:
    sample_fleet.fill(database, now, others=4)
    with database.transaction() as session:
        fill(session, now)
    with database.read_only() as session:
        for text, wanted in THINGS.items():
            hit = search(session, text, now, Role.ADMIN)[0].hits[0]
            assert (hit.kind, hit.name, hit.matched) == wanted, text
        assert search(session, "  \0 ", now, Role.ADMIN) == search(session, "no such thing", now, Role.ADMIN) == []
        assert search(session, "100%_\\", now, Role.ADMIN) == []
        assert [group.kind for group in search(session, "dispatcher orla", now, Role.ADMIN)] == []
        assert "user" not in {group.kind for group in search(session, "dispatcher", now, Role.PLANNER)}
        assert search(session, "orla", now, Role.VIEWER) == []
        assert search(session, "pumps", now, Role.ADMIN, most=1)[0].more is False
        assert [len(group.hits) for group in search(session, "c-", now, Role.ADMIN, most=2) if group.more] == [2]
        own = session.exec(select(Account.id).where(Account.ref == "A00001")).one()
    with database.read_only([own or 0]) as session:
        for text in ("Skerry", "Cork 2", "C-103", "T-4711", STALE, "orla", "dispatcher", MAC):
            assert search(session, text, now, Role.ADMIN) == [], text
        assert search(session, OPERATING, now, Role.VIEWER)[0].hits[0].name == OPERATING
