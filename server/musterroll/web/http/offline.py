"""Offline use: the service worker, and the response header that tells it which pages are about one unit."""

import gzip
import json
from urllib.parse import quote

from flask import Flask, Response, make_response, request
from werkzeug.wrappers import Response as AnyResponse

from musterroll.domain.units.kinds import likely_key
from musterroll.domain.units.serials import BadSerial
from musterroll.usecases.units.unit_card import UnitCard
from musterroll.web.http.assets import Assets, compressed_response
from musterroll.web.http.security import POLICY
from musterroll.web.wording.states import product

_SHELL = ("app.css", "app.js", "unit.css", "vendor/inter-latin-wght-normal.woff2", "mark.svg")


def install(app: Flask, assets: Assets) -> None:
    """Serve the service worker, with the assets of this version."""
    shell = [assets.address(name) for name in _SHELL]
    facts = {"SHELL": shell, "VERSION": assets.version, "POLICY": POLICY}
    head = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in facts.items())
    body = head.encode() + assets.plain["worker.js"]
    compressed = gzip.compress(body, 9, mtime=0)

    def worker() -> AnyResponse:
        answer = compressed_response(body, compressed, "text/javascript")
        answer.headers["Cache-Control"] = "no-cache"
        answer.set_etag(assets.version)
        return answer.make_conditional(request)

    app.add_url_rule("/worker.js", "worker", worker)


def unit_response(text: str, card: UnitCard | None) -> Response:
    """A page; if it is about one unit, the service worker may store it on the device."""
    answer = make_response(text)
    if card is not None:
        says = f"{product(card)}{' · ' + card.site if card.site else ''}"
        unit = {"uid": card.uid, "serial": card.serial, "key": _key(card.serial), "says": says}
        answer.headers["X-Unit"] = quote(json.dumps(unit))
    return answer


def _key(serial: str) -> str:
    try:
        return likely_key(serial)
    except BadSerial:  # accepted by an older version
        return serial
