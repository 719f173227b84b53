"""The search: its page without script, the part below the field in the header, REST and the command."""

import json

from click.testing import CliRunner
from musterroll.cli import cli
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.access import User
from musterroll.usecases.access import users as access_users
from sqlmodel import select

from tests.server.web.conftest import Visitor
from tests.support import sample_fleet


def test_the_search_leads_to_the_only_thing_of_that_number_and_lists_others(visitor: Visitor) -> None:
    assert 'action="/search"' in visitor.get("/fleet").text
    assert visitor.get("/search?q=C-103").location == "/contracts/C-103"
    listed = visitor.get("/search?q=marram").text
    assert 'href="/accounts/A00001"' in listed
    assert ">name</span>" in listed
    part = visitor.get("/search?q=C-103", headers={"HX-Request-Type": "partial"}).text
    assert 'href="/contracts/C-103"' in part
    assert "<html" not in part
    assert 'href="/renewals"' in visitor.get("/search?q=renew").text
    assert "Nothing matches" in visitor.get("/search?q=zzzz").text
    hostile = visitor.get("/search", query_string={"q": sample_fleet.HOSTILE}).text
    assert "<script>alert" not in hostile


def test_the_search_is_the_same_over_rest_and_on_the_command_line(visitor: Visitor, fleet_database: Database) -> None:
    body = visitor.get("/api/v1/search?q=c-10&limit=2").json
    assert ([hit["key"] for hit in body["items"]], body["more"]) == (["C-101", "C-102"], ["contract"])
    assert visitor.get("/api/v1/search?q=c-10&kind=account").json == {"items": [], "more": []}
    env = {"MUSTERROLL_DATABASE_URL": str(fleet_database.url)}
    printed = CliRunner().invoke(cli, ["search", "c-10", "--limit", "2", "--json"], env=env).stdout
    assert [hit["key"] for hit in json.loads(printed)] == ["C-101", "C-102"]


def test_fields_that_ask_for_an_account_take_its_name(visitor: Visitor, fleet_database: Database) -> None:
    for address in ("/findings", "/renewals", "/invoices", "/incidents", "/fleet"):
        assert visitor.get(f"{address}?account=skerry+pumps+ag&text=x").location == f"{address}?account=A00002&text=x"
    assert visitor.get("/findings?account=A00002").status_code == 200
    visitor.post("/users", name="Orla", role="viewer", accounts="Skerry Pumps AG, A00001")
    with fleet_database.read_only() as session:
        user = session.exec(select(User).where(User.name == "Orla")).one()
        assert access_users.account_refs(session, user.within) == ["A00001", "A00002"]
