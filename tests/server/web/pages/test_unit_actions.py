"""Actions of a technician on a unit's page, and undo."""

import re
from datetime import UTC, datetime

import pytest
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.access import User
from musterroll.usecases.undo import own_changes
from musterroll.usecases.units import incidents
from musterroll.usecases.units.look_up import unit_card
from musterroll.usecases.units.related import related_units
from werkzeug.test import TestResponse

from tests.server.web.conftest import Visitor
from tests.support.enrolment import enrol_unit
from tests.support.sample_fleet import LATE, NEVER, OPERATING, SHARED, STALE, TWIN

UNIT = "/units/u000k400mvx7"


@pytest.fixture
def technician(visitor: Visitor, fleet_database: Database) -> Visitor:
    with fleet_database.transaction() as session:
        session.get_one(User, 1).role = "technician"
    return visitor


def act(visitor: Visitor, name: str, **form: str) -> TestResponse:
    """Carry out an act and follow to the unit's page."""
    answer = visitor.post(f"{UNIT}/{name}", seen=UNIT, **form)
    return visitor.get(answer.headers["Location"]) if answer.status_code == 303 else answer


def undo(visitor: Visitor, done: TestResponse) -> TestResponse:
    button = re.search(rf'action="({UNIT}/undo/\d+)"', done.text)
    assert button
    return visitor.get(visitor.post(button[1], seen=UNIT).headers["Location"])


def card(database: Database, uid: str = "u000k400mvx7"):  # type: ignore[no-untyped-def]
    with database.snapshot() as session:
        return unit_card(session, uid, datetime.now(UTC))


def test_a_unit_is_moved_to_a_chosen_site_and_back(technician: Visitor, fleet_database: Database) -> None:
    choice = technician.get(f"{UNIT}/deploy?text=skerry").text
    assert re.findall(r'name="site" value="(\w+)"', choice) == ["S00002"]
    done = act(technician, "move", to="deployed", site="S00002", reason="moved house")
    assert "K400MVX7 deployed" in done.text
    assert card(fleet_database).site == "Cork 2"
    undone = undo(technician, done)
    assert "<b>Undone</b>: K400MVX7 deployed" in undone.text
    assert card(fleet_database).site == "Essen 1"
    assert "K400MVX7 deployed" in undo(technician, undone).text
    assert card(fleet_database).site == "Cork 2"


@pytest.mark.parametrize(("to", "stage"), [("returned", Lifecycle.RETURNED), ("retired", Lifecycle.RETIRED)])
def test_a_unit_is_returned_or_retired_and_that_is_undone(technician: Visitor, fleet_database: Database, to: str, stage: Lifecycle) -> None:
    done = act(technician, "move", to=to, reason="broken fan")
    assert card(fleet_database).lifecycle is stage
    assert "broken fan" in done.text
    undo(technician, done)
    assert card(fleet_database).lifecycle is Lifecycle.DEPLOYED


def test_an_illegal_move_says_why_and_keeps_what_was_typed(technician: Visitor, fleet_database: Database) -> None:
    answer = act(technician, "move", to="stock", reason="tidy up")
    assert answer.status_code == 409
    assert "A deployed unit cannot become stock" in answer.text
    assert act(technician, "move", to="somewhere").status_code == 422
    assert act(technician, "move", to="deployed", site="S00002", on="2999-01-01").status_code == 422
    assert card(fleet_database).site == "Essen 1"


def test_a_unit_is_replaced_by_a_scanned_serial(technician: Visitor, fleet_database: Database) -> None:
    done = act(technician, "replace", by=f"]d20109506000134352\x1d21{NEVER}", becomes="returned", reason="dead")
    assert f"{OPERATING} replaced by {NEVER}" in done.text
    assert f">{NEVER}</a>" in done.text
    undo(technician, done)
    with fleet_database.snapshot() as session:
        assert related_units(session, "u000k400mvx7").replaced_by is None


@pytest.mark.parametrize(
    ("by", "sentence"), [("K400MVX8", "did you mean"), (SHARED, "2 units have the serial"), (TWIN[:-1] + "O", "no registered unit")]
)
def test_a_replacement_is_never_guessed(technician: Visitor, by: str, sentence: str) -> None:
    answer = act(technician, "replace", by=by, becomes="returned", reason="kept words")
    assert answer.status_code == 409
    assert sentence.casefold() in answer.text.casefold()
    assert 'value="kept words"' in answer.text


def test_a_warranty_is_voided_with_a_reason_and_restored(technician: Visitor) -> None:
    period = re.search(r'<option value="(\d+)">Standard', technician.get(UNIT).text)
    assert period
    assert act(technician, "void", period=period[1], reason=" ").status_code == 409
    done = act(technician, "void", period=period[1], reason="opened by the customer")
    assert "Under contract until" in done.text
    assert "Under warranty and contract" in undo(technician, done).text


def test_another_units_warranty_is_not_voided_from_here(technician: Visitor) -> None:
    own = re.search(r'<option value="(\d+)">Standard', technician.get(UNIT).text)
    assert own
    assert act(technician, "void", period=str(int(own[1]) + 1), reason="x").status_code == 404
    assert act(technician, "void", period="x", reason="x").status_code == 422


def test_a_note_is_kept_in_its_words_and_taken_back(technician: Visitor) -> None:
    words = "Key at reception.\n<b>Mind</b> the dog."
    done = act(technician, "note", text=words)
    assert "Key at reception.\n&lt;b&gt;Mind&lt;/b&gt; the dog." in done.text
    assert "Key at reception" not in undo(technician, done).text
    assert act(technician, "note", text="  ").status_code == 422
    assert act(technician, "note", text="x" * 2001).status_code == 422


def test_an_incident_is_opened_closed_and_counted(technician: Visitor) -> None:
    done = act(technician, "incidents", what="No signal since the storm")
    ref = re.search(r'name="ref" value="(MR-\w{8})"', done.text)
    assert ref
    assert f"1, newest {ref[1]}" in technician.get(f"/?code={OPERATING}").text
    closed = act(technician, "incidents/close", ref=ref[1])
    assert "No open incidents" in closed.text
    assert act(technician, "incidents/close", ref=ref[1]).status_code == 409
    assert act(technician, "incidents/close", ref="T-4711").status_code == 404
    assert ref[1] in undo(technician, closed).text


def test_pausing_alerts_is_undone_by_one_button(technician: Visitor, fleet_database: Database) -> None:
    assert "Alerts are paused" in act(technician, "hold").text
    assert "Alerts are on again" in act(technician, "release").text
    assert card(fleet_database).held_at is None


def test_nobody_undoes_here_what_another_did_or_did_elsewhere(technician: Visitor, fleet_database: Database) -> None:
    now = datetime.now(UTC)
    with fleet_database.transaction() as session:
        anothers = incidents.open_incident(session, "u000k400mvx7", "noise", actor="ann", now=now).id
        elsewhere = incidents.open_incident(session, "u001tn5520qdmmrtsk", "noise", actor="admin", now=now).id
    for number in (anothers, elsewhere, 999_999):
        assert technician.post(f"{UNIT}/undo/{number}", seen=UNIT).status_code == 404
        assert "Undo</button>" not in technician.get(f"{UNIT}?done={number}").text
    with fleet_database.snapshot() as session:
        assert own_changes.own_changes(session, "u001tn5520qdmmrtsk", elsewhere or 0, "admin") is not None


def test_a_viewer_sees_the_answer_and_no_act(technician: Visitor, fleet_database: Database) -> None:
    with fleet_database.transaction() as session:
        session.get_one(User, 1).role = "viewer"
    text = technician.get(UNIT).text
    assert "Covered" in text
    assert 'id="acts"' not in text
    for name in ("move", "note", "void", "replace", "incidents", "incidents/close", "hold", "release", "undo/1"):
        assert technician.post(f"{UNIT}/{name}", seen=UNIT, to="retired").status_code == 404, name
    assert technician.get(f"{UNIT}/deploy").status_code == 404


def test_a_technician_of_one_account_acts_on_its_units_alone(technician: Visitor, fleet_database: Database) -> None:
    with fleet_database.transaction() as session:
        session.get_one(User, 1).within = [1]
    done = act(technician, "note", text="Key at reception")
    assert "Key at reception" in done.text
    assert "Key at reception" not in undo(technician, done).text
    assert act(technician, "move", to="retired").status_code == 200
    assert technician.post("/units/u001tn5520qdmmrtsk/note", seen=UNIT, text="x").status_code == 404
    assert "No matching sites" in technician.get(f"{UNIT}/deploy?text=skerry").text
    assert act(technician, "move", to="returned", site="S00002").status_code == 404
    assert act(technician, "replace", by=STALE, becomes="returned").status_code == 409
    assert "no registered unit" in technician.post("/labels", seen="/labels", units=STALE).text


def test_the_short_address_leads_to_the_unit_also_by_way_of_sign_in(stranger: Visitor) -> None:
    asked = stranger.get("/u/u000k400mvx7")
    assert asked.headers["Location"] == "/sign-in?next=%2Fu%2Fu000k400mvx7"
    assert stranger.sign_in(next="/u/u000k400mvx7").headers["Location"] == "/u/u000k400mvx7"
    assert stranger.get("/u/u000k400mvx7").headers["Location"] == UNIT
    assert stranger.get("/U/U000K400MVX7").headers["Location"] == UNIT
    assert f"http://localhost/u/{UNIT[7:]}" in stranger.get(UNIT).text


def test_a_stale_form_of_a_late_unit_is_told_what_happened_meanwhile(technician: Visitor) -> None:
    address = re.search(r'href="(/units/[^"]+)"', technician.get(f"/?code={LATE}").text)
    assert address
    first = technician.post(f"{address[1]}/move", seen=address[1], to="retired")
    again = technician.post(f"{address[1]}/move", seen=address[1], to="retired")
    assert (first.status_code, again.status_code) == (303, 409)
    assert "is already retired" in again.text


def test_an_admin_revokes_a_credential_with_a_reason_and_issues_a_new_one(visitor: Visitor, fleet_database: Database) -> None:
    unit = f"/units/{enrol_unit(fleet_database, datetime.now(UTC), 'K4011111').uid}"
    refused = visitor.post(f"{unit}/credential/revoke", seen=unit, reason=" ")
    assert refused.status_code == 422
    assert "give a reason" in refused.text.lower()
    assert visitor.post(f"{unit}/credential/revoke", seen=unit, reason="stolen from the van").status_code == 303
    assert "credential revoked: stolen from the van" in visitor.get(unit).text
    assert "musterroll-agent enroll --registry" in visitor.post(f"{unit}/credential", seen=unit).text


def test_a_technician_revokes_nothing(technician: Visitor) -> None:
    assert "Revoke credential" not in technician.get(UNIT).text
    assert technician.post(f"{UNIT}/credential/revoke", seen=UNIT, reason="no").status_code == 404
