"""From the eight quadrants to findings and their evidence; decisions and undo."""

import html
import re

from musterroll.storage.engine.database import Database
from sqlmodel import text

from tests.server.web.conftest import Visitor
from tests.support.sample_fleet import LATE, STALE


def test_the_eight_cells_sum_to_the_units_registered(visitor: Visitor) -> None:
    text = visitor.get("/reconciliation").text
    counts = [int(n.replace(",", "")) for n in re.findall(r'class="cell [^>]*>.*?<b class="num">([\d,]+)</b>', text, re.S)]
    registered = re.search(r'<span>Registered .*?</span><b class="num">(\d+)</b>', text)
    assert registered
    assert len(counts) == 8
    assert sum(counts) == int(registered[1]) == 80


def test_a_cell_leads_to_exactly_its_findings(visitor: Visitor) -> None:
    cell = re.search(r'<a href="([^"]+)" class="cell [^>]*>\s*<span class="cell-name">Paid but silent.*?<b class="num">(\d+)</b>',
                     visitor.get("/reconciliation").text, re.S)  # fmt: skip
    assert cell
    assert visitor.get(cell[1]).text.count('name="finding"') == int(cell[2]) > 0


def test_findings_are_filtered_by_owner_and_by_account_with_all_below_it(visitor: Visitor) -> None:
    text = visitor.get("/findings?owner=finance").text
    assert LATE in text
    assert set(re.findall(r'class="c-kind"><i[^>]*></i> ([^<]+)<', text)) == {"Overdue but operating", "Paid by another account"}
    assert STALE in visitor.get("/findings?account=A00002").text
    assert visitor.get("/findings?account=nobody").status_code == 404


def test_a_finding_is_traced_to_the_line_of_the_file_it_came_from(visitor: Visitor) -> None:
    text = visitor.get(_finding(visitor, STALE)).text
    assert "covers TN5520QDMMRTSK" in text
    origin = re.search(r'href="(/imports/\d+\?after=[^#"]+#line(\d+))">contract-lines-2026.csv, line \d+</a>', text)
    assert origin
    assert f'id="line{origin[2]}"' in visitor.get(origin[1]).text


def test_ticked_findings_are_decided_at_once_and_that_is_undone(visitor: Visitor) -> None:
    page = "/findings?kind=paid_but_silent"
    numbers = re.findall(r'name="finding" value="(\d+)"', visitor.get(page).text)
    answer = visitor.post("/findings/decide", seen=page, finding=numbers[:2], to="accepted", reason="site is closed", next=page)
    done = visitor.get(answer.headers["Location"]).text
    assert done.count('name="finding"') == len(numbers) - 2
    undo = re.search(r'action="(/changes/\d+/undo)"', done)
    assert undo
    visitor.post(undo[1], seen=page, next=page)
    assert visitor.get(page).text.count('name="finding"') == len(numbers)


def test_a_finding_is_ignored_until_a_day_with_a_reason(visitor: Visitor) -> None:
    page = _finding(visitor, STALE)
    form = {"finding": page.rpartition("/")[2], "to": "ignored", "next": page}
    assert visitor.post("/findings/decide", seen=page, reason="waits for a part", **form).status_code == 409
    assert visitor.post("/findings/decide", seen=page, until="2090-01-01", **form).status_code == 409
    assert visitor.post("/findings/decide", seen=page, reason="waits for a part", until="2090-01-01", **form).status_code == 303
    text = visitor.get(page).text
    assert "waits for a part" in text
    assert ">Snoozed<" in text


def test_deciding_nothing_says_what_to_do(visitor: Visitor) -> None:
    answer = visitor.post("/findings/decide", seen="/findings", to="accepted", reason="x")
    assert answer.status_code == 409
    assert "Select at least one finding" in answer.text


def test_pages_of_findings_hold_every_finding_once(visitor: Visitor) -> None:
    page: str | None = "/findings?state=any"
    seen, counted = [], 0
    while page:
        text = visitor.get(page).text
        seen += re.findall(r'name="finding" value="(\d+)"', text)
        counted = int(re.search(r"(\d+) findings, annual value", text)[1])  # type: ignore[index]
        further = re.search(r'href="([^"]+)" rel="next"', text)
        page = html.unescape(further[1]) if further else None
    assert len(seen) == len(set(seen)) == counted


def test_an_empty_roll_says_how_to_fill_it(visitor: Visitor, fleet_database: Database) -> None:
    with fleet_database.transaction() as session:
        session.execute(text("DELETE FROM cell_count"))
    assert "The counts update automatically" in visitor.get("/reconciliation").text


def test_reconciling_now_brings_the_counts_back(visitor: Visitor, fleet_database: Database) -> None:
    with fleet_database.transaction() as session:
        session.execute(text("DELETE FROM cell_count"))
    assert visitor.post("/reconciliation", seen="/reconciliation").status_code == 303
    assert "Annual value at stake" in visitor.get("/reconciliation").text


def test_the_export_has_what_the_filter_shows(visitor: Visitor) -> None:
    export = re.search(r'href="(/api/v1/findings\?format=csv[^"]*)"', visitor.get("/findings?kind=overdue_but_operating").text)
    assert export
    answer = visitor.get(export[1].replace("&amp;", "&"))
    assert answer.content_type.startswith("text/csv")
    assert len(answer.text.strip().splitlines()) == 2


def _finding(visitor: Visitor, serial: str) -> str:
    link = re.search(rf'href="(/findings/\d+)">{serial}<', visitor.get("/findings").text)
    assert link
    return link[1]
