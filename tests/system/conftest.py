"""One served fleet and one Chromium for the tests of a file."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.support import sample_events
from tests.support.browser import chromium as open_chromium
from tests.support.site import Site, served, sign_in

_SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.shift += e.value; })
  .observe({type: "layout-shift", buffered: true});
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with served(tmp_path_factory.mktemp("site")) as site:
        sample_events.fill(site.database, datetime.now(UTC))
        yield site


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Opens a signed-in page: `visit(PHONE)`, `visit(DESK, color_scheme="dark")`. Console errors fail the test at its end."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(size: tuple[int, int], **options: object) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, base_url=site.url, **options)  # type: ignore[arg-type]
        contexts.append(context)
        context.add_init_script(_SHIFTS)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        sign_in(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
