"""Paper over REST: it comes in, is listed, judged, decided, and every step can be taken back."""

from typing import Any

import pytest
from musterroll.domain.values import cursors

from tests.server.api.conftest import Door
from tests.server.api.paper import DOCUMENTS, bring, send


class Desk:
    """A planner at work."""

    def __init__(self, door: Door) -> None:
        self._client, self._headers = door.client, bring(door)
        self.door = door

    def get(self, path: str, status: int = 200) -> Any:
        answer = self._client.get(f"/api/v1/{path}", headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def post(self, path: str, status: int = 200, /, **body: Any) -> Any:
        answer = self._client.post(f"/api/v1/{path}", json=body or {}, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def send(self, kind: str, text: str, **form: Any) -> Any:
        return send(self.door, kind, text, self._headers, **form)

    def uid(self, serial: str) -> str:
        (found,) = self.get(f"lookup?code={serial}")["units"]
        return str(found["id"])


@pytest.fixture
def desk(door: Door) -> Desk:
    return Desk(door)


@pytest.fixture
def small_desk(small_door: Door) -> Desk:
    return Desk(small_door)


def test_the_same_file_twice_changes_nothing_and_an_import_can_be_undone(small_desk: Desk) -> None:
    again = small_desk.send("contracts", DOCUMENTS["contracts"], commit="true").json
    assert again["counts"] == {"new": 0, "changed": 0, "same": 2, "refused": 0}
    (tickets,) = [run for run in small_desk.get("imports")["items"] if run["kind"] == "incidents"]
    assert small_desk.post(f"imports/{tickets['id']}/undo")["undone_by"]
    assert small_desk.get("incidents")["items"] == []


def test_a_dry_run_says_what_would_happen_and_does_nothing(small_desk: Desk) -> None:
    before = small_desk.get("accounts")
    said = small_desk.send("accounts", "Account ID,Account Name\nA1,Alder Ltd\nA3,Birch\n,Nobody\n").json
    assert [one["outcome"] for one in said["verdicts"]] == ["changed", "new", "refused"]
    assert (said["committed"], said["id"]) == (False, None)
    assert small_desk.get("accounts") == before


def test_coverage_gives_the_verdict_with_its_reason_and_says_what_is_missing(desk: Desk) -> None:
    both = desk.get("units/SN1/coverage?on=2026-11-01")
    assert (both["answer"], both["last_covered_day"], both["lines"][0]["payment"]) == ("both", "2045-02-14", "overdue")
    assert "Under contract" in both["words"] or "under contract" in both["words"]
    assert desk.get(f"units/{desk.uid('SN2')}/coverage?on=2026-11-01")["answer"] == "none"
    unknown = desk.get("units/SN3/coverage")
    assert unknown["answer"] == "unknown"
    assert unknown["missing"][0].startswith("warranty unknown")
    desk.get("units/SN404/coverage", 404)


@pytest.mark.parametrize("day", ["0", "2026-13-01", "1969-12-31", "2201-01-01", "01.11.2026"])
def test_what_is_no_day_is_refused(small_desk: Desk, day: str) -> None:
    small_desk.get(f"units/SN1/coverage?on={day}", 422)


def test_a_contract_comes_with_lines_and_bill(desk: Desk) -> None:
    (one, _) = desk.get("contracts?account=A1")["items"]
    assert (one["ref"], one["in_force"], one["last_day"], one["lines"], one["billing"]["payment"]) == (
        "C1",
        True,
        "2030-12-31",
        2,
        "overdue",
    )
    whole = desk.get("contracts/C1")
    assert [(line["number"], line["serial"], line["price"], line["place"]["ref"]) for line in whole["first_lines"]] == [
        ("1", "SN1", "120.00", "S1"),
        ("2", "SN9", "90.50", "S1"),
    ]
    assert [one["ref"] for one in desk.get("contracts?account=A2")["items"]] == ["C2"]
    desk.get("contracts/C404", 404)


def test_lists_page_by_key_and_filter(desk: Desk) -> None:
    first = desk.get("sites?limit=1")
    assert ([one["ref"] for one in first["items"]], first["next"], first["items"][0]["units"]) == (["S1"], cursors.encode("S1"), 1)
    assert [one["ref"] for one in desk.get(f"sites?limit=1&cursor={cursors.encode('S1')}")["items"]] == ["S2"]
    assert [one["units"] for one in desk.get("products")["items"]] == [3]
    assert [one["ref"] for one in desk.get("incidents?unit=" + desk.uid("SN1"))["items"]] == ["T1"]
    assert [one["ref"] for one in desk.get("incidents?open=true")["items"]] == ["T2"]
    assert [one["ref"] for one in desk.get("accounts?text=south")["items"]] == ["A2"]


def test_an_account_is_rolled_up_with_all_below_it(desk: Desk) -> None:
    desk.post("reconciliation")
    alder, south = desk.get("accounts/A1"), desk.get("accounts/A2")
    assert [(one["counts"]["units"], sum(one["cells"].values())) for one in (alder, south)] == [(2, 2), (1, 1)]
    assert ([one["ref"] for one in alder["below"]], south["parent"]["ref"]) == (["A2"], "A1")
    assert [(one["ref"], one["depth"]) for one in desk.get("accounts/tree")["items"]] == [("A1", 0), ("A2", 1)]


def test_cells_sum_to_the_units_and_findings_are_worked_down_and_reopened(desk: Desk) -> None:
    said = desk.post("reconciliation")
    assert sum(said["cells"].values()) == said["units"] == 3
    assert {cell: n for cell, n in said["cells"].items() if n} == {"110": 1, "010": 1, "000": 1}
    assert desk.get("reconciliation/counts")["cells"] == said["cells"] == desk.get("reconciliation")["cells"]
    page = desk.get("findings?state=open&limit=1")
    assert page["findings"] == sum(said["findings"].values()) == 3
    silent = desk.get("findings?kind=paid_but_silent")["items"][0]
    assert (silent["serial"], silent["value"], silent["owner"]) == ("SN1", {"amount": "120.00", "currency": "EUR"}, "support")
    change = desk.post(f"findings/{silent['id']}/decision", state="accepted", reason="site is rebuilt")
    assert desk.get("findings?state=accepted")["items"][0]["reason"] == "site is rebuilt"
    desk.post(f"findings/{silent['id']}/decision", 409, state="accepted", reason="again")
    desk.post(f"changes/{change['id']}/undo")
    assert desk.get(f"findings/{silent['id']}")["state"] == "open"


def test_a_decision_is_taken_back_by_the_number_of_its_finding(small_desk: Desk) -> None:
    small_desk.post("reconciliation")
    one, *others = [found["id"] for found in small_desk.get("findings")["items"]]
    assert "nothing is decided" in small_desk.post(f"findings/{one}/undo", 404)["detail"]
    small_desk.post(f"findings/{one}/decision", state="accepted", reason="known")
    small_desk.post(f"findings/{one}/decision", state="resolved", reason="settled")
    small_desk.post(f"findings/{one}/undo", reason="too early")
    assert small_desk.get(f"findings/{one}")["state"] == "accepted"
    small_desk.post("findings/decisions", ids=[one, *others], state="resolved", reason="all done")
    assert "decided with 2 others" in small_desk.post(f"findings/{one}/undo", 409)["detail"]
    small_desk.post("findings/999/undo", 404)


def test_a_finding_is_traced_to_the_rows_of_its_documents(small_desk: Desk) -> None:
    small_desk.post("reconciliation")
    silent = small_desk.get("findings?kind=paid_but_silent")["items"][0]
    opened = small_desk.get(f"findings/{silent['id']}")
    rows = {(proof["table"], one["file"], one["line"]) for proof in opened["evidence"] for one in proof["documents"]}
    assert {
        ("unit", "units.csv", 2),
        ("line", "contract-lines.csv", 2),
        ("line", "contracts.csv", 2),
        ("invoice", "billing.csv", 2),
    } <= rows
    assert "SN1" in opened["says"]


def test_many_findings_are_decided_as_one_change_or_not_at_all(small_desk: Desk) -> None:
    small_desk.post("reconciliation")
    ids = [one["id"] for one in small_desk.get("findings")["items"]]
    small_desk.post("findings/decisions", 404, ids=[*ids, 999], state="resolved", reason="done")
    small_desk.post("findings/decisions", ids=ids, state="ignored", reason="later", until="2199-01-01")
    assert small_desk.get("findings?state=open")["findings"] == 0


def test_a_unit_is_moved_and_moved_back(desk: Desk) -> None:
    uid = desk.uid("SN3")
    change = desk.post(f"units/{uid}/moves", to="deployed", site="S2", reason="went out")
    told = desk.get(f"units/{uid}")
    assert (told["lifecycle"], told["account"]["ref"]) == ("deployed", "A2")
    assert desk.get("changes?limit=1")["items"][0]["reason"] == "went out"
    desk.post(f"units/{uid}/moves", 409, to="stock")
    bare = desk.door.client.post(f"/api/v1/changes/{change['id']}/undo", headers=desk.door.bearer("write"))
    assert bare.status_code == 200, bare.text  # without a body there is no reason
    assert desk.get(f"units/{uid}")["lifecycle"] == "stock"
    desk.post(f"changes/{change['id']}/undo", 409)


def test_a_replacement_takes_over_place_and_lines(small_desk: Desk) -> None:
    uid, by = small_desk.uid("SN1"), small_desk.uid("SN3")
    small_desk.post(f"units/{uid}/replacement", by=by, reason="broken")
    assert small_desk.get(f"units/{uid}")["lifecycle"] == "returned"
    line = small_desk.get("contracts/C1")["first_lines"][0]
    assert (line["serial"], line["covers"]) == ("SN1", "SN3")  # it stays as the document writes it
    old, new = small_desk.get(f"units/{uid}/relations"), small_desk.get(f"units/{by}/relations")
    assert (old["replaced_by"]["id"], new["replaces"], old["open_incidents"]) == (by, [{"id": uid, "serial": "SN1"}], [])


def test_a_warranty_is_extended_and_voided_with_its_reason(small_desk: Desk) -> None:
    uid = small_desk.uid("SN2")
    small_desk.post(f"units/{uid}/warranty/extend", 201, months=120, document="promise 7")
    assert small_desk.get("units/SN2/coverage?on=2026-11-01")["answer"] == "warranty"
    period = small_desk.get(f"units/{uid}/warranty")["items"][-1]
    small_desk.post(f"warranty-periods/{period['id']}/void", on="2026-01-01", reason="opened by hand")
    assert small_desk.get("units/SN2/coverage?on=2026-11-01")["answer"] == "none"
    small_desk.post(f"warranty-periods/{period['id']}/void", 409, on="2026-01-01", reason="again")


def test_the_installed_base_is_sliced_and_a_month_adds_up(desk: Desk) -> None:
    sliced = desk.get("installed-base?by=account")
    assert [(one["ref"], one["counts"]["units"], one["own"]["units"]) for one in sliced["parts"]][:2] == [("A1", 2, 1), ("A2", 1, 1)]
    assert desk.get("installed-base?account=A2")["registered"] == 1
    bridge = desk.get("installed-base/bridge?month=2026-01")
    assert bridge["opening"] + sum(bridge["steps"].values()) == bridge["closing"]
    desk.get("installed-base?on=2199-01-01", 422)
    desk.get("installed-base?maker=Acme", 422)


def test_licences_count_seats_beside_those_sold(small_desk: Desk) -> None:
    said = small_desk.get("licences?on=2026-11-01&by=segment&target=1")
    assert said["items"] == [{"name": "enterprise", "active": 0, "gross": 2}]
    assert (said["total"]["gross"], said["level"]) == (2, "below")
    *_, today = small_desk.get("licences/trend?months=3&every=quarter&target=0")["items"]
    assert (today["gross"], today["level"]) == (2, "at")


def test_proposals_are_decided_once_and_undone(small_desk: Desk) -> None:
    from musterroll.usecases.matching import proposals as matching_proposals

    from tests.server.api.conftest import clock

    twin = "Account ID,Account Name,Website,Phone\nB1,Birch Pumps,birch.example,0301234567\nB2,Birch Pumps Ltd,birch.example,0301234567\n"
    assert small_desk.send("accounts", twin, commit="true").status_code == 200
    with small_desk.door.database.transaction() as session:
        matching_proposals.find_matches(session, clock())
    (one,) = small_desk.get("proposals?kind=account_twin")["items"]
    assert "Birch Pumps" in one["left"]
    change = small_desk.post(f"proposals/{one['id']}/accept", reason="one company")
    small_desk.post(f"proposals/{one['id']}/reject", 409)
    assert "B2" not in [account["ref"] for account in small_desk.get("accounts")["items"]]
    small_desk.post(f"changes/{change['id']}/undo")
    assert small_desk.get("proposals")["items"][0]["state"] == "open"


def test_every_list_is_a_file_too(small_desk: Desk) -> None:
    client, headers = small_desk.door.client, small_desk.door.bearer("read", "write")
    names = "units accounts sites products contracts contracts/C1/lines incidents findings licences proposals changes imports"
    names += " changes/1/rows imports/1/rows"
    for path in names.split():
        for form in ("csv", "xlsx"):
            answer = client.get(f"/api/v1/{path}?format={form}", headers=headers)
            assert (answer.status_code, bool(answer.data)) == (200, True), path
    assert b",'=cmd" in client.get("/api/v1/contracts/C1/lines?format=csv", headers=headers).data


def test_a_change_shows_what_it_wrote_and_the_chain_is_verified(small_desk: Desk) -> None:
    change = small_desk.post(f"units/{small_desk.uid('SN3')}/moves", to="shipped", on="2026-01-05", reason="went out")
    assert small_desk.get(f"changes/{change['id']}")["reason"] == "went out"
    (row,) = [row for row in small_desk.get(f"changes/{change['id']}/rows")["items"] if row["table"] == "unit"]
    assert (row["before"]["lifecycle"], row["after"]["lifecycle"], row["after"]["shipped_on"]) == ("stock", "shipped", "2026-01-05")
    about = small_desk.get(f"changes?table=unit&key={row['key']}")["items"]
    assert [one["kind"] for one in about] == ["lifecycle", "import"]
    small_desk.get("changes/999", 404)
    headers = small_desk.door.bearer("admin")
    proven = small_desk.door.client.get("/api/v1/audit/verify", headers=headers).json
    assert (proven["ok"], proven["first_bad"]) == (True, None)
    assert not small_desk.door.client.get("/api/v1/audit/verify?head=" + "0" * 63 + "1", headers=headers).json["ok"]


def test_near_matches_are_looked_for_and_accounts_put_under_others(small_desk: Desk) -> None:
    assert small_desk.post("proposals/find") == {"new": 0, "open": 0, "gone": 0}
    client, headers = small_desk.door.client, small_desk.door.bearer("write")
    put = {"path": "/api/v1/accounts/A2/parent", "headers": headers}
    assert client.put(**put, json={"parent": None}).status_code == 200
    assert small_desk.get("accounts/A2")["parent"] is None
    assert client.put(**put, json={"parent": None}).status_code == 204
    assert client.put(**put, json={"parent": "A2"}).status_code == 409


def test_columns_are_saved_used_and_forgotten(small_desk: Desk) -> None:
    client, headers = small_desk.door.client, small_desk.door.bearer("read", "write")
    columns = {"Kunde": "ref", "Firma": "name", "Rang": ""}
    assert client.put("/api/v1/mappings/Lager", json={"kind": "accounts", "columns": columns}, headers=headers).status_code == 200
    said = small_desk.send("accounts", "Kunde,Firma,Rang\nA1,Alder Ltd,3\n", mapping="Lager").json
    assert said["verdicts"][0]["outcome"] == "changed"
    assert small_desk.get("mappings")["items"] == [{"name": "Lager", "kind": "accounts", "columns": columns}]
    assert client.put("/api/v1/mappings/Lager", json={"kind": "units", "columns": columns}, headers=headers).status_code == 409
    assert client.delete("/api/v1/mappings/Lager", headers=headers).status_code == 204
    assert small_desk.get("mappings")["items"] == []


def test_cells_and_findings_are_sliced_by_account_site_product_segment_and_country(desk: Desk) -> None:
    desk.post("reconciliation")
    by = {name: desk.get(f"reconciliation/slices?by={name}")["items"] for name in ("account", "site", "product", "segment", "country")}
    assert {name: [(one["ref"], one["units"]) for one in found] for name, found in by.items()} == {
        "account": [("A1", 2), ("A2", 1), ("", 1)],
        "site": [("", 1), ("S1", 1), ("S2", 1)],
        "product": [("Acme", 3)],
        "segment": [("", 1), ("enterprise", 2)],
        "country": [("", 1), ("DE", 2)],
    }
    assert by["site"][1]["cells"]["paid_but_silent"] == 1
    assert desk.get("reconciliation/counts?segment=enterprise&site=S1")["cells"]["110"] == 1
    assert desk.get("reconciliation/counts?country=FR")["units"] == 0
    desk.get("reconciliation/slices?by=age", 422)
    found = {name: desk.get(f"findings?{name}")["findings"] for name in ("site=S1", "segment=enterprise", "country=DE", "country=FR")}
    assert found == {"site=S1": 2, "segment=enterprise": 3, "country=DE": 3, "country=FR": 0}
    desk.get("findings?site=S404", 404)
