"""Lists as files: whole, and harmless to open."""

import csv
import io
from collections.abc import Callable

import pytest
from musterroll.api.http import lists as api_lists
from python_calamine import CalamineWorkbook

from tests.server.api.conftest import RestClient
from tests.support.unit_rows import place, unit

SERIALS = ["SN1", "SN2", "SN3"]
HOSTILE = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "'=1"]


@pytest.fixture
def fleet(small_rest: RestClient, monkeypatch: pytest.MonkeyPatch) -> RestClient:
    monkeypatch.setattr(api_lists, "_PAGE", 2)
    with small_rest.database.transaction() as session:
        account, site = place(session, "=1+1", "S1")
        for serial in SERIALS:
            unit(session, serial, account_id=account, site_id=site, warranty_months=24)
    return small_rest


def rows_of_csv(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def rows_of_workbook(body: bytes) -> list[dict[str, str]]:
    head, *rows = CalamineWorkbook.from_filelike(io.BytesIO(body)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    return [{str(name): str(value) for name, value in zip(head, row, strict=True)} for row in rows]


@pytest.mark.parametrize(("form", "rows", "account"), [("csv", rows_of_csv, "'=1+1"), ("xlsx", rows_of_workbook, "=1+1")])
def test_a_file_has_every_row_of_every_page(
    fleet: RestClient, form: str, rows: Callable[[bytes], list[dict[str, str]]], account: str
) -> None:
    answer = fleet.client.get(f"/api/v1/units?format={form}&limit=1", headers=fleet.bearer("read"))
    units = rows(answer.data)
    assert [row["serial"] for row in units] == SERIALS
    assert {row["account.ref"] for row in units} == {account}
    assert answer.headers["Content-Disposition"] == f'attachment; filename="units.{form}"'


def test_the_kind_of_file_can_be_asked_for_as_content_is_negotiated(fleet: RestClient) -> None:
    for accept, kind in (
        ("text/csv", "text/csv"),
        (api_lists.XLSX, api_lists.XLSX),
        ("*/*", "application/json"),
        ("image/png", "application/json"),
    ):
        answer = fleet.client.get("/api/v1/units", headers={**fleet.bearer("read"), "Accept": accept})
        assert answer.mimetype == kind


def test_text_that_looks_like_a_formula_is_inert_and_can_be_read_back() -> None:
    for text in HOSTILE:
        assert api_lists.inert(text) == f"'{text}"
    for text in ("", "A=1", "'quoted'", "1+1"):
        assert api_lists.inert(text) == text


def test_numbers_stay_numbers(fleet: RestClient) -> None:
    answer = fleet.client.get("/api/v1/units?format=csv", headers=fleet.bearer("read"))
    assert {row["warranty_months"] for row in rows_of_csv(answer.data)} == {"24"}


def test_a_cursor_that_is_not_ours_is_refused_before_a_file_begins(fleet: RestClient) -> None:
    answer = fleet.client.get("/api/v1/units?format=csv&cursor=x", headers=fleet.bearer("read"))
    assert (answer.status_code, answer.content_type) == (422, "application/problem+json")


def test_more_rows_than_a_sheet_holds_are_refused_with_what_to_do(fleet: RestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_lists, "_MOST_ROWS", 2)
    answer = fleet.client.get("/api/v1/units?format=xlsx", headers=fleet.bearer("read"))
    assert answer.status_code == 422
    assert "CSV" in answer.json["detail"]
