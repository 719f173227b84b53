"""The capacity pages on a fleet with a history: estimates, scenarios without JavaScript, and the page of a product."""

import re
from datetime import UTC, datetime, timedelta
from io import BytesIO

import openpyxl
import pytest
from musterroll.storage.engine.database import Database
from musterroll.usecases.capacity import plans as capacity_plans

from tests.server.web.conftest import Visitor
from tests.support import fleet_history


@pytest.fixture
def fleet_database(fleet_database: Database) -> Database:
    """Also with a past, and gathered for planning."""
    now = datetime.now(UTC)
    fleet_history.fill(fleet_database, now, units=60)
    with fleet_database.snapshot() as session:
        prepared = capacity_plans.prepare(session, now)
    with fleet_database.transaction() as session:
        capacity_plans.keep(session, prepared)
    return fleet_database


def expected(text: str) -> list[float]:
    """Incidents of the next month and the next quarter."""
    return [float(number.replace(",", "")) for number in re.findall(r'class="expect"><b class="num">([\d.,]+)</b>', text)]


def test_the_estimate_comes_first_with_its_bands_and_its_test(visitor: Visitor) -> None:
    text = visitor.get("/capacity").text
    month, quarter = expected(text)
    assert 0 < month < quarter
    assert "80 % range" in text
    assert text.index("Next month") < text.index("fan-outer") < text.index("Field visits by product") < text.index('id="tested"')
    assert text.index("Next month") < text.index('class="graded"') < text.index("fan-outer")
    assert "fell within the 80 % range" in text


def test_an_assumption_changes_the_estimate_without_javascript(visitor: Visitor) -> None:
    before = expected(visitor.get("/capacity").text)
    form = re.search(r'<form id="assume" method="get" action="/capacity"', visitor.get("/capacity").text)
    assert form
    assert expected(visitor.get("/capacity?incident_rate=200").text)[1] == pytest.approx(2 * before[1], rel=0.05)
    refused = visitor.get("/capacity?incident_rate=lots").text
    assert "Incident_rate must be a number from 10 to 300" in refused
    assert expected(refused) == before


def test_a_scenario_is_kept_compared_exported_and_deleted(visitor: Visitor) -> None:
    answer = visitor.post("/capacity/scenarios", seen="/capacity", name="More of all", deployments="200", absence="12")
    assert answer.headers["Location"] == "/capacity?scenario=More+of+all&deployments=200"
    text = visitor.get("/capacity/compare?with=More+of+all").text
    assert re.search(r'<th scope="row">Deployments <span class="faint">%</span></th><td>100</td><td>200</td>', text)
    assert "Absence" not in text
    book = openpyxl.load_workbook(BytesIO(visitor.get("/capacity/plan.xlsx?with=More+of+all").data))
    assert [cell.value for cell in book["Assumptions"][1]][3:] == ["default", "defaults", "More of all"]
    visitor.post("/capacity/scenarios/delete", seen="/capacity", name="More of all")
    assert visitor.get("/capacity/compare?with=More+of+all").status_code == 404


def test_a_number_leads_down_to_its_product(visitor: Visitor) -> None:
    link = re.search(r'href="(/capacity/products/\d+)">Acme Pump 3<', visitor.get("/capacity").text)
    assert link, visitor.get("/capacity").text
    text = visitor.get(link[1]).text
    assert "Annual failure rate" in text
    assert "Kaplan-Meier" in text
    assert "cohort-1" in text
    assert "Failures per unit and year by age" in text
    assert "Firmware now" in visitor.get(f"{link[1]}?by=firmware").text
    other = re.search(r'<option value="(\d+)">Acme Pump 4', text)
    assert other, text
    assert "log-rank test, p = " in visitor.get(f"{link.group(1)}?with={other.group(1)}").text
    assert visitor.get(f"{link.group(1)}?with=999999").status_code == 404
    assert visitor.get("/capacity/products/999999").status_code == 404


def test_a_product_has_a_slider_for_its_deployments(visitor: Visitor) -> None:
    text = visitor.get("/capacity").text
    names = dict(re.findall(r'name="(deployed-\d+)" type="range" min="0" max="[\d.]+" step="[\d.]+" value="([\d.]+)"', text))
    assert names
    number = next(iter(names))
    unmoved = "&".join(f"{name}={value}" for name, value in names.items())
    assert "as set" not in visitor.get(f"/capacity?{unmoved}").text
    moved = visitor.get(f"/capacity?{unmoved}&{number}=500".replace(f"{number}={names[number]}&", "")).text
    assert "deployed as set: 500 units a month" in moved
    assert expected(moved)[1] > expected(text)[1]
    answer = visitor.post("/capacity/scenarios", seen="/capacity", name="Launch", **{**names, number: "500"})
    assert re.search(r"scenario=Launch&deployed=[^&]+%3D500$", answer.headers["Location"])
    assert "deployed as set: 500" in visitor.get(answer.headers["Location"]).text
    assert "Showing the defaults" in visitor.get(f"/capacity?{number}=lots").text


def test_the_verdict_of_the_back_test_stands_beside_the_number(visitor: Visitor) -> None:
    words = re.findall(r'class="verdict is-(\w+)" href="#tested"[^>]*>(\w+)<', visitor.get("/capacity").text)
    assert len(words) == 2
    assert all(word.lower() == name for name, word in words)


def test_live_sliders_get_the_estimate_only(visitor: Visitor) -> None:
    part = visitor.get("/capacity?deployments=150", headers={"HX-Request-Type": "partial"}).text
    assert expected(part)
    assert "<nav" not in part
    assert "What if" not in part


def test_a_delivery_is_planned_on_its_page_and_deleted(visitor: Visitor) -> None:
    on = f"{datetime.now(UTC) + timedelta(days=70):%Y-%m-%d}"
    cells = {"on": on, "maker": "Acme", "model": "Pump 3", "quantity": "400", "next": "/capacity/deliveries"}
    added = visitor.post("/records/deliveries/new", seen="/capacity/deliveries", **cells)
    assert added.headers["Location"] == "/capacity/deliveries"
    assert "400 units of Acme Pump 3" in visitor.get("/capacity").text
    (address,) = re.findall(r'action="(/capacity/deliveries/\d+/delete)"', visitor.get("/capacity/deliveries").text)
    visitor.post(address, seen="/capacity/deliveries")
    assert "None planned" in visitor.get("/capacity/deliveries").text
