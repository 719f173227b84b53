"""The pages in Chromium, on the real application behind a real server, as a phone and as a desk see them."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from musterroll.usecases.liveness import pause_alerts
from playwright.sync_api import Browser, Page, Response, expect

from tests.support import doubtful_unit, sample_fleet, sample_outage, sample_sources
from tests.support.sample_sources import NEW
from tests.support.site import DESK, PHONE, Site, sign_in

pytestmark = pytest.mark.browser

ADDRESSES = {
    "look-up": "/",
    "search": "/search",
    "search results": "/search?q=marram",
    "operating": "/?code=K400MVX7",
    "silent": "/?code=tn5520-qdm-mrtsk",
    "several makers": "/?code=100200300",
    "twins": "/?code=K40OMVX7",
    "unit": "/units/u000k400mvx7",
    "silent unit": "/units/u001tn5520qdmmrtsk?span=28d",
    "deploy": "/units/u000k400mvx7/deploy",
    "labels": "/labels?units=K400MVX7,TN5520QDMMRTSK&skip=1",
    "fleet": "/fleet",
    "stale fleet": "/fleet?liveness=stale&text=T",
    "outages": "/outages",
    "sites": "/sites",
    "site": "/sites/S00002",
    "incidents": "/incidents",
    "incident": "/incidents/T-4711",
    "replaced": "/?code=K2207TRA",
    "reconciliation": "/reconciliation",
    "findings": "/findings",
    "finding": "/findings/1",
    "imports": "/imports",
    "import": "/imports/3",
    "proposals": "/possible-duplicates",
    "enrolment": "/enrolment",
    "quarantine": "/quarantine",
    "notifications": "/notifications",
    "new rule": "/notifications/new",
    "rule": "/notifications/2",
    "message": "/notifications/messages/1",
    "calendar": "/calendar",
    "products": "/products",
    "product": "/products/1",
    "policy": "/products/policies/new",
    "audit": "/audit",
    "change": "/audit/1",
    "health": "/health",
}


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone at night", "desk"])
def test_every_page_is_accessible_fits_and_holds_still(visit: Callable[..., Page], size: tuple[int, int], scheme: str) -> None:
    check(visit(size, color_scheme=scheme), ADDRESSES, scheme)


def test_the_pages_of_a_unit_in_doubt_are_accessible_and_fit(visit: Callable[..., Page], site: Site) -> None:
    doubtful = doubtful_unit.add(site.database, datetime.now(UTC))
    addresses = {"unit": f"/units/{doubtful.uid}", **{f"finding {number}": f"/findings/{number}" for number in doubtful.findings}}
    for size in (PHONE, DESK):
        page = visit(size)
        check(page, addresses, "light")
        page.goto(addresses["unit"])
        page.get_by_text("What the registry received").click()
        page.get_by_text("stored under this number").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_pages_of_sources_are_accessible_and_fit(visit: Callable[..., Page], site: Site) -> None:
    numbers = sample_sources.fill(site.database, datetime.now(UTC))
    addresses = {
        "sources": "/sources",
        "types": "/sources/new",
        "health": "/health",
        "new source": "/sources/new?type=rest",
        "edit": f"/sources/{numbers[NEW]}/edit",
    }
    addresses |= {name: f"/sources/{number}" for name, number in numbers.items()}
    for size, scheme in ((PHONE, "light"), (PHONE, "dark"), (DESK, "light")):
        check(visit(size, color_scheme=scheme), addresses, scheme)


def test_the_pages_of_an_outage_and_of_a_quiet_unit_are_accessible_and_fit(visit: Callable[..., Page], site: Site) -> None:
    silent = sample_outage.add(site.database, datetime.now(UTC))
    unit = f"/units/{silent.uid}"
    addresses = {"outages": "/outages", "outage": f"/outages/{silent.outage}", "fleet": "/fleet?liveness=quiet", "unit": unit}
    try:
        for size, scheme in ((PHONE, "dark"), (DESK, "light")):
            page = visit(size, color_scheme=scheme)
            check(page, addresses, scheme)
            expect(page.get_by_text("Part of an outage")).to_be_visible()
            expect(page.get_by_role("heading", name="Unusually quiet")).to_be_visible()
            page.get_by_role("link", name="4 of 5 units of site").click()
            expect(page.get_by_role("heading", name="4 of 5 units of site")).to_be_visible()
    finally:
        sample_outage.remove(site.database, silent)


def check(page: Page, addresses: dict[str, str], scheme: str) -> None:
    """Every page is accessible, fits and holds still."""
    axe = Axe()
    for name, address in addresses.items():
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} scrolls sideways"
        assert page.evaluate("window.shift") < 0.01, f"{name} shifts"
        found = [f"{v['id']}: {n['html']}" for v in axe.run(page).response["violations"] if _grave(v) for n in v["nodes"]]
        assert found == [], f"{name} in {scheme}"


def _grave(violation: dict[str, str]) -> bool:
    return violation["impact"] in ("serious", "critical")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_signing_in_and_failures_are_accessible(chromium: Browser, site: Site, scheme: str) -> None:
    with chromium.new_context(base_url=site.url, color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        for address in ("/sign-in", "/nothing/here"):
            page.goto(address)
            assert [v["id"] for v in Axe().run(page).response["violations"] if _grave(v)] == []


def test_a_wedge_scanner_types_one_serial_after_another(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    page.keyboard.type("k400mvx7\n")
    page.get_by_role("heading", name="Operating").wait_for()
    page.keyboard.type("TN5520-QDM MRTSK\n")
    page.get_by_role("heading", name="Silent for 19 hours").wait_for()


def test_a_technician_goes_from_answer_to_unit_and_pauses_alerts(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    page.goto("/?code=AC01295028K")
    page.get_by_role("link", name="Open unit").click()
    page.get_by_role("button", name="Pause alerts").click()
    page.get_by_role("heading", name="Alerts paused, silent").wait_for()
    page.get_by_role("button", name="Resume alerts").click()
    page.get_by_role("heading", name="Silent for").wait_for()


def test_the_fleet_filters_by_tile_and_pages_on(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/fleet")
    page.get_by_role("link", name="Stale").click()
    page.wait_for_url("**/fleet?liveness=stale")
    assert page.locator("tbody tr").count() == int(page.locator("#tile-stale b").inner_text())
    page.get_by_role("link", name="Clear").click()
    page.wait_for_url("**/fleet")
    units = sum(int(count) for count in page.locator("[id^=tile-] b").all_inner_texts())
    page.get_by_role("link", name="Next page").click()
    page.wait_for_url("**/fleet?after=*")
    expect(page.locator("tbody tr")).to_have_count(units - 50)


def test_the_fleet_follows_the_registry_without_losing_the_place(visit: Callable[..., Page], site: Site) -> None:
    page = visit(DESK)
    page.goto("/fleet")
    before = int(page.locator("#tile-held b").inner_text())
    page.locator("#text").fill("half a thou")
    page.evaluate("scrollTo(0, 400)")
    uid = page.locator("tr:has-text('Stale') >> nth=0").get_attribute("id") or ""
    with site.database.transaction() as session:
        pause_alerts.pause_alerts(session, uid.removeprefix("u-"), "admin", datetime.now(UTC))
    expect(page.locator("#tile-held b")).to_have_text(str(before + 1), timeout=15000)
    assert page.evaluate("scrollY") == 400
    assert page.locator("#text").input_value() == "half a thou"
    assert page.evaluate("document.activeElement.id") == "text"
    assert page.evaluate("window.shift") < 0.01
    with site.database.transaction() as session:
        pause_alerts.resume_alerts(session, uid.removeprefix("u-"), "admin", datetime.now(UTC))


def test_a_unit_page_left_open_stays_quiet_and_keeps_what_was_opened(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/units/u000k400mvx7")
    page.locator(".log details summary").first.click()
    with page.expect_response(lambda answer: answer.request.headers.get("hx-request") == "true", timeout=20000) as polled:
        pass
    assert polled.value.status == 200
    page.wait_for_timeout(200)  # let the answer be swapped in
    assert page.locator("details[open] pre").first.is_visible()


def test_an_open_page_whose_session_ended_goes_to_sign_in(chromium: Browser, site: Site) -> None:
    with chromium.new_context(base_url=site.url) as context:
        page = context.new_page()
        sign_in(page)
        page.goto("/fleet")
        context.clear_cookies(name="musterroll")
        page.wait_for_url("**/sign-in", timeout=15000)


def test_the_answer_fits_one_screen_of_a_phone(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    for serial in (sample_fleet.OPERATING, sample_fleet.STALE, sample_fleet.RETIRED):
        page.goto(f"/?code={serial}")
        bottom = page.evaluate("document.querySelector('.answer').getBoundingClientRect().bottom")
        assert bottom <= page.evaluate("document.querySelector('.nav').getBoundingClientRect().top"), serial


def test_a_planner_works_a_cell_down_and_takes_it_back(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/reconciliation")
    page.locator("a.cell", has_text="Paid but silent").click()
    page.get_by_label("Select all on this page").check()
    count = page.locator("[name=finding]").count()
    page.get_by_placeholder("Reason").fill("the site is shut for the winter")
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("[name=finding]")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url("**/findings?kind=paid_but_silent")
    expect(page.locator("[name=finding]")).to_have_count(count)
    assert count > 0


def test_a_planner_drops_a_file_reads_the_dry_run_and_undoes_the_import(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/imports")
    page.get_by_label("2. Sites").check()
    csv = b"Site ID,Account ID,Site Name\nS00001,A00001,Essen One\nS00008,A00001,Essen 8\n"
    page.locator("input[type=file]").set_input_files({"name": "sites.csv", "mimeType": "text/csv", "buffer": csv})
    page.get_by_role("button", name="Preview changes").click()
    page.get_by_role("button", name="Import 2 rows").click()
    page.get_by_role("button", name="Undo import").click()
    page.get_by_text("undone").wait_for()


def test_the_menu_of_a_phone_has_five_places_and_more(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    assert page.locator(".nav > :visible").count() == 5
    page.get_by_text("More", exact=True).click()
    page.keyboard.press("Escape")
    assert not page.get_by_role("link", name="Possible duplicates").is_visible()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Possible duplicates").click()
    page.get_by_role("heading", name="Same customer?").wait_for()


def test_an_admin_makes_a_token_and_decides_an_enrolment(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    page.goto("/enrolment")
    page.get_by_label("Purpose").fill("Site Cork, fifty units")
    page.get_by_label("Number of units").fill("50")
    page.get_by_role("button", name="Create token").click()
    assert "musterroll-agent enroll --registry http://127.0.0.1" in page.locator("#command").inner_text()
    assert page.get_by_role("img", name="The same command as a QR code").is_visible()
    page.goto("/enrolment")
    page.get_by_role("button", name="Reject").click()
    page.wait_for_url("**/enrolment")
    assert page.get_by_role("button", name="Reject").count() == 0


def test_quarantine_opens_its_payloads(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/quarantine")
    page.locator("summary").last.click()
    assert sample_fleet.HOSTILE in page.locator("details[open] pre").inner_text()


def test_everything_works_without_javascript(chromium: Browser, site: Site) -> None:
    with chromium.new_context(base_url=site.url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page)
        page.get_by_label("Serial, unit ID or link").fill("K400MVX7")
        page.get_by_role("button", name="Look up").click()
        page.get_by_role("heading", name="Operating").wait_for()
        page.goto("/findings")
        page.locator("[name=finding]").first.check()
        page.get_by_placeholder("Reason").fill("known")
        page.get_by_role("button", name="Resolve").click()
        page.get_by_role("button", name="Undo").click()
        page.get_by_role("button", name="Switch to dark mode").click()
        page.locator("html[data-theme=dark]").wait_for()
        page.goto("/fleet")
        page.get_by_placeholder("Serial, product").fill("K400")
        page.get_by_role("button", name="Filter").click()
        assert page.locator("tbody tr").count() == 2


def test_the_keyboard_reaches_the_content_first(visit: Callable[..., Page]) -> None:
    page = visit(DESK)
    page.goto("/fleet")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_touch_targets_on_a_phone_are_large(visit: Callable[..., Page]) -> None:
    page = visit(PHONE, has_touch=True)
    for address in (
        "/",
        "/?code=K400MVX7",
        "/units/u000k400mvx7",
        "/units/u000k400mvx7/deploy",
        "/labels",
        "/fleet",
        "/enrolment",
        "/reconciliation",
        "/possible-duplicates",
    ):
        page.goto(address)
        small = page.evaluate("""[...document.querySelectorAll("button, input:not([type=hidden]), select, .button, .tile, .nav a, .seg a")]
            .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)""")
        assert small == [], address


def test_the_first_view_of_look_up_is_light(chromium: Browser, site: Site) -> None:
    with chromium.new_context(base_url=site.url) as context:
        page = context.new_page()
        sign_in(page)
        state = context.storage_state()
    with chromium.new_context(base_url=site.url, storage_state=state) as context:  # nothing cached
        page, answers = context.new_page(), list[Response]()
        page.on("response", lambda answer: answers.append(answer))
        page.goto("/", wait_until="networkidle")
        weights = {a.url.rpartition("/")[2]: sum(a.request.sizes()[k] for k in _WEIGHED) for a in answers}
    print(f"first view of look-up: {sum(weights.values()):,} bytes: {weights}")
    assert sum(weights.values()) <= 100_000


_WEIGHED = ("responseBodySize", "responseHeadersSize")
