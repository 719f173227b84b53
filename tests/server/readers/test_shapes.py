"""Tables in other shapes than one row of headings above its rows: keyed objects, columns by place, two rows of headings, pages."""

import io
import json
import zipfile
from typing import Any

import pytest
import xlsxwriter
import xlwt
from musterroll.readers.columns import Choices
from musterroll.readers.document import Document
from musterroll.readers.fields import DocumentRow
from musterroll.usecases.imports.document_kinds import KINDS

UNITS = "Serial Number,Manufacturer,Model,Install Date\nSN1,Acme,Pump 3,2026-01-05\nSN2,Acme,Pump 4,2026-01-06\n"


def opened(content: bytes, accept: bool = False) -> Document:
    return Document(io.BytesIO(content), KINDS["units"], Choices(accept_guesses=accept))


def units(document: Document) -> list[tuple[Any, ...]]:
    """Serial, maker and model of every row; all of them can be read."""
    rows = list(document.rows())
    assert all(isinstance(row, DocumentRow) for row in rows), rows
    return [(row.values["serial"], row.values["maker"], row.values["model"]) for row in rows if isinstance(row, DocumentRow)]


PAIR = [("SN1", "Acme", "Pump 3"), ("SN2", "Acme", "Pump 4")]
RECORDS = [dict(zip(("serial", "maker", "model"), row, strict=True)) for row in PAIR]
CELLS = [list(row) for row in PAIR]


@pytest.mark.parametrize(
    "content",
    [
        {"data": {"a-7": RECORDS[0], "a-8": RECORDS[1]}},
        {"result": [{**record, "maker": {"display_value": "Acme", "link": "https://x.example/1"}} for record in RECORDS]},
        {"data": {"rows": RECORDS, "total": 2}},
        {"columns": ["serial", "maker", "model"], "rows": CELLS},
        {"meta": {"view": 1}, "fields": [{"name": "serial"}, {"label": "maker"}, {"title": "model"}], "data": CELLS},
    ],
)
def test_the_records_of_a_json_file_are_searched_where_they_are(content: object) -> None:
    assert units(opened(json.dumps(content).encode())) == PAIR


def test_what_json_records_are_keyed_by_is_a_column() -> None:
    content = json.dumps({f"5CG810{number}XYZ": {"maker": "Acme", "model": "Pump"} for number in range(4)}).encode()
    assert [serial for serial, _, _ in units(opened(content, accept=True))] == [f"5CG810{number}XYZ" for number in range(4)]


def test_objects_in_one_record_are_no_records() -> None:
    content = {"serial": "SN1", "maker": "Acme", "model": "P", "site": {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 4}}}
    assert units(opened(json.dumps([content, content]).encode())) == [("SN1", "Acme", "P")] * 2


@pytest.mark.parametrize(
    "text",
    [
        "Device List\n\nSerial Number  Manufacturer  Model      Install Date\nSN1            Acme          Pump 3     2026-01-05\n"
        "SN2            Acme          Pump 4\n",
        "\r\nSerialNumber Manufacturer Model  InstallDate\r\n------------ ------------ -----  -----------\r\n"
        "SN1          Acme         Pump 3 2026-01-05\r\nSN2          Acme         Pump 4\r\n\r\n",
        " serial | maker | model  \n--------+-------+--------\n SN1    | Acme  | Pump 3\n SN2    | Acme  | Pump 4\n(2 rows)\n",
        "+-----+------+--------+\n| SN  | Maker| Model  |\n+-----+------+--------+\n| SN1 | Acme | Pump 3 |\n| SN2 | Acme | Pump 4 |\n"
        "+-----+------+--------+\n",
    ],
)
def test_columns_are_told_by_their_place_or_a_pipe(text: str) -> None:
    for encoding in ("utf-8", "utf-16"):
        assert units(opened(text.encode(encoding))) == PAIR


def test_a_group_row_above_the_headings_belongs_to_them() -> None:
    document = opened(b"Device,,,Warranty,\nSerial,Maker,Model,Start,End\nSN1,Acme,Pump 3,2026-01-05,2027-01-04\n")
    (row,) = document.rows()
    assert isinstance(row, DocumentRow), row
    assert str(row.values["warranty_starts_on"]) == "2026-01-05"
    assert "the headings are in rows 1 and 2" in document.notes()


def test_a_group_that_says_nothing_changes_no_heading() -> None:
    text = "Device,,,Dates,\nSerial,Maker,Model,Installed,Shipped\nSN1,Acme,Pump 3,2026-01-05,2026-01-01\n"
    assert set(opened(text.encode()).mapping.values()) == {"serial", "maker", "model", "installed_on", "shipped_on"}


def test_the_status_of_a_warranty_is_not_that_of_the_unit() -> None:
    text = "Device,,,Warranty,,\nSerial,Maker,Model,Start,End,Status\nSN1,Acme,Pump 3,2026-01-05,2027-01-04,Active\n"
    assert "lifecycle" not in opened(text.encode()).mapping.values()


def test_merged_headings_of_two_rows() -> None:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:A2", "Serial Number")
        sheet.merge_range("B1:C1", "Product")
        sheet.merge_range("D1:E1", "Warranty")
        sheet.write_row("B2", ["Manufacturer", "Model", "Start", "End"])
        for number, row in enumerate(PAIR, 2):
            sheet.write_row(number, 0, [*row, "2026-01-05", "2027-01-04"])
    document = opened(file.getvalue())
    assert units(document) == PAIR
    assert "warranty_ends_on" in document.mapping.values()


def test_titles_and_headings_that_come_again_on_every_page_are_left_out() -> None:
    page = "Device List,,,\n" + UNITS
    second = page.replace("SN1", "SN3").replace("SN2", "SN4") + "\nPage 2 of 2\nTotal records: 4\nGenerated by X on 2026-01-01\n"
    document = opened((page + second).encode())
    assert [serial for serial, _, _ in units(document)] == ["SN1", "SN2", "SN3", "SN4"]
    assert len(document.rows_left_out) == 5


def _serials_by_format(book: str) -> bytes:
    """A sheet whose serials are numbers that a format pads with zeros."""
    file, day = io.BytesIO(), 46_027  # 5 January 2026
    if book == "xls":
        old = xlwt.Workbook()
        sheet = old.add_sheet("Units")
        for number, name in enumerate(("Serial Number", "Manufacturer", "Model", "Install Date")):
            sheet.write(0, number, name)
        for number in (1, 2):
            sheet.write(number, 0, 40 + number, xlwt.easyxf(num_format_str="000000"))
            for place, cell in enumerate(("Acme", "Pump", day), 1):
                sheet.write(number, place, cell, xlwt.easyxf(num_format_str="YYYY-MM-DD" if place == 3 else "General"))
        old.save(file)
        return file.getvalue()
    rows = "".join(
        '<table:table-row><table:table-cell table:style-name="ce1" office:value-type="float" office:value="{}"><text:p>{:06}</text:p>'
        "</table:table-cell>{}<table:table-cell {}/></table:table-row>".format(
            number,
            number,
            "".join(
                f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>' for text in ("Acme", "Pump")
            ),
            'office:value-type="date" office:date-value="2026-01-05"',
        )
        for number in (41, 42)
    )
    names = ("Serial Number", "Manufacturer", "Model", "Install Date")
    heading = "".join(f'<table:table-cell office:value-type="string"><text:p>{name}</text:p></table:table-cell>' for name in names)
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{full}:1.0"'
        for name, full in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"), ("number", "datastyle"))
    )
    content = (
        f'<office:document-content {spaces}><office:automatic-styles><number:number-style style:name="N1"><number:number '
        'number:min-integer-digits="6"/></number:number-style><style:style style:name="ce1" style:data-style-name="N1"/>'
        '</office:automatic-styles><office:body><office:spreadsheet><table:table table:name="Units">'
        f"<table:table-row>{heading}</table:table-row>{rows}</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    return file.getvalue()


@pytest.mark.parametrize("book", ["xls", "ods"])
def test_numbers_of_any_workbook_are_taken_as_it_shows_them(book: str) -> None:
    rows = list(opened(_serials_by_format(book)).rows())
    assert all(isinstance(row, DocumentRow) for row in rows), rows
    values = [row.values for row in rows if isinstance(row, DocumentRow)]
    assert [(row["serial"], str(row["installed_on"])) for row in values] == [("000041", "2026-01-05"), ("000042", "2026-01-05")]
