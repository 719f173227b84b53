"""Records over REST: imports, lists, findings, decisions and undo."""

import io
from datetime import datetime
from typing import Any

import openpyxl
import pytest
from musterroll.domain.values import cursors

from tests.server.api.conftest import RestClient
from tests.server.api.records import DOCUMENTS, import_all, upload


class RecordsApi:
    """REST as a planner's program uses it, after all records were imported."""

    def __init__(self, rest: RestClient) -> None:
        self._client, self._headers = rest.client, import_all(rest)
        self.rest = rest

    def get(self, path: str, status: int = 200) -> Any:
        answer = self._client.get(f"/api/v1/{path}", headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def post(self, path: str, status: int = 200, /, **body: Any) -> Any:
        answer = self._client.post(f"/api/v1/{path}", json=body or {}, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.json

    def put(self, path: str, **body: Any) -> Any:
        answer = self._client.put(f"/api/v1/{path}", json=body, headers=self._headers)
        assert answer.status_code == 200, answer.text
        return answer.json

    def upload(self, kind: str, text: str, **form: Any) -> Any:
        return upload(self.rest, kind, text, self._headers, **form)

    def uid(self, serial: str) -> str:
        (unit,) = self.get(f"lookup?code={serial}")["units"]
        return str(unit["id"])


@pytest.fixture
def records_api(rest: RestClient) -> RecordsApi:
    return RecordsApi(rest)


@pytest.fixture
def small_api(small_rest: RestClient) -> RecordsApi:
    return RecordsApi(small_rest)


def test_the_same_file_twice_changes_nothing_and_an_import_can_be_undone(small_api: RecordsApi) -> None:
    again = small_api.upload("contracts", DOCUMENTS["contracts"], commit="true").json
    assert again["counts"] == {"new": 0, "changed": 0, "same": 2, "refused": 0}
    (tickets,) = [run for run in small_api.get("imports")["items"] if run["kind"] == "incidents"]
    assert small_api.post(f"imports/{tickets['id']}/undo")["undone_by"]
    assert small_api.get("incidents")["items"] == []


def test_a_dry_run_says_what_would_happen_and_does_nothing(small_api: RecordsApi) -> None:
    before = small_api.get("accounts")
    run = small_api.upload("accounts", "Account ID,Account Name\nA1,Alder Ltd\nA3,Birch\n,Nobody\n").json
    assert [verdict["outcome"] for verdict in run["verdicts"]] == ["changed", "new", "refused"]
    assert (run["committed"], run["id"]) == (False, None)
    assert small_api.get("accounts") == before


def test_coverage_gives_the_verdict_with_its_reason_and_says_what_is_missing(records_api: RecordsApi) -> None:
    both = records_api.get("units/SN1/coverage?on=2026-11-01")
    assert (both["answer"], both["last_covered_day"], both["lines"][0]["payment"]) == ("both", "2045-02-14", "overdue")
    assert "Under contract" in both["words"] or "under contract" in both["words"]
    assert records_api.get(f"units/{records_api.uid('SN2')}/coverage?on=2026-11-01")["answer"] == "none"
    unknown = records_api.get("units/SN3/coverage")
    assert unknown["answer"] == "unknown"
    assert unknown["missing"][0].startswith("warranty unknown")
    records_api.get("units/SN404/coverage", 404)


@pytest.mark.parametrize("day", ["0", "2026-13-01", "1969-12-31", "2201-01-01", "01.11.2026"])
def test_what_is_no_day_is_refused(small_api: RecordsApi, day: str) -> None:
    small_api.get(f"units/SN1/coverage?on={day}", 422)


def test_a_contract_comes_with_lines_and_bill(records_api: RecordsApi) -> None:
    (contract, _) = records_api.get("contracts?account=A1")["items"]
    assert (contract["ref"], contract["in_force"], contract["last_day"], contract["lines"], contract["billing"]["payment"]) == (
        "C1",
        True,
        "2030-12-31",
        2,
        "overdue",
    )
    whole = records_api.get("contracts/C1")
    assert [(line["number"], line["serial"], line["price"], line["place"]["ref"]) for line in whole["first_lines"]] == [
        ("1", "SN1", "120.00", "S1"),
        ("2", "SN9", "90.50", "S1"),
    ]
    assert [contract["ref"] for contract in records_api.get("contracts?account=A2")["items"]] == ["C2"]
    records_api.get("contracts/C404", 404)


def test_lists_page_by_key_and_filter(records_api: RecordsApi) -> None:
    first = records_api.get("sites?limit=1")
    assert ([item["ref"] for item in first["items"]], first["next"], first["items"][0]["units"]) == (["S1"], cursors.encode("S1"), 1)
    assert [item["ref"] for item in records_api.get(f"sites?limit=1&cursor={cursors.encode('S1')}")["items"]] == ["S2"]
    assert [item["units"] for item in records_api.get("products")["items"]] == [3]
    assert [item["ref"] for item in records_api.get("incidents?unit=" + records_api.uid("SN1"))["items"]] == ["T1"]
    assert [item["ref"] for item in records_api.get("incidents?open=true")["items"]] == ["T2"]
    assert [item["ref"] for item in records_api.get("accounts?text=south")["items"]] == ["A2"]


def test_an_account_is_rolled_up_with_all_below_it(records_api: RecordsApi) -> None:
    records_api.post("reconciliation")
    alder, south = records_api.get("accounts/A1"), records_api.get("accounts/A2")
    assert [(account["counts"]["units"], sum(account["cells"].values())) for account in (alder, south)] == [(2, 2), (1, 1)]
    assert ([account["ref"] for account in alder["below"]], south["parent"]["ref"]) == (["A2"], "A1")
    assert [(account["ref"], account["depth"]) for account in records_api.get("accounts/tree")["items"]] == [("A1", 0), ("A2", 1)]


def test_cells_sum_to_the_units_and_findings_are_worked_down_and_reopened(records_api: RecordsApi) -> None:
    result = records_api.post("reconciliation")
    assert sum(result["cells"].values()) == result["units"] == 3
    assert {cell: n for cell, n in result["cells"].items() if n} == {"110": 1, "010": 1, "000": 1}
    assert records_api.get("reconciliation/counts")["cells"] == result["cells"] == records_api.get("reconciliation")["cells"]
    page = records_api.get("findings?state=open&limit=1")
    assert page["findings"] == sum(result["findings"].values()) == 3
    silent = records_api.get("findings?kind=paid_but_silent")["items"][0]
    assert (silent["serial"], silent["value"], silent["owner"]) == ("SN1", {"amount": "120.00", "currency": "EUR"}, "support")
    change = records_api.post(f"findings/{silent['id']}/decision", state="accepted", reason="site is rebuilt")
    assert records_api.get("findings?state=accepted")["items"][0]["reason"] == "site is rebuilt"
    records_api.post(f"findings/{silent['id']}/decision", 409, state="accepted", reason="again")
    records_api.post(f"changes/{change['id']}/undo")
    assert records_api.get(f"findings/{silent['id']}")["state"] == "open"


def test_a_decision_is_taken_back_by_the_number_of_its_finding(small_api: RecordsApi) -> None:
    small_api.post("reconciliation")
    number, *others = [finding["id"] for finding in small_api.get("findings")["items"]]
    assert "has no decision" in small_api.post(f"findings/{number}/undo", 404)["detail"]
    small_api.post(f"findings/{number}/decision", state="accepted", reason="known")
    small_api.post(f"findings/{number}/decision", state="resolved", reason="settled")
    small_api.post(f"findings/{number}/undo", reason="too early")
    assert small_api.get(f"findings/{number}")["state"] == "accepted"
    small_api.post("findings/decisions", ids=[number, *others], state="resolved", reason="all done")
    assert "decided with 2 others" in small_api.post(f"findings/{number}/undo", 409)["detail"]
    small_api.post("findings/999/undo", 404)


def test_a_finding_is_traced_to_the_rows_of_its_documents(small_api: RecordsApi) -> None:
    small_api.post("reconciliation")
    silent = small_api.get("findings?kind=paid_but_silent")["items"][0]
    opened = small_api.get(f"findings/{silent['id']}")
    rows = {(proof["table"], document["file"], document["line"]) for proof in opened["evidence"] for document in proof["documents"]}
    assert {
        ("unit", "units.csv", 2),
        ("line", "contract-lines.csv", 2),
        ("line", "contracts.csv", 2),
        ("invoice", "billing.csv", 2),
    } <= rows
    assert "SN1" in opened["says"]


def test_many_findings_are_decided_as_one_change_or_not_at_all(small_api: RecordsApi) -> None:
    small_api.post("reconciliation")
    ids = [finding["id"] for finding in small_api.get("findings")["items"]]
    small_api.post("findings/decisions", 404, ids=[*ids, 999], state="resolved", reason="done")
    small_api.post("findings/decisions", ids=ids, state="ignored", reason="later", until="2199-01-01")
    assert small_api.get("findings?state=open")["findings"] == 0


def test_a_unit_is_moved_and_moved_back(records_api: RecordsApi) -> None:
    uid = records_api.uid("SN3")
    change = records_api.post(f"units/{uid}/moves", to="deployed", site="S2", reason="went out")
    unit = records_api.get(f"units/{uid}")
    assert (unit["lifecycle"], unit["account"]["ref"]) == ("deployed", "A2")
    assert records_api.get("changes?limit=1")["items"][0]["reason"] == "went out"
    records_api.post(f"units/{uid}/moves", 409, to="stock")
    bare = records_api.rest.client.post(f"/api/v1/changes/{change['id']}/undo", headers=records_api.rest.bearer("write"))
    assert bare.status_code == 200, bare.text  # without a body there is no reason
    assert records_api.get(f"units/{uid}")["lifecycle"] == "stock"
    records_api.post(f"changes/{change['id']}/undo", 409)


def test_a_replacement_takes_over_place_and_lines(small_api: RecordsApi) -> None:
    uid, by = small_api.uid("SN1"), small_api.uid("SN3")
    small_api.post(f"units/{uid}/replacement", by=by, reason="broken")
    assert small_api.get(f"units/{uid}")["lifecycle"] == "returned"
    line = small_api.get("contracts/C1")["first_lines"][0]
    assert (line["serial"], line["covers"]) == ("SN1", "SN3")  # it stays as the document writes it
    old, new = small_api.get(f"units/{uid}/relations"), small_api.get(f"units/{by}/relations")
    assert (old["replaced_by"]["id"], new["replaces"], old["open_incidents"]) == (by, [{"id": uid, "serial": "SN1"}], [])


def test_a_warranty_is_extended_and_voided_with_its_reason(small_api: RecordsApi) -> None:
    uid = small_api.uid("SN2")
    small_api.post(f"units/{uid}/warranty/extend", 201, months=120, document="promise 7")
    assert small_api.get("units/SN2/coverage?on=2026-11-01")["answer"] == "warranty"
    period = small_api.get(f"units/{uid}/warranty")["items"][-1]
    small_api.post(f"warranty-periods/{period['id']}/void", on="2026-01-01", reason="opened by hand")
    assert small_api.get("units/SN2/coverage?on=2026-11-01")["answer"] == "none"
    small_api.post(f"warranty-periods/{period['id']}/void", 409, on="2026-01-01", reason="again")


def test_the_installed_base_is_sliced_and_a_month_adds_up(records_api: RecordsApi) -> None:
    sliced = records_api.get("installed-base?by=account")
    assert [(part["ref"], part["counts"]["units"], part["own"]["units"]) for part in sliced["parts"]][:2] == [("A1", 2, 1), ("A2", 1, 1)]
    assert records_api.get("installed-base?account=A2")["registered"] == 1
    bridge = records_api.get("installed-base/bridge?month=2026-01")
    assert bridge["opening"] + sum(bridge["steps"].values()) == bridge["closing"]
    records_api.get("installed-base?on=2199-01-01", 422)
    records_api.get("installed-base?maker=Acme", 422)


def test_licences_count_seats_beside_those_sold(small_api: RecordsApi) -> None:
    small_api.put("targets", measure="active_licences", target="1", from_on="2026-01-05")
    licences = small_api.get("licences?on=2026-11-01&by=segment")
    (item,) = licences["items"]
    assert (item["name"], item["active"], item["gross"], item["provisioned"], item["over"]) == ("enterprise", 0, 2, None, None)
    assert (licences["total"]["gross"], licences["level"]) == (2, "below")
    small_api.put("targets", measure="active_licences", target="0", from_on="2026-01-31")
    *_, today = small_api.get("licences/trend?months=3&every=quarter")["items"]
    assert (today["gross"], today["level"]) == (2, "at")


def test_proposals_are_decided_once_and_undone(small_api: RecordsApi) -> None:
    from musterroll.usecases.matching import proposals as matching_proposals

    from tests.server.api.conftest import clock

    twin = "Account ID,Account Name,Website,Phone\nB1,Birch Pumps,birch.example,0301234567\nB2,Birch Pumps Ltd,birch.example,0301234567\n"
    assert small_api.upload("accounts", twin, commit="true").status_code == 200
    with small_api.rest.database.transaction() as session:
        matching_proposals.find_matches(session, clock())
    (proposal,) = small_api.get("proposals?kind=account_twin")["items"]
    assert "Birch Pumps" in proposal["left"]
    change = small_api.post(f"proposals/{proposal['id']}/accept", reason="one company")
    small_api.post(f"proposals/{proposal['id']}/reject", 409)
    assert "B2" not in [account["ref"] for account in small_api.get("accounts")["items"]]
    small_api.post(f"changes/{change['id']}/undo")
    assert small_api.get("proposals")["items"][0]["state"] == "open"


def test_every_list_is_a_file_too(small_api: RecordsApi) -> None:
    client, headers = small_api.rest.client, small_api.rest.bearer("read", "write")
    names = "units accounts sites products contracts contracts/C1/lines incidents findings licences proposals changes imports"
    names += " changes/1/rows imports/1/rows"
    for path in names.split():
        for form in ("csv", "xlsx"):
            answer = client.get(f"/api/v1/{path}?format={form}", headers=headers)
            assert (answer.status_code, bool(answer.data)) == (200, True), path
    assert b",'=cmd" in client.get("/api/v1/contracts/C1/lines?format=csv", headers=headers).data


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_list_imports_again_unchanged_and_its_days_are_dates(small_api: RecordsApi, form: str) -> None:
    client, headers = small_api.rest.client, small_api.rest.bearer("read", "write")
    for kind in ("accounts", "sites", "units", "products", "contracts", "incidents"):
        content = client.get(f"/api/v1/{kind}?format={form}", headers=headers).data
        file = {"file": (io.BytesIO(content), f"{kind}.{form}")}
        answer = client.post(f"/api/v1/imports/{kind}", data=file, headers=headers, content_type="multipart/form-data")
        assert answer.status_code == 200, answer.json
        counts = answer.json["counts"]
        assert counts["same"] == sum(counts.values()) > 0, (kind, answer.json)
    for path, heading in (("contracts", "starts_on"), ("records/units", "Install Date")):
        book = openpyxl.load_workbook(io.BytesIO(client.get(f"/api/v1/{path}?format=xlsx", headers=headers).data))
        (headings, *rows) = book.worksheets[0].iter_rows(values_only=True)
        assert any(isinstance(row[headings.index(heading)], datetime) for row in rows)


def test_a_change_shows_what_it_wrote_and_the_chain_is_verified(small_api: RecordsApi) -> None:
    change = small_api.post(f"units/{small_api.uid('SN3')}/moves", to="shipped", on="2026-01-05", reason="went out")
    assert small_api.get(f"changes/{change['id']}")["reason"] == "went out"
    (row,) = [row for row in small_api.get(f"changes/{change['id']}/rows")["items"] if row["table"] == "unit"]
    assert (row["before"]["lifecycle"], row["after"]["lifecycle"], row["after"]["shipped_on"]) == ("stock", "shipped", "2026-01-05")
    about = small_api.get(f"changes?table=unit&key={row['key']}")["items"]
    assert [change_["kind"] for change_ in about] == ["lifecycle", "import"]
    small_api.get("changes/999", 404)
    headers = small_api.rest.bearer("admin")
    proven = small_api.rest.client.get("/api/v1/audit/verify", headers=headers).json
    assert (proven["ok"], proven["first_bad"]) == (True, None)
    assert not small_api.rest.client.get("/api/v1/audit/verify?head=" + "0" * 63 + "1", headers=headers).json["ok"]


def test_near_matches_are_looked_for_and_accounts_put_under_others(small_api: RecordsApi) -> None:
    assert small_api.post("proposals/find") == {"new": 0, "open": 0, "gone": 0}
    client, headers = small_api.rest.client, small_api.rest.bearer("write")
    put = {"path": "/api/v1/accounts/A2/parent", "headers": headers}
    assert client.put(**put, json={"parent": None}).status_code == 200
    assert small_api.get("accounts/A2")["parent"] is None
    assert client.put(**put, json={"parent": None}).status_code == 204
    assert client.put(**put, json={"parent": "A2"}).status_code == 409


def test_columns_are_saved_used_and_forgotten(small_api: RecordsApi) -> None:
    client, headers = small_api.rest.client, small_api.rest.bearer("read", "write")
    columns = {"Kunde": "ref", "Firma": "name", "Rang": ""}
    assert client.put("/api/v1/mappings/Lager", json={"kind": "accounts", "columns": columns}, headers=headers).status_code == 200
    run = small_api.upload("accounts", "Kunde,Firma,Rang\nA1,Alder Ltd,3\n", mapping="Lager").json
    assert run["verdicts"][0]["outcome"] == "changed"
    assert small_api.get("mappings")["items"] == [{"name": "Lager", "kind": "accounts", "columns": columns, "given": {}, "words": {}}]
    assert client.put("/api/v1/mappings/Lager", json={"kind": "units", "columns": columns}, headers=headers).status_code == 409
    assert client.delete("/api/v1/mappings/Lager", headers=headers).status_code == 204
    assert small_api.get("mappings")["items"] == []


def test_cells_and_findings_are_sliced_by_account_site_product_segment_and_country(records_api: RecordsApi) -> None:
    records_api.post("reconciliation")
    by = {
        name: records_api.get(f"reconciliation/slices?by={name}")["items"] for name in ("account", "site", "product", "segment", "country")
    }
    assert {name: [(part["ref"], part["units"]) for part in slices] for name, slices in by.items()} == {
        "account": [("A1", 2), ("A2", 1), ("", 1)],
        "site": [("", 1), ("S1", 1), ("S2", 1)],
        "product": [("Acme", 3)],
        "segment": [("", 1), ("enterprise", 2)],
        "country": [("", 1), ("DE", 2)],
    }
    assert by["site"][1]["cells"]["paid_but_silent"] == 1
    assert records_api.get("reconciliation/counts?segment=enterprise&site=S1")["cells"]["110"] == 1
    assert records_api.get("reconciliation/counts?country=FR")["units"] == 0
    records_api.get("reconciliation/slices?by=age", 422)
    of_account = records_api.get("reconciliation/slices?by=product&account=A1")["items"]
    assert [(part["ref"], part["units"]) for part in of_account] == [("Acme", 2)]
    slices = {
        name: records_api.get(f"findings?{name}")["findings"] for name in ("site=S1", "segment=enterprise", "country=DE", "country=FR")
    }
    assert slices == {"site=S1": 2, "segment=enterprise": 3, "country=DE": 3, "country=FR": 0}
    records_api.get("findings?site=S404", 404)


def test_records_are_entered_corrected_and_exported(small_api: RecordsApi) -> None:
    client, headers = small_api.rest.client, small_api._headers
    new = {"ref": "A9", "name": "Nine Ltd", "parent": "A1", "reason": "by phone"}
    added = client.post("/api/v1/records/accounts", json=new, headers=headers)
    assert (added.status_code, added.json["reason"]) == (201, "by phone")
    assert client.post("/api/v1/records/accounts", json=new, headers=headers).status_code == 409
    assert client.patch("/api/v1/records/accounts", json={"ref": "A9", "parent": None}, headers=headers).status_code == 200
    assert client.patch("/api/v1/records/accounts", json={"ref": "A9", "parent": None}, headers=headers).status_code == 204
    assert client.patch("/api/v1/records/accounts", json={"ref": "A99"}, headers=headers).status_code == 404
    assert client.patch("/api/v1/records/accounts", json={"ref": "A9", "colour": "red"}, headers=headers).status_code == 422
    (row,) = [item for item in small_api.get("records/accounts")["items"] if item["ref"] == "A9"]
    assert (row["name"], row["parent"]) == ("Nine Ltd", "")


@pytest.mark.parametrize("kind", ["accounts", "units", "contract-lines", "incidents"])
def test_an_exported_list_imports_again_unchanged(small_api: RecordsApi, kind: str) -> None:
    file = small_api.rest.client.get(f"/api/v1/records/{kind}?format=csv", headers=small_api._headers).text
    run = small_api.upload(kind, file).json
    assert run["counts"]["same"] == run["rows"] > 0
