"""Contacts and reminders at a desk and on a phone, and a customer who scans the QR code on a unit."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from musterroll.usecases.contacts import customer_page
from playwright.sync_api import Page, expect

from tests.support import contact_fleet
from tests.support.site import DESK, PHONE, Site, served

pytestmark = pytest.mark.browser

ADDRESSES = (
    *("/contacts", "/contacts?account=A00001&consent=yes", "/contacts/reminders", "/contacts/reminders?state=lapsed"),
    *("/contacts/reminders/texts?kind=limit&language=de", "/contacts/exports", "/contacts/customer-page", "/records/contacts/new"),
)
WIDTH = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALL = "[...document.querySelectorAll('button, input, textarea')].filter(e => e.getBoundingClientRect().height < 44).length"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site"), contact_fleet.fill) as site:
        yield site


def grave(axe: Axe, page: Page) -> list[str]:
    """What keeps somebody from using the page."""
    violations = axe.run(page).response["violations"]
    return [f"{v['id']}: {n['html']}" for v in violations if v["impact"] in ("serious", "critical") for n in v["nodes"]]


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESK, "light")], ids=["phone at night", "desk"])
def test_pages_of_contacts_are_accessible_and_fit(visit: Callable[..., Page], size: tuple[int, int], scheme: str) -> None:
    page, axe = visit(size, color_scheme=scheme), Axe()
    for address in ADDRESSES:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        assert grave(axe, page) == [], address
        assert page.evaluate(WIDTH) <= 0, f"{address} scrolls sideways"


def test_a_customer_scans_the_code_and_reports_a_fault_on_a_phone(site: Site, visit: Callable[..., Page]) -> None:
    page = visit(PHONE, locale="de-DE")
    page.context.clear_cookies()  # no session
    with site.database.read_only() as session:
        address = customer_page.path(session, contact_fleet.unit(session))
    assert address
    page.goto(address)
    assert grave(Axe(), page) == []
    assert page.evaluate(WIDTH) <= 0
    assert page.evaluate(SMALL) == 0, "all large enough for a thumb"
    expect(page.get_by_text("Call +49 30 1234")).to_be_visible()
    page.get_by_label("Was ist gestört?").fill("Sie brummt laut")
    page.get_by_role("button", name="Melden").click()
    expect(page.get_by_role("status")).to_have_text("Danke. Die Störung ist gemeldet.")
    assert grave(Axe(), page) == []
