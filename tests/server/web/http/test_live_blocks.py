"""A page that renews itself is sent what changed, and nothing else."""

import re

from werkzeug.test import TestResponse

from tests.server.web.conftest import Visitor
from tests.support.sample_fleet import OPERATING

UNIT = "/units/u000k400mvx7"


def test_after_the_first_time_a_tab_is_sent_the_pieces_that_changed(visitor: Visitor) -> None:
    first = _poll(visitor, UNIT)
    assert OPERATING in first.text
    shown = _marks(first)
    assert len(shown) > 5
    visitor.post(f"{UNIT}/note", seen=UNIT, text="Key at reception")
    whole = _poll(visitor, UNIT, *shown)  # notes are a new piece
    assert "Key at reception" in whole.text
    assert "HX-Reswap" not in whole.headers
    shown = _marks(whole)
    visitor.post(f"{UNIT}/note", seen=UNIT, text="Dog")
    piece = _poll(visitor, UNIT, *shown)
    assert piece.headers["HX-Reswap"] == "none"
    assert '<hx-partial hx-target="#notes" hx-swap="outerMorph"><section id="notes"' in piece.text
    assert OPERATING not in piece.text
    assert "HX-Reswap" not in _poll(visitor, "/fleet", *shown).headers  # another page is sent whole


def test_where_nothing_changed_nothing_is_sent(visitor: Visitor) -> None:
    shown = _marks(_poll(visitor, "/fleet?lifecycle=deployed"))
    assert "HX-Reswap" not in _poll(visitor, "/fleet?liveness=stale", *shown).headers
    again = _poll(visitor, "/fleet?lifecycle=deployed", *shown)
    assert (again.status_code, again.data) == (204, b"")


def _poll(visitor: Visitor, address: str, *shown: str) -> TestResponse:
    return visitor.get(address, headers={"HX-Request-Type": "partial", "X-Pieces": " ".join(shown)})


def _marks(answer: TestResponse) -> list[str]:
    return re.findall(r'data-piece="([^"]+)"', answer.text)
