"""Which column is which field, in the exports of many systems and languages; and where a person is asked instead."""

from pathlib import Path

import pytest
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.readers.columns import Choices, choices
from musterroll.readers.document import Document
from musterroll.readers.fields import BadRow, DocumentRow
from musterroll.readers.sources import SOURCES
from musterroll.readers.table import BadFile
from musterroll.readers.units import DETAILS
from musterroll.storage.imports.marked_units import MARKS
from musterroll.usecases.imports.document_kinds import KINDS

from tests.support.documents import document


def _exports() -> list[tuple[str, str, str, dict[str, str]]]:
    """Source (empty: none), kind of document, header row, heading by field."""
    _, *blocks = Path(__file__).with_name("exports.txt").read_text("utf-8").strip().split("\n\n")
    exports = []
    for block in blocks:
        about, header, columns = block.split("\n")
        source, kind = about.split(" | ")
        exports.append((source.removeprefix("-"), kind, header, dict(pair.split(" = ") for pair in columns.split("; "))))
    return exports


EXPORTS = _exports()


def opened(kind: str, header: str, rows: str = "") -> Document:
    given = {"maker": "Acme", "model": "Pump"} if kind == "units" else {}  # many lists have no such column
    return document(kind, f"{header}\n{rows}", Choices(given=given))


# What is good to have beside: lists of columns name these only where they matter.
BESIDE = {*DETAILS, *MARKS, "account", "purchased_on", "warranty_starts_on", "warranty_ends_on"}


@pytest.mark.parametrize(("source", "kind", "header", "columns"), EXPORTS)
def test_the_columns_of_an_export_are_recognised(source: str, kind: str, header: str, columns: dict[str, str]) -> None:
    read = opened(kind, header)
    recognised = {field: heading for heading, field in read.mapping.items() if field in columns or field not in BESIDE}
    assert recognised == columns
    assert (read.source.name if read.source else "") == source


@pytest.mark.parametrize(("source", "kind", "header", "columns"), EXPORTS)
def test_case_spaces_and_underscores_of_headings_do_not_matter(source: str, kind: str, header: str, columns: dict[str, str]) -> None:
    separator = ";" if ";" in header else ","
    shouted = separator.join(f" {name.upper().replace(' ', '_')} " for name in header.split(separator))
    assert sorted(set(opened(kind, shouted).mapping.values()) - (BESIDE - columns.keys())) == sorted(columns)


def test_every_source_is_told_by_its_signs_and_names_fields_of_its_kinds() -> None:
    for source in SOURCES:
        fields = {field.name for kind in source.kinds.split() for field in KINDS[kind].fields}
        assert set(source.fields) | set(source.given) <= fields, source.name
        assert source.signs_in(source.signs.split("|")[0].split()) > 0, source.name
        assert "".join([*source.signs.split("|"), *source.fields.values(), source.ignored]).replace(" ", "").isalnum(), source.name


def test_the_dry_run_says_what_the_file_looks_like_and_what_is_given() -> None:
    read = document("units", "Computer Name,Serial Number,Model,Last Check-in\nmac-1,C02X1,MacBook Pro,2026-11-01\n")
    (row,) = read.rows()
    assert isinstance(row, DocumentRow), row
    assert row.values["maker"] == "Apple"
    assert read.notes()[:2] == [
        "this looks like a Jamf Pro inventory list and is read as one",
        "rows without a Manufacturer are given Apple",
    ]


def test_codes_of_a_source_are_its_words_and_a_person_has_the_last() -> None:
    text = "name,sys_class_name,serial_number,manufacturer,model_id,install_status\nx,cmdb_ci_server,SN1,Acme,P,6\n"
    (row,) = document("units", text).rows()
    assert isinstance(row, DocumentRow)
    assert row.values["lifecycle"] is Lifecycle.STOCK
    (row,) = document("units", text, choices([], Choices(), words=["6=retired"])).rows()
    assert isinstance(row, DocumentRow)
    assert row.values["lifecycle"] is Lifecycle.RETIRED


def test_a_row_without_a_serial_is_known_by_its_equipment_number() -> None:
    text = "Equipment,Functional Location,Manufacturer,Model number,Serial number,System status\n"
    rows = list(document("units", f"{text}10000001,PL1-A,KSB,P,0000AB12,INST\n10000002,PL1-A,KSB,P,,ESTO\n").rows())
    values = [row.values for row in rows if isinstance(row, DocumentRow)]
    assert [(row.get("serial"), row["asset_tag"], row["lifecycle"].value) for row in values] == [
        ("0000AB12", "10000001", "deployed"),
        ("10000002", "10000002", "stock"),
    ]


@pytest.mark.parametrize(("cell", "serial"), [("'007612", "007612"), ("'=SN1", "=SN1")])
def test_the_apostrophe_that_keeps_a_cell_text_in_a_spreadsheet_is_not_part_of_it(cell: str, serial: str) -> None:
    (row,) = document("accounts", f"Account ID,Account Name\n{cell},Acme\n").rows()
    assert isinstance(row, DocumentRow)
    assert row.values["ref"] == serial


def test_the_article_of_a_line_is_not_its_number() -> None:
    assert document("contract-lines", "Contract,Line,Item,Qty\nC1,1,CON-SNT,2\n").mapping["Line"] == "number"


def test_rows_in_the_bin_of_the_other_system_are_left_out() -> None:
    read = document("accounts", "Id,IsDeleted,Name,ParentId,BillingCountry\nA1,0,One,,NA\nA2,1,Two,,DE\nA3,true,Three,,DE\n")
    assert [row.shown for row in read.rows()] == ["A1"]
    assert "rows marked as deleted are left out: 2 (A2, A3)" in read.notes()


@pytest.mark.parametrize(
    ("header", "heading"),
    [
        ("Ticket Number,Ticket ID,Opened", "Ticket Number"),
        ("ID,Key,Opened", "Key"),
        ("Case ID,Record ID,Opened", "Case ID"),
    ],
)
def test_a_precise_name_of_what_identifies_a_record_beats_a_general_one(header: str, heading: str) -> None:
    assert document("incidents", header + "\n").mapping[heading] == "ref"


def test_two_columns_that_may_both_identify_a_record_are_asked_about() -> None:
    with pytest.raises(BadFile, match="'Serial' and 'SN' may both be the Serial Number"):
        document("units", "Serial,SN,Maker,Model\nA1,B1,Acme,P\n")
    with pytest.raises(BadFile, match="'Account Number' and 'Customer ID' may both be the Account ID"):
        document("accounts", "Account Number,Customer ID\n1,2\n")


def test_a_second_column_that_is_empty_or_says_the_same_is_no_rival() -> None:
    assert document("units", "Serial,SN,Maker,Model\n,B1,Acme,P\n,B2,Acme,P\n").mapping["SN"] == "serial"
    assert document("units", "Serial,SN,Maker,Model\nB1,B1,Acme,P\n").mapping["Serial"] == "serial"
    assert [
        row.values["account"]
        for row in document("units", "SN,Company,Maker,Model,Company\nB1,A,Acme,P,A\n").rows()
        if isinstance(row, DocumentRow)
    ]
    with pytest.raises(BadFile, match="2 columns have the heading 'Company'"):
        document("units", "SN,Company,Maker,Model,Company\nB1,A,Acme,P,B\n")


@pytest.mark.parametrize(
    "heading",
    [
        *("Warranty (months)", "Warranty months*", "warranty_months", "u_warranty_months", "Warranty_Months__c", "Asset: Warranty Months"),
        *("Custom field (Warranty Months)", "Custom Field [Warranty months]", "custom_fields.warranty_months", "cf_warranty_months"),
        *("properties.warrantyMonths", "Custom Field: Warranty (months)"),
    ],
)
def test_units_in_brackets_marks_of_systems_and_prefixes_are_seen_through(heading: str) -> None:
    assert document("units", f"SN,Maker,Model,{heading}\n").mapping[heading] == "warranty_months"


@pytest.mark.parametrize("heading", ["Contact: Serial", "Owner.Status", "Supplier - Model"])
def test_what_a_heading_says_besides_is_not_overlooked(heading: str) -> None:
    assert heading not in document("units", f"SN,Maker,Model,{heading}\n").mapping


def test_a_contract_list_without_a_status_is_of_contracts_in_force() -> None:
    read = document("contracts", "Contract Number,Account ID,Start Date\nC1,A1,2026-01-01\n")
    (row,) = read.rows()
    assert isinstance(row, DocumentRow), row
    assert "state" not in row.values
    assert read.notes() == ["no column Status: contracts are taken to be in force from their Start Date to their End Date"]


def test_a_message_names_the_column_as_the_file_does() -> None:
    (row,) = document("units", "S/N,Maker,Model,Inbetriebnahme\nSN1,Acme,P,soon\n").rows()
    assert isinstance(row, BadRow)
    assert row.why.startswith("the Install Date (Inbetriebnahme) 'soon' is not a recognised date")


def test_a_list_of_another_kind_is_named() -> None:
    with pytest.raises(BadFile, match="it looks like a HubSpot company list: import it as accounts"):
        document("units", "Record ID,Company name,Company Domain Name\n")
    with pytest.raises(
        BadFile,
        match=r"no column Manufacturer.*--map 'HEADING=Manufacturer'\), or give one value for the whole file \(--set 'Manufacturer=",
    ):
        document("units", "Serial,Model\n")


def test_a_known_list_of_this_kind_is_not_taken_for_one_of_another() -> None:
    assets = "Id,AccountId,ParentId,OwnerId,Name,SerialNumber,Product2Id,BillingCountry\n"
    with pytest.raises(BadFile, match=r"^the file has no column Manufacturer; the headings are"):
        document("units", assets)


def test_a_deleted_contract_is_a_row_that_says_which_and_when() -> None:
    header = "ContractNumber,AccountId,StartDate,Status,IsDeleted,Deleted On\n"
    read = document("contracts", header + "1,A,2026-01-01,Activated,false,\n2,A,,,true,2026-03-04\n,A,,,true,\n")
    rows = list(read.rows())
    assert [(row.shown, isinstance(row, DocumentRow) and row.deleted) for row in rows] == [("1", False), ("2", True)]
    assert isinstance(rows[1], DocumentRow)
    assert {name: str(value) for name, value in rows[1].values.items()} == {"ref": "2", "ended_on": "2026-03-04"}
    assert "rows marked as deleted: 2; those that are registered end, the others are left out" in read.notes()
