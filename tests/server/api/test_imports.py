import io
from typing import Any

import pytest
from musterroll.domain.values import cursors
from musterroll.usecases.imports.document_kinds import KINDS
from werkzeug.test import TestResponse

from tests.server.api.conftest import RestClient
from tests.server.readers.test_xlsx_files import workbook

HEAD = "Serial,Maker,Model,Status,Colour\n"
UNITS = HEAD + "SN1,Acme,Pump,Installed,red\nSN2,Acme,Pump,In Stock,blue\n"


@pytest.fixture
def headers(rest: RestClient) -> dict[str, str]:
    return rest.bearer("read", "write")


def send(rest: RestClient, headers: dict[str, str], content: str | bytes, kind: str = "units", **form: Any) -> TestResponse:
    stream = io.BytesIO(content.encode() if isinstance(content, str) else content)
    return rest.client.post(f"/api/v1/imports/kinds/{kind}", headers=headers, data={"file": (stream, "list.csv"), **form})


def counts(answer: TestResponse) -> dict[str, int]:
    assert answer.status_code == 200, answer.json
    counted: dict[str, int] = {name: count for name, count in answer.json["counts"].items() if count}
    return counted


def test_a_dry_run_is_the_default_and_writes_nothing(rest: RestClient, headers: dict[str, str]) -> None:
    first, second = (send(rest, headers, UNITS) for _ in range(2))
    assert counts(first) == counts(second) == {"new": 2}
    assert (first.json["committed"], first.json["id"], first.json["ignored_columns"]) == (False, None, ["Colour"])
    assert first.json["columns"]["Status"] == "lifecycle"


def test_a_commit_is_kept_listed_and_undone(rest: RestClient, headers: dict[str, str]) -> None:
    done = send(rest, headers, UNITS + "Default string,Acme,Pump,,\n", commit="true").json
    assert [verdict["outcome"] for verdict in done["verdicts"]] == ["new", "new", "refused"]
    again = send(rest, headers, UNITS + "Default string,Acme,Pump,,\n", commit="true").json
    assert (again["counts"]["same"], again["imported_before"]) == (2, done["id"])
    listed = rest.client.get("/api/v1/imports?limit=1", headers=headers).json
    assert ([run["id"] for run in listed["items"]], listed["next"]) == ([again["id"]], cursors.encode(again["id"]))
    rows = rest.client.get(f"/api/v1/imports/{done['id']}/rows?limit=2", headers=headers).json
    assert ([row["line"] for row in rows["items"]], rows["next"]) == ([2, 3], cursors.encode(3))
    (refused,) = rest.client.get(f"/api/v1/imports/{done['id']}/rows?cursor={cursors.encode(3)}", headers=headers).json["items"]
    assert "placeholder" in refused["detail"]
    undone = rest.client.post(f"/api/v1/imports/{done['id']}/undo", headers=headers)
    assert (undone.status_code, undone.json["undone_by"] > 0) == (200, True)
    assert rest.client.post(f"/api/v1/imports/{done['id']}/undo", headers=headers).status_code == 409
    assert counts(send(rest, headers, UNITS)) == {"new": 2}


def test_workbooks_and_every_other_kind_are_taken(rest: RestClient, headers: dict[str, str]) -> None:
    book = workbook([["Contract Number", "Start Date", "End Date", "Status"], ["C1", "2026-01-01", "2026-12-31", "Active"]])
    assert counts(send(rest, headers, book, "contracts", commit="true")) == {"new": 1}
    assert counts(send(rest, headers, "Contract Number,Payment State\nC1,paid\n", "billing")) == {"new": 1}


def test_columns_dates_and_zones_can_be_said(rest: RestClient, headers: dict[str, str]) -> None:
    text = "Teil,Maker,Model,Ship Date\nSN1,Acme,Pump,05/06/2025\n"
    assert counts(send(rest, headers, text, map=["Teil=serial"], dates="dmy")) == {"new": 1}
    assert counts(send(rest, headers, text, map=["Teil=serial"])) == {"refused": 1}
    assert send(rest, headers, text, map=["Teil"]).status_code in (400, 409, 422)
    assert send(rest, headers, text, map=["Teil=serial"], zone="Mars/Base").status_code in (400, 409, 422)
    assert send(rest, headers, text, mapping="nobody").status_code == 404


def test_what_is_no_table_or_no_import_is_a_problem_in_a_sentence(rest: RestClient, headers: dict[str, str]) -> None:
    for content in ("", "a,b\n", b"PK\x03\x04rest", b"\x7fELF\x00\x00"):
        answer = send(rest, headers, content)
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        assert answer.json["detail"]
    assert send(rest, headers, UNITS, kind="lorries").status_code == 422
    assert rest.client.get("/api/v1/imports/77", headers=headers).status_code == 404
    assert rest.client.post("/api/v1/imports/kinds/units", headers=headers, json={}).status_code == 415


def test_the_former_address_still_imports(rest: RestClient, headers: dict[str, str]) -> None:
    stream = io.BytesIO(UNITS.encode())
    answer = rest.client.post("/api/v1/imports/units", headers=headers, data={"file": (stream, "list.csv")})
    assert (answer.status_code, answer.json["committed"]) == (200, False)
    assert rest.client.post("/api/v1/imports/units", headers=headers, json={}).status_code == 415


def test_a_reader_may_look_but_not_import(rest: RestClient) -> None:
    reader = rest.bearer("read")
    assert rest.client.get("/api/v1/imports", headers=reader).status_code == 200
    assert send(rest, reader, UNITS, commit="true").status_code == 403


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (",".join(f"h{n}" for n in range(65_536)) + "\nx\n", "65,536 columns"),
        ("Serial,Serial,Maker,Model\nA1B2,A1B3,Acme,Pump\n", "2 columns have the heading 'Serial'"),
        ("\n" * 1000, "the file is empty"),
        (HEAD.encode("utf-16-le") + b"\x00\xd8\x00", "no longer UTF-16-LE"),
        (b"\x00" * 4096, "no column Serial Number"),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence_and_nothing_is_kept(small_rest: RestClient, content: str | bytes, sentence: str) -> None:
    headers = small_rest.bearer("read", "write")
    answer = send(small_rest, headers, content, commit="true")
    assert (answer.status_code, sentence in answer.json["detail"]) == (422, True), answer.json
    assert small_rest.client.get("/api/v1/imports", headers=headers).json["items"] == []
    assert small_rest.client.get("/api/v1/changes?kind=import", headers=headers).json["items"] == []


def test_the_api_names_every_kind_of_document(small_rest: RestClient) -> None:
    schemas = small_rest.client.get("/openapi.json").json["components"]["schemas"]
    assert schemas["DocumentKind"]["enum"] == list(KINDS)


def test_a_dry_run_tells_new_values_what_would_be_created_and_what_is_open(rest: RestClient, headers: dict[str, str]) -> None:
    content = "Serial,Maker,Model,Status,Install Date,Account ID\nSN1,Acme,Pump,Quux,1/2/2026,A-new\nSN1,Acme,Pump,Quux,1/3/2026,A-new\n"
    told = send(rest, headers, content, dates="dmy").json
    assert told["new_records"][0]["values"]["Install Date"] == "2026-02-01"
    assert {"table": "account", "name": "A-new", "rows": 1} in told["created"]
    assert (told["duplicates"], told["verdicts"][-1]["code"]) == (1, "duplicate")
    assert [(question["about"], question["subject"]) for question in told["questions"]] == [("word", "Quux")]
    rejected = send(rest, headers, content, dates="dmy", create_missing="false").json
    assert rejected["verdicts"][0]["code"] == "not_registered"


def test_the_template_of_a_kind_can_be_sent_back(rest: RestClient, headers: dict[str, str]) -> None:
    template = rest.client.get("/api/v1/imports/templates/accounts?format=xlsx", headers=headers)
    assert counts(send(rest, headers, template.data, "accounts")) == {"new": 1}
