"""Labels: which units, how many per sheet, and that a scanner can read them."""

import re

import zxingcpp
from PIL import Image

from tests.server.web.conftest import Visitor
from tests.support.sample_fleet import OPERATING, SHARED, STALE


def scanned(path: str, side: int) -> str:
    """What a scanner reads of a code drawn as runs `Mx yhNv1h-Nz`."""
    image = Image.new("L", (side, side), 255)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        image.paste(0, (int(x), int(y), int(x) + int(width), int(y) + 1))
    [code] = zxingcpp.read_barcodes(image.resize((8 * side, 8 * side), Image.Resampling.NEAREST))
    return str(code.text)


def test_a_label_of_each_pasted_serial_leads_to_its_unit(visitor: Visitor) -> None:
    text = visitor.post(
        "/labels", seen="/labels", units=f"{OPERATING.lower()}\r\n{STALE}\n\nnowhere-1 ; {OPERATING}", size="a4-21", skip="2"
    ).text
    assert text.count('<div class="label">') == 2
    assert text.count('class="label gone"') == 2
    assert "nowhere-1: no registered unit has the serial NOWHERE1." in text
    links = [scanned(path, int(side)) for side, path in re.findall(r'<svg viewBox="0 0 (\d+) \d+" role="img"[^>]*><path d="([^"]+)"', text)]
    assert links == ["http://localhost/u/u000k400mvx7", "http://localhost/u/u001tn5520qdmmrtsk"]


def test_a_filter_of_the_fleet_fills_sheets_and_goes_on(visitor: Visitor) -> None:
    text = visitor.get("/labels?lifecycle=deployed&size=a4-21&skip=1").text
    assert text.count('<div class="label">') == 62
    assert text.count('<section class="sheet-of of-a4-21"') == 3
    rest = re.search(r'href="(/labels\?[^"]*after=[^"]+)"', text)
    assert rest
    assert visitor.get(rest[1].replace("&amp;", "&")).text.count('<div class="label">') == 73 - 62
    assert visitor.get("/labels?lifecycle=stock&size=one-62").text.count('<section class="sheet-of of-one-62"') > 1


def test_a_serial_of_two_makers_gets_a_label_each(visitor: Visitor) -> None:
    text = visitor.get(f"/labels?units={SHARED}").text
    assert text.count('<div class="label">') == 2
    assert "2 units share this serial" in text


def test_nonsense_gives_the_form_and_no_label(visitor: Visitor) -> None:
    for address in ("/labels", "/labels?size=x&skip=-1", "/labels?units=%00&skip=9999", "/labels?liveness=stale&skip=20&size=one-62"):
        answer = visitor.get(address)
        assert answer.status_code == 200, address
