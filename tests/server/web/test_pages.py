"""What each page shows, read as a browser without JavaScript would."""

import html
import re
from datetime import UTC, datetime

from musterroll.storage.engine.database import Database
from musterroll.usecases.enrolment import enrol
from musterroll_wire.vitals import VITALS

from tests.server.web.conftest import Visitor
from tests.support import doubtful_unit
from tests.support.sample_fleet import HELD, LATE, NEVER, OPERATING, RETIRED, SHARED, STALE, TWIN


def test_look_up_says_operating_and_the_last_report(visitor: Visitor) -> None:
    text = visitor.get(f"/?code={OPERATING}").text
    assert "<h3>Operating</h3>" in text
    assert re.search(r"Last report 1\d seconds ago; reports every minute", text)


def test_look_up_gives_the_coverage_verdict_first_and_its_reason(visitor: Visitor) -> None:
    text = visitor.get(f"/?code={OPERATING}").text
    assert text.index("<h2>Covered</h2>") < text.index("<h3>Operating</h3>")
    assert "Under warranty and contract until" in text
    assert "Contract line C-101/1 (24x7 on site in 4 hours) covers the unit until" in text


def test_look_up_counts_the_open_incidents(visitor: Visitor) -> None:
    assert "2, newest T-4712" in visitor.get(f"/?code={STALE}").text


def test_look_up_says_what_replaced_a_unit(visitor: Visitor) -> None:
    text = visitor.get(f"/?code={RETIRED}").text
    assert "Not covered" in text
    assert f'Replaced by <a class="serial" href="/units/u000k400mvx7">{OPERATING}</a>' in text


def test_look_up_forgives_case_dashes_and_spaces(visitor: Visitor) -> None:
    assert "Silent for 19 hours" in visitor.get("/?code= tn5520-qdm mrtsk ").text


def test_look_up_tells_late_held_and_never_heard_apart(visitor: Visitor) -> None:
    assert "Stale after 3 minutes of silence" in visitor.get(f"/?code={LATE}").text
    assert "Alerts were paused 4 hours ago" in visitor.get(f"/?code={HELD}").text
    assert "no agent has enrolled yet" in visitor.get(f"/?code={NEVER}").text


def test_look_up_lists_every_maker_of_a_shared_serial(visitor: Visitor) -> None:
    text = visitor.get(f"/?code={SHARED}").text
    assert "2 units have the serial" in text
    assert "Edge Gateway G4" in text


def test_look_up_offers_twins_and_never_guesses(visitor: Visitor) -> None:
    text = visitor.get("/?code=K40OMVX7").text
    assert "Not registered" in text
    assert "Did you mean?" in text
    assert OPERATING in text
    assert TWIN in text


def test_the_unit_page_draws_its_week(visitor: Visitor) -> None:
    text = visitor.get("/units/u001tn5520qdmmrtsk").text
    assert "stale 3 times" in text
    assert text.count('<rect class="fill-stale"') == 3
    share = re.search(r"operating ([\d.]+) percent of the time since the first report", text)
    assert share
    assert 80 < float(share[1]) < 84  # 28 hours of silence in six to seven days: how many depends on the hour


def test_the_unit_page_shows_every_vital_and_the_card(visitor: Visitor) -> None:
    text = visitor.get("/units/u000k400mvx7").text
    readings = re.findall(r'<p class="vital-name">([^<]+)</p>\s*<p class="vital-value">(-?\d+)<small>([^<]+)</small>', text)
    assert [(label, symbol) for label, _, symbol in readings] == [(vital.label, vital.symbol) for vital in VITALS]
    assert text.count("<polyline") == len(VITALS)
    assert "W-88-1204" in text


def test_the_unit_page_says_which_device_is_in_doubt_and_what_to_do(visitor: Visitor, fleet_database: Database) -> None:
    doubtful = doubtful_unit.add(fleet_database, datetime.now(UTC))
    text = visitor.get(f"/units/{doubtful.uid}").text
    assert "two births with one number come from different hardware: mac 02:00:00:00:00:0" in text
    assert "Find the copy and enrol it as a unit of its own" in text
    assert "Correct serial, maker and model in its configuration" in text
    assert "stored under this number" in text
    for kind in re.findall(r'href="(/findings\?kind=[^"]+)"', text):
        assert "DOUBTFUL000001" in visitor.get(html.unescape(kind)).text
    assert "Which device is it?" not in visitor.get("/units/u000k400mvx7").text


def test_an_unknown_unit_is_a_clear_404(visitor: Visitor) -> None:
    answer = visitor.get("/units/nobody")
    assert answer.status_code == 404
    assert "No unit has the ID" in answer.text


def test_alerts_are_paused_and_resumed(visitor: Visitor) -> None:
    visitor.post("/units/u001tn5520qdmmrtsk/hold", seen="/units/u001tn5520qdmmrtsk")
    assert "Alerts paused, silent for" in visitor.get("/units/u001tn5520qdmmrtsk").text
    visitor.post("/units/u001tn5520qdmmrtsk/release", seen="/units/u001tn5520qdmmrtsk")
    assert "Silent for" in visitor.get("/units/u001tn5520qdmmrtsk").text


def test_the_fleet_prints_both_numbers_of_the_installed_base(visitor: Visitor) -> None:
    text = visitor.get("/fleet").text
    assert re.search(r"Deployed</span><a[^>]*>73</a>", text)
    assert re.search(r"Operating</span><b[^>]*>\d\d</b>", text)


def test_a_tile_leads_to_exactly_the_rows_it_counts(visitor: Visitor) -> None:
    tile = re.search(r'id="tile-stale"[^>]*href="([^"]+)".*?<b class="num">(\d+)</b>', visitor.get("/fleet").text, re.S)
    assert tile
    assert visitor.get(tile[1]).text.count('<tr id="u-') == int(tile[2]) > 0


def test_pages_of_the_roll_hold_every_unit_once(visitor: Visitor) -> None:
    seen: list[str] = []
    address = "/fleet"
    while address:
        text = visitor.get(address).text
        seen += re.findall(r'<tr id="u-([^"]+)"', text)
        link = re.search(r'href="([^"]+)" rel="next"', text)
        address = link[1].replace("&amp;", "&") if link else ""
    assert len(seen) == len(set(seen)) == 80


def test_a_poll_answers_only_the_live_part(visitor: Visitor) -> None:
    text = visitor.get("/fleet", headers={"HX-Request": "true", "HX-Request-Type": "partial"}).text
    assert "<html" not in text
    assert '<tr id="u-' in text


def test_a_token_is_shown_once_with_its_command_and_picture(visitor: Visitor) -> None:
    text = visitor.post("/enrolment/tokens", seen="/enrolment", label="Site Cork", days="7", uses="50", account="A00002", site="").text
    command = re.search(r"musterroll-agent enroll --registry http://localhost --token=([\w-]+)", text)
    assert command
    assert 'class="qrline"' in text
    assert command[1] not in visitor.get("/enrolment").text


def test_a_token_that_cannot_be_is_refused_and_the_form_kept(visitor: Visitor) -> None:
    answer = visitor.post("/enrolment/tokens", seen="/enrolment", label="Bad", days="7", uses="many")
    assert answer.status_code == 422
    assert "must be a whole number" in answer.text
    assert 'value="Bad"' in answer.text


def test_a_token_names_a_registered_place_picked_from_those_there_are(visitor: Visitor) -> None:
    page = visitor.get("/enrolment").text
    assert '<option value="S00002">Cork 2 · Skerry Pumps AG</option>' in page
    found = visitor.get("/enrolment/places?account=skerry&site=cork").text
    assert re.findall(r'option value="([^"]+)"', found) == ["A00002", "S00002"]
    assert re.findall(r'option value="(S[^"]+)"', visitor.get("/enrolment/places?account=A00003").text) == ["S00003"]
    refused = visitor.post("/enrolment/tokens", seen="/enrolment", label="Cork", days="7", uses="1", site="S0002")
    assert refused.status_code == 422
    assert "There is no site &#39;S0002&#39;; the nearest are S00002 (Cork 2)" in refused.text
    assert 'name="site" value="S0002"' in refused.text


def test_a_waiting_enrolment_is_accepted_once(visitor: Visitor, fleet_database: Database) -> None:
    with fleet_database.snapshot() as session:
        [waiting] = enrol.pending(session)
    text = visitor.get("/enrolment").text
    assert "1 enrolment awaiting approval" in text
    assert "wait longest" not in text
    accept = f"/enrolment/{waiting.credential_id}/accept"
    assert visitor.post(accept, seen="/enrolment").status_code == 303
    assert visitor.post(accept, seen="/enrolment").status_code == 409
    assert "awaiting approval" not in visitor.get("/enrolment").text


def test_a_revoked_token_says_so(visitor: Visitor, fleet_database: Database) -> None:
    with fleet_database.snapshot() as session:
        token = next(t for t in enrol.tokens(session) if t.label.endswith("team 2"))
    visitor.post(f"/enrolment/tokens/{token.id}/revoke", seen="/enrolment")
    assert ">revoked<" in visitor.get("/enrolment").text


def test_quarantine_shows_binary_as_hexadecimal(visitor: Visitor) -> None:
    assert "00 ff fe 10" in visitor.get("/quarantine").text


def test_the_status_footer_names_what_is_not_ok(visitor: Visitor) -> None:
    text = visitor.get("/").text
    assert re.search(r'class="not-ok".*?<span>Ingest:</span> delayed', text, re.S)
    assert re.search(r'class="ok".*?<span>Broker:</span> OK', text, re.S)


def test_the_chosen_colours_are_kept(visitor: Visitor) -> None:
    assert visitor.post("/theme", seen="/", theme="dark", next="/fleet").headers["Location"] == "/fleet"
    assert 'data-theme="dark"' in visitor.get("/fleet").text


def test_a_waiting_enrolment_shows_what_differs(visitor: Visitor) -> None:
    text = visitor.get("/enrolment").text
    row = re.search(r'<tr class="differs">.*?</tr>', text, re.S)
    assert row
    assert "4f1c9a77e2" in row[0]
    assert "b7730e15c4" in row[0]
    assert text.count("same</span>") == 2
