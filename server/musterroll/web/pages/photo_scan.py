"""Reads codes in a photo of a label: for browsers without camera access or without scripts."""

import logging
import warnings
from io import BytesIO
from threading import BoundedSemaphore
from typing import IO, Any
from urllib.parse import urlencode

import zxingcpp
from flask import Blueprint, Response, make_response, redirect, request
from PIL import Image, ImageOps, UnidentifiedImageError
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.access import Role
from musterroll.domain.units import scan_codes
from musterroll.domain.values.errors import DomainError
from musterroll.web.http.context import clock, needs, page
from musterroll.web.http.security import allow_scanning

pages = Blueprint("photo_scan", __name__)

MAX_BYTES = 12 * 1024 * 1024  # bytes of a photo
_MAX_PIXELS = {"JPEG": 64_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}  # JPEG can be decoded at reduced size, the others cannot
_SIDE = 2400  # pixels; larger photos are scaled down
_FORMATS = "QRCode,MicroQRCode,DataMatrix,Code128,Code39,Code93,EAN13,EAN8,UPCA,UPCE,ITF,Aztec,PDF417"
_MAX_WAIT = 5.0  # seconds to wait for a free slot
_read_slots = BoundedSemaphore(2)  # photos read at once: each takes a core for a quarter of a second

_log = logging.getLogger(__name__)


@pages.url_value_preprocessor
def _limit_size(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Limit the request to the size of a photo before the form is read."""
    request.max_content_length = MAX_BYTES + 16_384


pages.after_request(allow_scanning)


@pages.post("/scan")
@needs(Role.VIEWER)
def photo() -> AnyResponse:
    """Redirects to the look-up if the photo shows one code; shows a choice if it shows several."""
    file = request.files.get("photo")
    if file is None or not file.filename:
        return _problem_page("Choose or take a photo first.")
    try:
        codes = read_codes(file.stream)
    except DomainError as error:
        return _problem_page(str(error))
    if not codes:
        return _problem_page("No code found in the photo. Move closer, hold still and avoid reflections, or type the serial.")
    if len(codes) == 1:
        return redirect(f"/?{urlencode({'code': codes[0]})}", 303)
    return make_response(page("look_up.html", clock(), code="", result=None, codes=codes))


def read_codes(file: IO[bytes]) -> list[str]:
    """The codes in a photo, each once; article numbers only if there is nothing else. Raises DomainError for unreadable files."""
    if not _read_slots.acquire(timeout=_MAX_WAIT):
        raise DomainError("The server is busy reading other photos. Try again in a moment.")
    try:
        barcodes = zxingcpp.read_barcodes(_open_photo(file), zxingcpp.barcode_formats_from_str(_FORMATS))
    finally:
        _read_slots.release()
    texts = list(dict.fromkeys(code.text for code in barcodes if code.text))
    units = [text for text in texts if not scan_codes.is_article(text)]
    return [text[: scan_codes.MAX_LENGTH + 1] for text in units or texts]


def _open_photo(file: IO[bytes]) -> Image.Image:
    """The photo, upright, in greyscale, scaled down. Rejects too many pixels before decoding any."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(file.read(MAX_BYTES + 1)), formats=tuple(_MAX_PIXELS)) as image:
            pixels, most = image.width * image.height, _MAX_PIXELS[image.format or "PNG"]
            if pixels > most:
                raise DomainError(f"The photo has {pixels / 1e6:,.0f} megapixels; the limit is {most // 10**6}.")
            image.draft("L", (_SIDE, _SIDE))
            image.thumbnail((_SIDE, _SIDE))
            return ImageOps.exif_transpose(image).convert("L")
    except UnidentifiedImageError:
        raise DomainError("This file is not a supported photo. Use JPEG, PNG or WebP.") from None
    except Image.DecompressionBombError:
        raise DomainError("The photo has too many pixels.") from None
    except DomainError:
        raise
    except Exception as broken:  # image decoders fail in many ways on malicious files
        _log.info("a photo could not be read: %r", broken)
        raise DomainError("The photo is damaged. Take it again.") from None


def _problem_page(sentence: str) -> Response:
    return make_response(page("look_up.html", clock(), code="", result=None, problem=sentence), 422)
