import io
from datetime import date

import pytest
from musterroll.domain.lifecycle import Lifecycle
from musterroll.importers.text_tables import BadFile
from musterroll.importers.units import BadRow, UnitRow, read_units


def rows(text: str) -> list[UnitRow | BadRow]:
    return list(read_units(io.BytesIO(text.encode())).rows)


def test_headings_go_by_common_names() -> None:
    (row,) = rows(
        "S/N;Vendor;Product Name;Asset Status;Customer No.;Location ID;Date Shipped\nsn-1;Acme;Pump 3;In Stock;A1;S1;2025-01-05\n"
    )
    assert isinstance(row, UnitRow)
    assert (row.serial, row.serial_key, row.maker, row.model) == ("sn-1", "SN1", "Acme", "Pump 3")
    assert (row.lifecycle, row.account, row.site, row.shipped_on) == (Lifecycle.STOCK, "A1", "S1", date(2025, 1, 5))
    assert (row.installed_on, row.warranty_months) == (None, None)


def test_headings_nobody_knows_are_told() -> None:
    assert read_units(io.BytesIO(b"Serial,Maker,Model,Colour,\n")).ignored == ["Colour"]


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("Serial,Model", "no column Manufacturer"),
        ("Ticket,Opened", "no column Serial Number and no column Manufacturer"),
        ("Serial,SN,Maker,Model", "'Serial' and 'SN' both say the same"),
        ("\x89PNG\r\n", "no column"),
    ],
)
def test_a_file_of_something_else_is_refused_with_what_it_lacks(header: str, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        rows(header + "\n")


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ("1.23E+15,Acme,Pump", "turned into a number"),
        ("=cmd|'/C calc'!A0,Acme,Pump", "formula"),
        ("Default string,Acme,Pump", "placeholder"),
        (",Acme,Pump", "serial is empty"),
        ("SN1,,Pump", "maker"),
        ("SN1,Acme,---", "model"),
        ("SN1,Acme", "2 columns"),
        ("SN\0001,Acme,Pump", "control characters"),
        ("SN1,Ac\0me,Pump", "control characters"),
        ("é" * 201 + ",Acme,Pump", "201 characters"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_the_next_one_is_read(row: str, why: str) -> None:
    bad, good = rows(f"Serial,Maker,Model\n{row}\nSN2,Acme,Pump\n")
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert why in bad.why
    assert isinstance(good, UnitRow)
