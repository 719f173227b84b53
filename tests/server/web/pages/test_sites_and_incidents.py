"""The pages of sites and incidents: what is there, who works there, what is open, and where each name leads."""

from datetime import UTC, datetime

from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Site
from musterroll.storage.tables.contacts import Contact
from musterroll.storage.tables.units import Unit
from musterroll.usecases.units import notes
from sqlmodel import select

from tests.server.web.conftest import Visitor
from tests.support.sample_fleet import STALE


def test_a_site_shows_its_units_people_incidents_and_last_work(visitor: Visitor, fleet_database: Database) -> None:
    with fleet_database.transaction() as session:
        unit = session.exec(select(Unit).where(Unit.serial == STALE)).one()
        site = session.get_one(Site, unit.site_id)
        site.latitude, site.longitude, ref, uid = 51.9, -8.47, site.ref, unit.uid
        session.add(Contact(ref="K1", site_id=site.id, first_name="Orla", last_name="Byrne", phone="+353 21 555 0100"))
        notes.note(session, uid, "Key at the gate house", actor="admin", now=datetime.now(UTC))
    assert f'href="/sites/{ref}"' in visitor.get("/sites?text=cork").text
    page = visitor.get(f"/sites/{ref}").text
    for words in ("mlat=51.9&amp;mlon=-8.47", "Orla Byrne", "tel:+353215550100", "Key at the gate house", 'href="/incidents/T-4711"'):
        assert words in page
    assert f'href="/fleet?site={ref}&amp;lifecycle=deployed&amp;liveness=stale"' in page
    assert f'href="/sites/{ref}"' in visitor.get(f"/units/{uid}").text
    assert visitor.get("/search?q=cork 2").location == f"/sites/{ref}"
    assert visitor.get("/sites/none").status_code == 404


def test_an_incident_has_a_page_and_is_closed_there(visitor: Visitor) -> None:
    listed = visitor.get("/incidents?show=open&text=t-47").text
    assert 'href="/incidents/T-4711"' in listed
    page = visitor.get("/incidents/T-4711").text
    assert STALE in page
    assert "still open" in page
    address = "/units/u001tn5520qdmmrtsk/incidents/close"
    assert f'action="{address}"' in page
    assert visitor.post(address, seen="/incidents/T-4711", ref="T-4711").status_code == 303
    assert "still open" not in visitor.get("/incidents/T-4711").text
    assert "T-4711" not in visitor.get("/incidents?show=open").text
    assert visitor.get("/api/v1/incidents/T-4711").json["closed_on"]
    assert visitor.get("/api/v1/incidents/T-0").status_code == 404
    assert visitor.get("/incidents/T-0").status_code == 404
