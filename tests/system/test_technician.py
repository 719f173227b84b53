"""A technician at a cabinet: the whole story, on a phone, with a camera, a photo, and a network that drops."""

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
import segno
import zxingcpp
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, FilePayload, Page, expect

from tests.support.browser import chromium as open_chromium
from tests.support.sample_fleet import NEVER, OPERATING, STALE
from tests.support.site import PHONE, Site, sign_in

pytestmark = pytest.mark.browser

_UNTIL_KEPT = """async () => {
  const kept = await navigator.serviceWorker.ready.then(() => caches.open("kept"));
  while (!(await kept.keys()).length) await new Promise((again) => setTimeout(again, 20));
}"""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory, site: Site) -> Iterator[Browser]:
    """A Chromium whose camera looks at the label of a unit."""
    film = tmp_path_factory.mktemp("camera") / "label.mjpeg"
    film.write_bytes(2 * _jpeg(f"{site.url}/u/u000k400mvx7"))
    camera = ("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={film}")
    with open_chromium(*camera) as browser:
        yield browser


def test_a_scan_leads_to_the_answer_and_its_unit_is_moved_noted_and_put_back(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    page.get_by_role("button", name="Scan with the camera").click()
    page.get_by_role("heading", name="Covered").wait_for()
    expect(page.get_by_text("24x7 on site in 4 hours", exact=True)).to_be_visible()
    page.get_by_role("link", name="Open unit").click()
    page.get_by_role("link", name="Move to a site").click()
    page.get_by_placeholder("Site, postcode or account").fill("skerry")
    page.get_by_role("button", name="Search").click()
    page.get_by_label("Cork 2").check()
    page.get_by_role("button", name="Move here").click()
    expect(page.get_by_role("status")).to_contain_text(f"Done: {OPERATING} deployed")
    expect(page.locator(".sub")).to_contain_text("Cork 2")
    _undo(page)
    expect(page.locator(".sub")).to_contain_text("Essen 1")
    page.locator("summary", has_text="Note").click()
    expect(page.get_by_label("Note for the next visit")).to_be_focused()
    bar = page.get_by_role("navigation", name="Main").bounding_box()
    save = page.get_by_role("button", name="Save note").bounding_box()
    assert bar
    assert save
    assert save["y"] + save["height"] <= bar["y"]
    page.get_by_label("Note for the next visit").fill("Key at reception")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_label("Notes")).to_contain_text("Key at reception")


def test_a_dead_unit_is_replaced_and_the_new_ones_label_scanned(visit: Callable[..., Page]) -> None:
    page = visit(PHONE)
    page.goto("/units/u001tn5520qdmmrtsk")
    page.locator("summary", has_text="Replace").click()
    page.get_by_role("button", name="Scan with the camera").click()
    expect(page.locator("#by")).to_have_value(re.compile("/u/u000k400mvx7$"))
    page.locator("#by").fill(NEVER)
    page.get_by_role("button", name="Replace", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text(f"{STALE} replaced by {NEVER}")
    _undo(page)
    expect(page.get_by_role("link", name=NEVER)).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_a_photo_is_read_where_there_is_no_camera(chromium: Browser, site: Site, script: bool) -> None:
    with chromium.new_context(base_url=site.url, java_script_enabled=script) as context:
        page = context.new_page()
        sign_in(page)
        page.locator("[name=photo]").set_input_files(_photo(f"(01)09506000134352(21){OPERATING}"))
        if not script:
            page.get_by_role("button", name="Upload photo").click()
        page.get_by_role("heading", name="Operating").wait_for()


def _photo(text: str) -> FilePayload:
    code = zxingcpp.create_barcode(text, zxingcpp.DataMatrix, gs1=True)
    kept = BytesIO()
    Image.fromarray(zxingcpp.write_barcode_to_image(code, scale=8)).save(kept, "PNG")
    return {"name": "label.png", "mimeType": "image/png", "buffer": kept.getvalue()}


def test_what_was_looked_up_stays_readable_without_a_network_and_goes_at_sign_out(chromium: Browser, site: Site) -> None:
    with chromium.new_context(viewport={"width": 390, "height": 844}, base_url=site.url) as context:
        page = context.new_page()
        sign_in(page)
        page.goto(f"/?code={STALE}")
        page.evaluate(_UNTIL_KEPT)
        context.set_offline(True)
        page.goto("/?code=tn5520-qdm%20mrtsk")
        expect(page.get_by_role("alert")).to_contain_text("Offline. Saved at")
        expect(page.get_by_role("heading", name="Silent for 19 hours")).to_be_visible()
        assert [v["id"] for v in Axe().run(page).response["violations"]] == []
        page.goto("/")
        expect(page.get_by_role("link", name=STALE)).to_contain_text("under a minute ago")
        page.goto("/?code=K400MVX7")
        expect(page.locator("main")).to_contain_text("K400MVX7 is not saved on this device")
        context.set_offline(False)
        page.wait_for_url("**/?code=K400MVX7")
        expect(page.get_by_role("heading", name="Operating")).to_be_visible()
        expect(page.locator("[data-offline]")).to_have_count(0)
        page.goto("/account")
        page.get_by_role("button", name="Sign out", exact=True).click()
        page.wait_for_url("**/sign-in")
        page.wait_for_function("async () => !(await caches.has('kept'))")


def test_labels_are_printed_sheet_by_sheet(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit((1280, 860))
    page.goto("/labels?lifecycle=deployed&size=a4-21")
    printed = page.pdf(path=tmp_path / "labels.pdf", prefer_css_page_size=True)
    assert len(re.findall(rb"/Type /Page\b", printed)) == 3
    assert len(re.findall(rb"/MediaBox \[0 0 59[45]\S* 84[12]\S*\]", printed)) == 3


def _undo(page: Page) -> None:
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("Undone")


def _jpeg(text: str) -> bytes:
    """A label in the middle of what a camera sees."""
    code, frame, kept = BytesIO(), Image.new("L", (640, 480), 200), BytesIO()
    segno.make(text, error="m", micro=False).save(code, kind="png", scale=8, border=4)
    label = Image.open(code).convert("L")
    frame.paste(label, ((640 - label.width) // 2, (480 - label.height) // 2))
    frame.convert("RGB").save(kept, "JPEG")
    return kept.getvalue()
