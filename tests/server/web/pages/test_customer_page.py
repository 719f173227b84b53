"""The page that a customer opens by the QR code on a unit: only what is allowed, by a signed link, and faults become incidents."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from musterroll.storage.engine.database import Database
from musterroll.usecases.undo.undo import undo

from tests.server.web.conftest import Visitor
from tests.support import sample_fleet

HOME = "https://fleet.example"
SETTINGS = "/contacts/customer-page"


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Flask:
    return make_app(public_url=HOME)


@pytest.fixture
def admin(app: Flask) -> Visitor:
    visitor = Visitor(app.test_client())
    visitor.sign_in()
    return visitor


def link(admin: Visitor, serial: str = sample_fleet.OPERATING) -> str:
    """The path of the link of a unit, as the settings show it."""
    address = re.search(r'href="https://fleet.example(/c/[^"]+)"', admin.get(f"{SETTINGS}?unit={serial}").text)
    assert address, "no link"
    return address[1]


def allow(admin: Visitor, *parts: str) -> None:
    assert admin.post(SETTINGS, seen=SETTINGS, part=list(parts), help="Call +49 30 1234, 8 to 17").status_code == 303


def test_only_what_an_admin_allows_is_shown(app: Flask, admin: Visitor) -> None:
    stranger = Visitor(app.test_client())
    assert "it is off" in admin.get(SETTINGS).text.lower()
    assert "fleet.example/c/" not in admin.get(f"{SETTINGS}?unit={sample_fleet.OPERATING}").text
    allow(admin, "model")
    address = link(admin)
    shown = stranger.get(address)
    assert shown.status_code == 200
    assert sample_fleet.OPERATING in shown.text
    for secret in ("Marram", "Essen", "+49 30", "Report", "A00001", "musterroll-agent"):
        assert secret not in shown.text, secret
    assert shown.headers["Cache-Control"] == "no-store"
    assert "noindex" in shown.headers["X-Robots-Tag"]
    assert stranger.client.post(address, data={"fault": "It hums"}).status_code == 404, "no reports"
    allow(admin, "covered", "help", "report", "account")
    text = stranger.get(address, headers={"Accept-Language": "de"}).text
    assert sample_fleet.OPERATING not in text
    assert "Abgedeckt bis" in text
    assert "+49 30 1234" in text
    assert "Marram" in text
    for wrong in (address[:-1], address.replace("/c/", "/c/x"), "/c/%00", "/c/" + "a" * 3000):
        assert stranger.get(wrong).status_code == 404
    admin.post(f"{SETTINGS}/end-links", seen=SETTINGS)
    assert stranger.get(address).status_code == 404, "a new key ends every link"
    assert stranger.get(link(admin)).status_code == 200
    allow(admin)
    assert stranger.get(address).status_code == 404


def test_the_link_of_one_unit_is_ended_and_others_stay(app: Flask, admin: Visitor) -> None:
    allow(admin, "model")
    stranger = Visitor(app.test_client())
    mine, other = link(admin), link(admin, sample_fleet.STALE)
    uid = re.search(r'name="uid" value="([^"]+)"', admin.get(f"{SETTINGS}?unit={sample_fleet.OPERATING}").text)
    assert uid
    for _ in range(2):
        seen = f"{SETTINGS}?unit={sample_fleet.OPERATING}"
        assert admin.post(f"{SETTINGS}/end-link", seen=seen, uid=uid[1]).status_code == 303
        assert stranger.get(mine).status_code == 404
        mine = link(admin)
        assert stranger.get(mine).status_code == 200
    assert stranger.get(other).status_code == 200
    change = admin.get("/api/v1/changes?limit=1").json["items"][0]
    assert change["subject"] == f"link of the customer's page of {uid[1]} ended"
    assert admin.post(f"{SETTINGS}/end-link", seen=SETTINGS, uid="nobody").status_code == 404


def test_a_reported_fault_is_an_incident_and_reports_are_limited(app: Flask, admin: Visitor, fleet_database: Database) -> None:
    allow(admin, "report")
    address = link(admin)
    client = app.test_client()
    for number, fault in enumerate((" ", "x" * 121)):
        assert client.post(address, data={"fault": fault}, environ_base={"REMOTE_ADDR": f"198.51.100.{number}"}).status_code == 422
    for number in range(5):
        answer = client.post(address, data={"fault": f"It hums {number}\0"}, environ_base={"REMOTE_ADDR": f"203.0.113.{number}"})
        assert "has been reported" in answer.text
    more = client.post(address, data={"fault": "It hums again"}, environ_base={"REMOTE_ADDR": "203.0.113.99"})
    assert "being looked at" in more.text
    incidents = admin.get("/api/v1/incidents?open=true").json["items"]
    reported = [row for row in incidents if row["reported_by"] == "visitor"]
    assert sorted(row["category"] for row in reported) == [f"It hums {number}" for number in range(5)]
    assert {row["serial"] for row in reported} == {sample_fleet.OPERATING}
    assert "reported by a visitor" in admin.get(f"/units/{reported[0]['unit']}").text
    change = admin.get("/api/v1/changes?limit=1").json["items"][0]
    assert change["actor"] == "visitor by QR code"
    with fleet_database.transaction() as session:
        undo(session, change["id"], "kim", datetime.now(UTC))
    same = {"REMOTE_ADDR": "192.0.2.7"}
    codes = [client.post(address, data={"fault": "no"}, environ_base=same).status_code for _ in range(7)]
    assert codes[-1] == 429
    assert codes[0] != 429


def test_labels_carry_the_code_where_an_admin_allows_it(app: Flask, admin: Visitor) -> None:
    allow(admin, "model", "report")
    choice = "page, for anybody"
    assert choice not in admin.get("/labels").text
    allow(admin, "model", "labels")
    labels = admin.post("/labels", seen="/labels", units=sample_fleet.OPERATING, **{"for": "customers"})
    assert choice in labels.text
    assert "Scan for help" in labels.text
    plain = admin.post("/labels", seen="/labels", units=sample_fleet.OPERATING)
    assert "Scan for help" not in plain.text


def test_without_a_public_address_there_is_no_link(make_app: Callable[..., Flask]) -> None:
    admin = Visitor(make_app().test_client())
    admin.sign_in()
    allow(admin, "model", "labels")
    text = admin.get(f"{SETTINGS}?unit={sample_fleet.OPERATING}").text
    assert "MUSTERROLL_PUBLIC_URL" in text
    assert "/c/" not in text
    assert "for anybody" not in admin.get("/labels").text
    unit = admin.get("/api/v1/units?limit=1").json["items"][0]["id"]
    assert admin.get(f"/api/v1/units/{unit}/customer-page").status_code == 409


def test_help_needs_a_text(admin: Visitor) -> None:
    refused = admin.post(SETTINGS, seen=SETTINGS, part=["help"], help=" ")
    assert refused.status_code == 422
    assert "Write how to call for help" in refused.text
