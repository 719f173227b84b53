"""Photos of labels: every kind of code, several at once, and files that are no photo."""

import struct
import zlib
from io import BytesIO

import pytest
import zxingcpp
from musterroll.domain.values.errors import DomainError
from musterroll.web.pages import photo_scan
from musterroll.web.pages.photo_scan import read_codes
from PIL import Image
from werkzeug.test import TestResponse

from tests.server.web.conftest import _TOKEN, Visitor
from tests.support.sample_fleet import OPERATING


def picture(*codes: tuple[str, str], form: str = "JPEG") -> bytes:
    """A white sheet with a code of each (format, text), one below the other, as a camera would file it."""
    sheet = Image.new("L", (1400, 500 * len(codes)), 255)
    for n, (kind, text) in enumerate(codes):
        barcode = zxingcpp.create_barcode(text, zxingcpp.barcode_format_from_str(kind), **({"gs1": True} if text.startswith("(") else {}))
        drawn = Image.fromarray(zxingcpp.write_barcode_to_image(barcode, scale=4))
        sheet.paste(drawn, (60, 500 * n + 60))
    return filed(sheet, form)


def filed(image: Image.Image, form: str) -> bytes:
    file = BytesIO()
    image.save(file, form)
    return file.getvalue()


def send(visitor: Visitor, photo: bytes, name: str = "photo.jpg") -> TestResponse:
    token = _TOKEN.search(visitor.get("/").text)
    assert token
    form = {"csrf_token": token[1], "photo": (BytesIO(photo), name)}
    return visitor.client.post("/scan", data=form, content_type="multipart/form-data")


@pytest.mark.parametrize("kind", ["QRCode", "DataMatrix", "Code128"])
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_code_on_a_photo_is_read(kind: str, form: str) -> None:
    assert read_codes(BytesIO(picture((kind, "TN5520-QDM"), form=form))) == ["TN5520-QDM"]


def test_a_photo_taken_sideways_is_read() -> None:
    image = Image.open(BytesIO(picture(("Code128", "TN5520-QDM")))).rotate(90, expand=True)
    assert read_codes(BytesIO(filed(image, "JPEG"))) == ["TN5520-QDM"]


def test_an_article_number_gives_way_to_a_serial() -> None:
    assert read_codes(BytesIO(picture(("EAN13", "4006381333931"), ("Code128", "K400MVX7")))) == ["K400MVX7"]
    assert read_codes(BytesIO(picture(("EAN13", "4006381333931")))) == ["4006381333931"]


def test_a_photo_leads_to_the_answer_or_to_a_choice(visitor: Visitor) -> None:
    gs1 = send(visitor, picture(("DataMatrix", f"(01)09506000134352(21){OPERATING}")))
    assert gs1.status_code == 303
    assert "<h3>Operating</h3>" in visitor.get(gs1.headers["Location"]).text
    both = send(visitor, picture(("QRCode", "SN1"), ("Code128", "SN2"))).text
    assert "2 codes found in the photo" in both
    assert 'href="/?code=SN1"' in both
    assert "No code found" in send(visitor, filed(Image.new("L", (300, 300), 255), "JPEG")).text
    assert "Choose or take a photo" in visitor.post("/scan", seen="/").text


def test_what_is_no_photo_gets_a_sentence() -> None:
    no_photo = "not a supported photo"
    for body, sentence in ((b"", no_photo), (b"<svg/>", no_photo), (picture(("QRCode", "SN1"))[:400], "damaged"), (_gif(), no_photo)):
        with pytest.raises(DomainError, match=sentence):
            read_codes(BytesIO(body))


@pytest.mark.parametrize(("side", "sentence"), [(8_000, "64 megapixels; the limit is 20"), (60_000, "too many pixels")])
def test_a_bomb_is_refused_before_it_is_unpacked(side: int, sentence: str) -> None:
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(10_000))), (b"IEND", b""))
    bomb = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)) for name, body in parts
    )
    with pytest.raises(DomainError, match=sentence):
        read_codes(BytesIO(bomb))


def test_more_than_a_photo_is_not_taken_in(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photo_scan, "MAX_BYTES", 50_000)
    assert send(visitor, bytes(200_000)).status_code == 413


def _gif() -> bytes:
    return filed(Image.new("P", (40, 40)), "GIF")
