"""What the server tells the service worker: which pages it may store, and where the assets are."""

import json
import re
from urllib.parse import unquote

from tests.server.web.conftest import Visitor
from tests.support.sample_fleet import OPERATING, SHARED


def test_only_pages_about_one_unit_may_be_kept(visitor: Visitor) -> None:
    header = json.loads(unquote(visitor.get(f"/?code={OPERATING}").headers["X-Unit"]))
    assert header == {"uid": "u000k400mvx7", "serial": OPERATING, "key": OPERATING, "says": "Halden HD-4000 Vault · Essen 1"}
    assert "X-Unit" in visitor.get("/units/u000k400mvx7").headers
    for address in ("/", f"/?code={SHARED}", "/?code=nothing", "/fleet", "/units/nobody"):
        assert "X-Unit" not in visitor.get(address).headers, address


def test_the_worker_names_assets_that_are_there(stranger: Visitor) -> None:
    worker = stranger.get("/worker.js")
    assert worker.headers["Cache-Control"] == "no-cache"
    shell = re.search(r"const SHELL = (\[.*\]);", worker.text)
    assert shell
    assert {stranger.get(address).status_code for address in json.loads(shell[1])} == {200}
