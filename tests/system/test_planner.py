"""A planner before the quarterly review: the whole story at a desk, on a fleet whose records were imported."""

import io
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from axe_playwright_python.sync_playwright import Axe
from musterroll.storage.engine.database import Database
from playwright.sync_api import Locator, Page, expect

from tests.support import planner_fleet, sample_usage
from tests.support.site import DESK, PHONE, Site, served

pytestmark = pytest.mark.browser

ADDRESSES = (
    *("/installed-base", "/installed-base?by=age&account=A00001", "/installed-base/map", "/accounts", "/accounts/A00001"),
    *("/renewals?only=falling", "/contracts", "/contracts/C-201", "/licences?by=each", "/licences/lines", "/targets"),
    *("/segments", "/segments/attach", "/segments/near-end", "/segment-pairs"),
    *("/fleet?cells=011&warranty=yes", "/worth", "/limits", "/definitions", "/usage?counter=pages&breakdown=cohort"),
    *("/customers", "/customers/list?who=now", "/invoices"),
    "/accounts/A00001?counter=pages&period=week",
)
PICTURES = os.environ.get("PICTURES")  # a folder: the story's pictures are kept there


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site"), _fill) as site:
        yield site


def _fill(database: Database, now: datetime) -> None:
    planner_fleet.fill(database, now)
    sample_usage.fill(database, now)


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone at night", "desk"])
def test_every_page_of_a_planner_is_accessible_fits_and_holds_still(visit: Callable[..., Page], size: tuple[int, int], scheme: str) -> None:
    page = visit(size, color_scheme=scheme)
    axe = Axe()
    for address in ADDRESSES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{address} scrolls sideways"
        assert page.evaluate("window.shift") < 0.01, f"{address} shifts"
        found = [f"{v['id']}: {n['html']}" for v in axe.run(page).response["violations"] if _grave(v) for n in v["nodes"]]
        assert found == [], address


def _open_definition(page: Page, address: str, name: str) -> Locator:
    page.goto(address)
    page.get_by_role("button", name=f"Definition of {name}", exact=True).press("Enter")
    return page.get_by_role("dialog", name=name, exact=True)


@pytest.mark.parametrize(("address", "name"), [("/installed-base", "Operating share"), ("/worth", "At stake")])
@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_definition_opens_by_keyboard_beside_its_figure(
    visit: Callable[..., Page], size: tuple[int, int], address: str, name: str
) -> None:
    page = visit(size)
    definition = _open_definition(page, address, name)
    expect(definition).to_be_in_viewport(ratio=1)
    _picture(page, f"definition{address.replace('/', '-')}-{size[0]}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("window.shift") < 0.01
    assert [v["id"] for v in Axe().run(page).response["violations"] if _grave(v)] == []
    small = "[...document.querySelectorAll('.define')].filter(mark => mark.offsetWidth < 24 || mark.offsetHeight < 24).length"
    assert page.evaluate(small) == 0
    page.keyboard.press("Escape")
    expect(definition).to_be_hidden()


def test_a_definition_opens_without_script(visit: Callable[..., Page]) -> None:
    definition = _open_definition(visit(PHONE, java_script_enabled=False), "/reconciliation", "Contracted")
    expect(definition).to_contain_text("Contracts in force today")


def test_the_base_is_read_from_its_size_down_to_the_units_that_fell_silent(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.get_by_role("link", name="Installed base").click()
    expect(page.get_by_role("heading", name="Installed base")).to_be_visible()
    _picture(page, "base")
    page.goto(f"/installed-base?month={datetime.now(UTC) - timedelta(15):%Y-%m}")  # of which more than the first days are over
    page.locator(".falls tr", has_text="Gone silent").get_by_role("link").click()
    expect(page.get_by_role("heading", name="Gone silent: -")).to_be_visible()
    silent = page.locator("tbody tr").count()
    expect(page.get_by_role("heading", name=f"Gone silent: -{silent}")).to_be_visible()
    page.go_back()
    page.get_by_role("link", name="Countries").click()
    page.locator(".slices tr", has_text="DE").get_by_role("link").nth(1).click()
    expect(page.locator(".chips")).to_contain_text("country DE")
    page.get_by_placeholder("Save this filter as a segment").fill("German base")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="German base")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No saved filters yet")).to_be_visible()


def test_a_mark_of_the_map_leads_to_its_site(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/installed-base/map")
    while page.url.endswith("map") or "box=" in page.url:
        page.locator(".map a").last.click()
    assert "/fleet?site=" in page.url


def test_renewals_show_where_activity_falls_and_which_units_are_silent(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/renewals")
    _picture(page, "renewals")
    page.get_by_role("link", name="contracts of accounts").click()
    for row in page.locator(".renewals tbody tr").all():
        expect(row).to_contain_text("Larkspur Hospitals")
    page.get_by_role("link", name="C-205").click()
    page.get_by_role("link", name="Show units").click()
    expect(page.locator(".chips")).to_contain_text("on contract C-205")
    assert page.locator("tbody tr .is-stale").count() == page.locator("tbody tr").count() > 0


def test_licences_are_compared_with_a_target(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/targets")
    form = page.get_by_role("form", name="Set a target")
    form.get_by_label("Target licences, or %").fill("240")
    form.get_by_role("button", name="Set target").click()
    _picture(page, "targets")
    page.get_by_role("link", name="Active licences").click()
    _picture(page, "target")
    page.goto("/licences")
    expect(page.get_by_text("Below target").first).to_be_visible()


def test_a_segment_goes_to_the_mailing_tool(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit(DESK)
    page.goto("/segments")
    _picture(page, "segments")
    page.get_by_role("link", name="Attach opportunity").click()
    units = int(page.locator(".figure a").first.inner_text())
    with page.expect_download() as download:
        page.get_by_role("link", name="Accounts, CSV").click()
    download.value.save_as(tmp_path / "accounts.csv")
    heading, *rows = (tmp_path / "accounts.csv").read_text().splitlines()
    assert heading.startswith("account,name,parent,website,phone")
    assert sum(int(row.split(",")[8]) for row in rows) == units


def test_a_file_with_foreign_headings_is_mapped_saved_read_committed_and_undone(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/imports")
    page.get_by_label("2. Sites").check()
    csv = b"Standort,Kunde,Bezeichnung\nS00001,A00001,Essen One\nS00099,A00001,Essen 9\n"
    page.locator("input[type=file]").set_input_files({"name": "standorte.csv", "mimeType": "text/csv", "buffer": csv})
    page.get_by_role("button", name="Preview changes").click()
    mapping = page.get_by_role("region", name="Column mapping")
    mapping.get_by_label("Standort").select_option("ref")
    mapping.get_by_label("Kunde").select_option("account")
    mapping.get_by_label("Bezeichnung").select_option("name")
    page.get_by_label("Save mapping as").fill("Marram")
    page.get_by_role("button", name="Re-read with this mapping").click()
    expect(page.get_by_text("Mapping saved as Marram")).to_be_visible()
    page.get_by_role("button", name="Import 2 rows").click()
    page.get_by_role("button", name="Undo import").click()
    expect(page.get_by_text("undone")).to_be_visible()
    page.goto("/imports?kind=sites")
    expect(page.locator("select[name=mapping]")).to_contain_text("Marram (sites)")


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone at night", "desk"])
def test_the_questions_of_an_import_are_accessible_fit_and_are_answered(
    visit: Callable[..., Page], size: tuple[int, int], scheme: str
) -> None:
    page = visit(size, color_scheme=scheme)
    page.goto("/imports?kind=units")
    rows = ("Teil;Bauart;Zustand;Seit;Kunde", "ZX1001;Pump 3;Quux;1/2/2025;K-1", "ZX1002;Pump 3;Quux;3/4/2025;K-2", "ZX1003;P;Quux;;")
    csv = "\n".join(rows).encode()
    page.locator("input[type=file]").set_input_files({"name": "teile.csv", "mimeType": "text/csv", "buffer": csv})
    page.get_by_role("button", name="Preview changes").click()
    expect(page.get_by_role("button", name="Use column").first).to_be_visible()
    _accessible(page)
    page.get_by_role("button", name="Use column").first.click()  # the likeliest: the serial
    page.get_by_label("Or one Manufacturer for all rows").fill("Acme")
    page.get_by_role("button", name="Use value").first.click()
    page.get_by_label("Or one Model for all rows").fill("Pump")
    page.get_by_role("button", name="Use value").first.click()
    page.get_by_role("region", name="Column mapping").get_by_label("Seit").select_option("installed_on")
    page.get_by_role("region", name="Column mapping").get_by_label("Zustand").select_option("lifecycle")
    page.get_by_role("button", name="Re-read with this mapping").click()
    expect(page.get_by_role("button", name="day first")).to_be_visible()
    _accessible(page)
    page.get_by_role("button", name="day first").click()
    page.get_by_label("What does the Status").select_option("stock")
    page.get_by_role("button", name="Use these meanings").click()
    expect(page.get_by_role("button", name="Import 3 rows")).to_be_visible()
    expect(page.locator(".questions")).to_have_count(0)
    _accessible(page)


def _accessible(page: Page) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "scrolls sideways"
    assert [f"{v['id']}: {n['html']}" for v in Axe().run(page).response["violations"] if _grave(v) for n in v["nodes"]] == []


def test_twins_are_merged_side_by_side_and_parted_again(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/possible-duplicates")
    count = page.locator("article").count()
    page.get_by_role("button", name="Merge").first.click()
    expect(page.get_by_role("status")).to_contain_text("Done")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("article")).to_have_count(count)


def test_the_menu_says_where_one_is_and_goes_by_arrow_keys(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/segments")
    expect(page.locator(".more summary.here")).to_be_visible()
    page.locator(".more summary").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement === [...document.querySelectorAll('.sheet a')].pop()")
    page.keyboard.press("Escape")
    assert not page.locator(".sheet").is_visible()


def _grave(violation: dict[str, str]) -> bool:
    return violation["impact"] in ("serious", "critical")


def _picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"planner-{name}.png")


def test_sheet_heading_row_rows_to_leave_out_and_encoding_are_chosen_on_the_page(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    preview(page, "kunden.xlsx", workbook())
    open_layout(page)
    page.get_by_label("Sheet or file in an archive").fill("Kunden")
    page.get_by_label("Heading row").fill("3")
    page.get_by_label("Rows to leave out").fill("6")
    page.get_by_role("button", name="Re-read with this mapping").click()
    expect(page.get_by_role("button", name="Import 2 rows")).to_be_visible()
    expect(page.get_by_text("Kiebitz GmbH").first).to_be_visible()
    preview(page, "klienci.csv", "Account ID,Account Name\nP1,Łódź Pompy\n".encode("cp1250"))
    for encoding, name in (("windows-1252", "£ódŸ Pompy"), ("windows-1250", "Łódź Pompy")):
        open_layout(page)
        page.get_by_label("Encoding of a text file").fill(encoding)
        page.get_by_role("button", name="Re-read with this mapping").click()
        expect(page.get_by_text(name).first).to_be_visible()


def preview(page: Page, name: str, content: bytes) -> None:
    page.goto("/imports")
    page.get_by_label("1. Accounts").check()
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "application/octet-stream", "buffer": content})
    page.get_by_role("button", name="Preview changes").click()
    expect(page.get_by_text("Layout, dates and numbers")).to_be_visible()


def open_layout(page: Page) -> None:
    """Open the part of the form about the layout, which is open where the file cannot be read."""
    if not page.get_by_label("Heading row").is_visible():
        page.get_by_text("Layout, dates and numbers").click()


def workbook() -> bytes:
    """Two lists of accounts, of which the second begins with a title and has a row that is none."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    first, second = book.active, book.create_sheet("Kunden")
    assert first is not None
    rows = [
        ["Customers"],
        ["as of today"],
        ["Account ID", "Account Name"],
        ["K1", "Kiebitz GmbH"],
        ["K2", "Kranich AG"],
        ["K3", "Left out Ltd"],
    ]
    for sheet, content in ((first, [rows[2], ["N1", "A note"]]), (second, rows)):
        for row in content:
            sheet.append(row)
    book.save(file)
    return file.getvalue()


def test_the_value_of_each_day_is_read_by_keyboard_and_by_pointer(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/usage?counter=pages")
    chart, value = page.get_by_role("slider", name="Use by day"), page.locator(".use-value")
    today = value.inner_text()
    chart.press("ArrowLeft")
    expect(value).not_to_have_text(today)
    expect(chart).to_have_attribute("aria-valuetext", value.inner_text())
    chart.press("End")
    expect(value).to_have_text(today)
    page.locator(".use-bars g").first.hover()
    expect(chart).to_have_attribute("aria-valuenow", "1")
