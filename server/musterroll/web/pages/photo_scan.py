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

pages = Blueprint("scanning", __name__)

LARGEST = 12 * 1024 * 1024  # bytes of a photo
_MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}  # a JPEG is decoded small, the others are not
_SIDE = 2400  # pixels a photo is made smaller to
_WANTED = "QRCode,MicroQRCode,DataMatrix,Code128,Code39,Code93,EAN13,EAN8,UPCA,UPCE,ITF,Aztec,PDF417"
_PATIENCE = 5.0  # seconds a photo waits for its turn
_reading = BoundedSemaphore(2)  # photos read at once: each is a quarter of a second of a core

_log = logging.getLogger(__name__)


@pages.url_value_preprocessor
def _bound(endpoint: str | None, values: dict[str, Any] | None) -> None:
    """Before anything reads the form: no more than a photo is taken in."""
    request.max_content_length = LARGEST + 16_384


pages.after_request(allow_scanning)


@pages.post("/scan")
@needs(Role.VIEWER)
def photo() -> AnyResponse:
    """Goes to the answer where the photo shows one code, to a choice where it shows several."""
    file = request.files.get("photo")
    if file is None or not file.filename:
        return _sorry("Choose or take a photo first.")
    try:
        found = read(file.stream)
    except DomainError as error:
        return _sorry(str(error))
    if not found:
        return _sorry("No code found in the photo. Move closer, hold still and avoid reflections, or type the serial.")
    if len(found) == 1:
        return redirect(f"/?{urlencode({'code': found[0]})}", 303)
    return make_response(page("look_up.html", clock(), code="", found=None, read=found))


def read(file: IO[bytes]) -> list[str]:
    """The codes on a photo, each once; article numbers only where there is nothing else. Raises DomainError for what is no photo."""
    if not _reading.acquire(timeout=_PATIENCE):
        raise DomainError("The server is busy reading other photos. Try again in a moment.")
    try:
        found = zxingcpp.read_barcodes(_picture(file), zxingcpp.barcode_formats_from_str(_WANTED))
    finally:
        _reading.release()
    texts = list(dict.fromkeys(code.text for code in found if code.text))
    units = [text for text in texts if not scan_codes.is_article(text)]
    return [text[: scan_codes.MAX_LENGTH + 1] for text in units or texts]


def _picture(file: IO[bytes]) -> Image.Image:
    """The photo, upright, in greys and not too large. Its size is known, and refused, before a pixel of it is made."""
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(file.read(LARGEST + 1)), formats=tuple(_MOST_PIXELS)) as image:
            pixels, most = image.width * image.height, _MOST_PIXELS[image.format or "PNG"]
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
    except Exception as broken:  # decoders of pictures fail in many ways on what was made to break them
        _log.info("a photo could not be read: %r", broken)
        raise DomainError("The photo is damaged. Take it again.") from None


def _sorry(sentence: str) -> Response:
    return make_response(page("look_up.html", clock(), code="", found=None, problem=sentence), 422)
