import io
from datetime import UTC, date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.readers.columns import Choices, choices
from musterroll.readers.document import Document
from musterroll.readers.fields import BadRow, DocumentRow
from musterroll.readers.table import BadFile
from musterroll.usecases.imports.document_kinds import KINDS

from tests.support.documents import FLEET, document

UNITS = "Serial,Maker,Model"


def rows(kind: str, text: str, chosen: Choices = Choices()) -> list[DocumentRow | BadRow]:  # noqa: B008  immutable
    return list(document(kind, text, chosen).rows())


def values(kind: str, text: str, chosen: Choices = Choices()) -> dict[str, Any]:  # noqa: B008  immutable
    (row,) = rows(kind, text, chosen)
    assert isinstance(row, DocumentRow), row
    return row.values


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_of_the_made_up_fleet_can_be_read(kind: str) -> None:
    assert all(isinstance(row, DocumentRow) for row in rows(kind, FLEET[kind]))
    assert not document(kind, FLEET[kind]).ignored


def test_units_go_by_common_names() -> None:
    found = values(
        "units", "S/N;Vendor;Product Name;Asset Status;Customer No.;Location ID;Date Shipped\nsn-1;Acme;Pump 3;In Stock;A1;S1;2025-01-05\n"
    )
    assert (found["serial"], found["serial_key"], found["maker"], found["model"]) == ("sn-1", "SN1", "Acme", "Pump 3")
    assert (found["lifecycle"], found["account"], found["site"], found["shipped_on"]) == (Lifecycle.STOCK, "A1", "S1", date(2025, 1, 5))
    assert "installed_on" not in found


def test_accounts_as_salesforce_and_hubspot_write_them() -> None:
    salesforce = values(
        "accounts", "Account ID,Account Name,Parent Account ID,Billing Zip/Postal Code,Billing Country\n001A,Umber,001B,45127,DE\n"
    )
    hubspot = values(
        "accounts", "Record ID,Company name,Company Domain Name,Website URL,Country/Region\n77,Umber,umber.example,www.umber.example,DE\n"
    )
    assert (salesforce["parent"], salesforce["postcode"], salesforce["country"]) == ("001B", "45127", "DE")
    assert (hubspot["ref"], hubspot["name"], hubspot["country"]) == ("77", "Umber", "DE")


def test_contracts_as_an_erp_writes_them() -> None:
    found = values("contracts", "Agreement No.;Customer No.;Valid From;Valid To;State\nV1;K1;01.02.2026;31.01.2027;Terminated\n")
    assert (found["state"], found["starts_on"], found["ends_on"]) == (ContractState.CANCELLED, date(2026, 2, 1), date(2027, 2, 1))


@pytest.mark.parametrize(
    ("row", "scope"),
    [
        ("SN1,,,", LineScope.SERIAL),
        (",S1,,", LineScope.SITE),
        (",,,", LineScope.ACCOUNT),
        (",,,yes", LineScope.SUBTREE),
        (",S1,Account,", LineScope.ACCOUNT),
    ],
)
def test_a_line_covers_what_its_scope_says_or_the_most_specific_thing_given(row: str, scope: LineScope) -> None:
    head = "Contract Number,Line,Serial Number,Site ID,Scope,Including Subsidiaries,Price\n"
    found = values("contract-lines", f'{head}C1,1,{row},"1.234,50"\n')
    assert (found["scope"], found["price"]) == (scope, Decimal("1234.50"))


def test_of_two_columns_that_say_the_same_the_better_name_wins_and_the_other_is_told() -> None:
    read = document("accounts", "Account ID,Phone Number,Main Phone\nA1,1,2\n")
    assert read.ignored == ["Main Phone"]
    assert values("accounts", "Account ID,Phone Number,Main Phone\nA1,1,2\n")["phone"] == "1"


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("Serial,Model", "no column Manufacturer"),
        ("Ticket,Opened", "no column Serial Number and no column Manufacturer"),
        ("Serial,SN,Maker,Model", r"'Serial' and 'SN' may both be the Serial Number; choose one \(--map 'Serial=Serial Number'\)"),
        ("Maker,Serial,Model,Maker", "2 columns have the heading 'Maker'; in the file, rename"),
        ("\x89PNG\r\n", "no column"),
    ],
)
def test_a_file_of_something_else_is_refused_with_what_it_lacks(header: str, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        rows("units", header + "\n")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1.23E+15,Acme,Pump", "changed into a number"),
        ("=cmd|'/C calc'!A0,Acme,Pump", "formula"),
        ("Default string,Acme,Pump", "placeholder"),
        (",Acme,Pump", "the Serial Number is empty"),
        ("NULL,Acme,Pump", "the Serial Number is empty"),
        ("SN1,,Pump", "the Manufacturer (Maker) is empty"),
        ("SN1,Acme,---", "the Model is empty"),
        ("SN1,Acme", "2 columns"),
        ("SN\0001,Acme,Pump", "control characters"),
        ("SN1,Ac\0me,Pump", "control characters"),
        ("é" * 201 + ",Acme,Pump", "201 characters"),
        ('"SN\n1",Acme\nPump', "2 columns"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_next_one_is_read(row: str, why: str) -> None:
    bad, *_, good = rows("units", f"{UNITS}\n{row}\nSN2,Acme,Pump\n")
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert why in bad.why
    assert isinstance(good, DocumentRow)


def test_a_column_can_be_mapped_and_another_passed_over() -> None:
    text = "Teil;Vendor;Typ;Status\nSN1;Acme;Pump;whatever\n"
    chosen = choices(["Teil=serial", "Typ=model", "Status="], Choices())
    assert values("units", text, chosen) == {
        **{"serial": "SN1", "maker": "Acme", "model": "Pump"},
        **{"serial_key": "SN1", "maker_key": "acme", "model_key": "pump"},
    }
    assert document("units", text, chosen).mapping == {"Teil": "serial", "Vendor": "maker", "Typ": "model"}


def test_a_mapping_goes_before_every_name() -> None:
    text = "Serial,Asset,Maker,Model\nWRONG,SN1,Acme,Pump\n"
    assert values("units", text, choices(["Asset=serial"], Choices()))["serial"] == "SN1"


@pytest.mark.parametrize(
    ("column", "sentence"),
    [
        ("Serial=sirial", "no column 'sirial'; the columns are Serial Number"),
        ("Seriell=serial", "no column 'Seriell'"),
        ("Serial", "is not of the form HEADING=FIELD"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(column: str, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        rows("units", UNITS + "\n", choices([column], Choices()))


def test_counters_of_any_name_can_be_mapped_for_telemetry() -> None:
    found = values("telemetry", "SN,Last Seen,Pages\nSN1,1793534400,12\n", choices(["Pages=usage:pages"], Choices()))
    assert (found["usage:pages"], found["heard_at"]) == (12.0, 1793534400000)


DATES = f"{UNITS},Ship Date\n"


def test_a_column_that_proves_its_order_is_read_in_it() -> None:
    first, second = rows("units", f"{DATES}SN1,Acme,Pump,05/06/2025\nSN2,Acme,Pump,05/31/2025\n")
    assert isinstance(first, DocumentRow)
    assert isinstance(second, DocumentRow)
    assert (first.values["shipped_on"], second.values["shipped_on"]) == (date(2025, 5, 6), date(2025, 5, 31))


def test_a_column_that_proves_nothing_or_both_is_asked_about() -> None:
    (row,) = rows("units", f"{DATES}SN1,Acme,Pump,05/06/2025\n")
    assert isinstance(row, BadRow)
    assert "--dates dmy" in row.why
    mixed = rows("units", f"{DATES}SN1,Acme,Pump,05/06/2025\nSN2,Acme,Pump,31/05/2025\nSN3,Acme,Pump,05/31/2025\n")
    assert [type(row) for row in mixed] == [BadRow, DocumentRow, DocumentRow]


def test_a_person_can_say_the_order() -> None:
    text = f"{DATES}SN1,Acme,Pump,05/06/2025\n"
    assert values("units", text, Choices(dates="dmy"))["shipped_on"] == date(2025, 6, 5)
    assert values("units", text, Choices(dates="mdy"))["shipped_on"] == date(2025, 5, 6)


def test_a_time_without_a_zone_is_asked_about_and_can_be_told() -> None:
    text = "Serial,Last Seen\nSN1,2026-11-01 12:00:00\n"
    (row,) = rows("telemetry", text)
    assert isinstance(row, BadRow)
    assert "--zone" in row.why
    assert values("telemetry", text, Choices(zone=UTC))["heard_at"] == 1793534400000
    assert values("telemetry", text, choices([], Choices(), zone="Europe/Berlin"))["heard_at"] == 1793534400000 - 3_600_000


@given(st.binary(max_size=400))
def test_whatever_the_bytes_there_is_a_sentence_or_rows(content: bytes) -> None:
    for prefix in (b"", b"Serial,Maker,Model\n", b"PK\x03\x04"):
        try:
            found = list(Document(io.BytesIO(prefix + content), KINDS["units"]).rows())
        except BadFile:
            continue
        assert all(isinstance(row, DocumentRow | BadRow) for row in found)


def test_an_empty_serial_is_a_rejected_row_in_every_kind_that_names_its_records_by_it() -> None:
    (row,) = rows("telemetry", "serial,last_seen\n,2026-11-01T12:00:00Z\n")
    assert row == BadRow(2, "", "the Serial Number is empty")
    for kind in KINDS.values():
        read = {field.name for field in kind.fields}  # a name may be put together from several
        assert set(kind.shown) & read <= {field.name for field in kind.required}


def test_a_required_column_that_holds_nothing_is_named_with_the_way_to_fill_it() -> None:
    with pytest.raises(BadFile, match=r"no column Manufacturer, and its column of the Model is empty; .*the rest .*--set 'Model="):
        document("units", "Serial,Model\nS1,N/A\nS2,\n")
    read = document("units", "Serial,Maker,Model\nS1,Acme,N/A\nS2,Acme,\nS3,Acme,P\n")
    assert [isinstance(row, BadRow) for row in read.rows()] == [True, True, False]
    assert "the Model is empty in 2 rows; give them all one value (--set 'Model=...')" in read.notes()


@pytest.mark.parametrize(
    ("cell", "note"),
    [
        ("2026-03-29 01:59", ""),
        ("2026-03-29 02:30", "'2026-03-29 02:30' as 03:30 (2 times)"),
        ("29/03/2026 02:30:15", "'29/03/2026 02:30:15' as 03:30 (2 times)"),
        ("2026-03-29 03:00", ""),
        ("2026-10-25 02:30", ""),  # twice, but it exists
        ("2026-03-29T02:30:00Z", ""),
    ],
)
def test_a_time_that_the_clocks_left_out_is_noted(cell: str, note: str) -> None:
    chosen = Choices(zone=ZoneInfo("Europe/Berlin"), dates="dmy")
    read = document("telemetry", f"serial,last_seen\nSN1,{cell}\nSN2,{cell}\n", chosen)
    rows = list(read.rows())
    notes = [text for text in read.notes() if "did not exist" in text]
    assert len(rows) == 2
    assert notes == (
        [f"Last Seen: times that did not exist, as the clocks were set forward, are taken an hour later: {note}"] if note else []
    )


def test_marks_that_nobody_sees_and_line_breaks_are_not_part_of_a_value() -> None:
    text = "Serial,Maker,Model,Install Date,Location\r\n"
    text += '\u200fA001\u200f,\u202bAcme\u00a0Inc.\u202c,P,\u200e11/\u200e28/\u200e2025,"Hall 2\r\nRow 7"\r\n'
    read = values("units", text)
    assert [read[name] for name in ("serial", "maker", "installed_on", "location")] == [
        "A001",
        "Acme Inc.",
        date(2025, 11, 28),
        "Hall 2 Row 7",
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_texts_written_as_formulas_to_keep_their_zeros_are_texts(separator: str) -> None:
    lines = ["Serial,Maker,Model,Location", '="0012",Acme,P,="a"', '"=""0013""",Acme,P,"see =""x"" there"']
    read = rows("units", "\n".join(line.replace(",", separator) for line in lines) + "\n")
    assert [(row.values["serial"], row.values["location"]) for row in read if isinstance(row, DocumentRow)] == [
        ("0012", "a"),
        ("0013", 'see ="x" there'),
    ]


def test_digits_of_other_scripts_are_read_in_dates_and_numbers_and_stay_in_names() -> None:
    arabic = "Pump \u0663"
    read = values(
        "units",
        f"Serial,Maker,Model,Ship Date,Install Date\nSN1,Acme,{arabic},\u0662\u0660\u0662\u0665-\u0660\u0661-\u0661\u0663,2025年1月14日\n",
    )
    assert (read["model"], read["shipped_on"], read["installed_on"]) == (arabic, date(2025, 1, 13), date(2025, 1, 14))
    line = "Contract Number,Line,Serial,Price Per Year,Currency\nC1,1,SN1,\u0661\u066c\u0662\u0663\u0664\u066b\u0665,EUR\n"
    assert values("contract-lines", line)["price"] == Decimal("1234.5")


def test_the_first_day_of_the_count_of_computers_is_no_date_of_a_unit() -> None:
    of = document(
        "units", "Serial,Maker,Model,Ship Date,Install Date,Purchase Date\nSN1,Acme,P,1970-01-01,1970-01-01T00:00:00Z,1970-01-02\n"
    )
    (row,) = of.rows()
    assert isinstance(row, DocumentRow)
    assert {"shipped_on", "installed_on"}.isdisjoint(row.values)
    assert row.values["purchased_on"] == date(1970, 1, 2)
    assert any("'1970-01-01' (once)" in note for note in of.notes())


@pytest.mark.parametrize(("heading", "price"), [("MRR", 1200), ("Monthly Recurring Revenue", 1200), ("ARR", 100), ("Annual Value", 100)])
def test_recurring_revenue_of_a_month_is_counted_for_a_year(heading: str, price: int) -> None:
    assert values("contract-lines", f"Contract Number,Line,Serial,{heading},Currency\nC1,1,SN1,100,EUR\n")["price"] == price
