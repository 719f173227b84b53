"""A planner and the next quarter: read it, ask what if, keep it, set it beside, take it along."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from musterroll.storage.engine.database import Database
from musterroll.usecases.access import sessions as access_sessions
from musterroll.usecases.capacity import plans as capacity_plans
from playwright.sync_api import Page, expect

from tests.support import fleet_history, sample_fleet
from tests.support.site import DESK, PHONE, Site, served

pytestmark = pytest.mark.browser


def fill(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        access_sessions.ensure_admin(session, sample_fleet.PASSWORD, now)
    fleet_history.fill(database, now, units=60)
    with database.snapshot() as session:
        prepared = capacity_plans.prepare(session, now)
    with database.transaction() as session:
        capacity_plans.keep(session, prepared)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site"), fill) as site:
        yield site


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone at night", "desk"])
def test_the_pages_are_accessible_fit_and_hold_still(visit: Callable[..., Page], size: tuple[int, int], scheme: str) -> None:
    page = visit(size, color_scheme=scheme)
    for address in ("/capacity", "/capacity/products/1", "/capacity/products/1?by=site", "/capacity/deliveries", "/capacity/compare"):
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} scrolls sideways"
        assert page.evaluate("window.shift") < 0.01, f"{address} shifts"
        assert Axe().run(page).violations_count == 0, address


def test_a_slider_moves_the_estimate_and_the_scenario_goes_along(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit(DESK)
    page.goto("/capacity")
    before = page.locator(".expect b").nth(1).inner_text()
    slider = page.get_by_role("slider", name="Incident rate")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-of=incident_rate]")).to_have_text("150")
    expect(page.locator(".expect b").nth(1)).not_to_have_text(before)
    page.get_by_label("Save as scenario").fill("Hot summer")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("row", name="Incident rate")).to_contain_text("150")
    with page.expect_download() as download:
        page.get_by_role("link", name="XLSX").click()
    download.value.save_as(tmp_path / "plan.xlsx")
    book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
    assert [cell.value for cell in book["Assumptions"][1]][4:] == ["defaults", "Hot summer"]
