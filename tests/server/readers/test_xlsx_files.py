import io
import struct
import zipfile
import zlib
from datetime import date
from typing import Any

import openpyxl
import pytest
import xlsxwriter
import xlwt
from musterroll.readers.columns import Choices
from musterroll.readers.fields import BadRow, DocumentRow
from musterroll.readers.layout import Layout
from musterroll.readers.table import BadFile, NeedsChoice

from tests.support.documents import document

HEAD = ["Serial", "Maker", "Model", "Ship Date", "Warranty Months"]


def workbook(*sheets: list[list[Any]], merged: str = "", **options: Any) -> bytes:
    """An XLSX of these rows; dates get a date's format."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream, {"default_date_format": "yyyy-mm-dd", "strings_to_formulas": False} | options)
    for rows in sheets:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        if merged:
            sheet.merge_range(merged, "A1")
    book.close()
    return stream.getvalue()


def rows(content: bytes, sheet: str | None = None) -> list[DocumentRow | BadRow]:
    return list(document("units", content, Choices(layout=Layout(sheet or ""))).rows())


@pytest.mark.parametrize("since_1904", [False, True])
def test_dates_numbers_and_texts_are_read_as_a_spreadsheet_shows_them(since_1904: bool) -> None:
    content = workbook([HEAD, ["00123", "Acme", 7, date(2025, 1, 5), 36]], date_1904=since_1904)
    (row,) = rows(content)
    assert isinstance(row, DocumentRow)
    assert (row.line, row.values["serial"], row.values["model"]) == (2, "00123", "7")
    assert (row.values["shipped_on"], row.values["warranty_months"]) == (date(2025, 1, 5), 36)


def test_a_number_in_a_serial_column_is_taken_as_the_workbook_shows_it_with_a_note() -> None:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEAD)
    for row, (number, form) in enumerate(
        [(2905, "General"), (42, "00000"), (471456789, "000-00-0000"), (7, '"SN-"000'), (1234, "#,##0")], 1
    ):
        sheet.write_row(row, 1, ["Acme", "P"])
        sheet.write_number(row, 0, number, book.add_format({"num_format": form}))
    book.close()
    read = document("units", stream.getvalue())
    assert [row.values["serial"] for row in read.rows() if isinstance(row, DocumentRow)] == [
        "2905",
        "00042",
        "471-45-6789",
        "SN-007",
        "1234",
    ]
    assert read.notes() == [
        "Serial Number: 5 are numbers in the workbook and taken as it shows them; leading zeros it does not show are lost"
    ]


@pytest.mark.parametrize(
    ("serial", "why"), [(123456789012345678, "more than 15 digits"), (12.5, "no serial can be"), (-3, "no serial can be")]
)
def test_a_serial_that_a_spreadsheet_has_destroyed_is_refused_not_guessed(serial: float, why: str) -> None:
    bad, good = rows(workbook([HEAD, [serial, "Acme", "P"], ["00123", "Acme", "P"]]))
    assert isinstance(bad, BadRow)
    assert why in bad.why
    assert isinstance(good, DocumentRow)


def test_a_count_of_days_that_is_not_shown_as_a_date_is_refused() -> None:
    (bad,) = rows(workbook([HEAD, ["SN1", "Acme", "P", 45662]]))
    assert isinstance(bad, BadRow)
    assert "day count" in bad.why


def test_the_only_sheet_with_known_headings_is_read_and_the_others_are_named() -> None:
    content = workbook([], [["How to use this workbook"], ["Colours", "red"]], [HEAD, ["SN1", "Acme", "P"]])
    read = document("units", content)
    assert [row.shown for row in read.rows()] == ["SN1"]
    assert read.notes() == ["'Sheet3' was read; without known headings, so not read: 'Sheet2'"]


def test_of_several_sheets_with_known_headings_a_person_chooses_one() -> None:
    content = workbook([], [HEAD, ["SN1", "Acme", "P"]], [[], [], HEAD, [], ["SN2", "Acme", "P"]])
    with pytest.raises(NeedsChoice, match="2 tables: 'Sheet2', 'Sheet3'; choose one") as choice:
        rows(content)
    assert (choice.value.field, choice.value.options) == ("sheet", ("Sheet2", "Sheet3"))
    (row,) = rows(content, "Sheet3")
    assert (row.shown, row.line) == ("SN2", 5)
    with pytest.raises(BadFile, match="no sheet 'Units'; it has 'Sheet1'"):
        rows(content, "Units")


def test_rows_that_lie_in_merged_cells_are_refused() -> None:
    content = workbook([HEAD, ["SN1", "Acme", "P"], ["SN2", "", "P"], ["SN3", "Acme", "P"]], merged="B2:B3")
    assert [type(row) for row in rows(content)] == [BadRow, BadRow, DocumentRow]
    (first, *_) = rows(content)
    assert isinstance(first, BadRow)
    assert "merged cells B2:B3" in first.why


@pytest.mark.parametrize("empty", ["<v></v>", "<v/>", ""])
def test_a_formula_whose_result_is_an_empty_text_is_an_empty_cell(empty: str) -> None:
    formula = f'<c r="D2" t="str"><f>IF(1=2,TODAY(),"")</f>{empty}</c>'
    texts = "".join(
        f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>' for place, text in zip(PLACES, [*HEAD[:4], *UNIT], strict=True)
    )
    texts = texts.replace('<c r="A2"', '</row><row r="2"><c r="A2"')
    sheet = f'<sheetData><row r="1">{texts}{formula}</row></sheetData>'
    (row,) = rows(sheet_of(f'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{sheet}</worksheet>'))
    assert isinstance(row, DocumentRow)
    assert "shipped_on" not in row.values


def test_formulas_without_results_on_another_sheet_do_not_matter() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["Sum", "=1+1"])
    sheet = book.create_sheet("Units")
    sheet.append(HEAD)
    sheet.append(["SN1", "Acme", "P"])
    stream = io.BytesIO()
    book.save(stream)
    assert [row.shown for row in rows(stream.getvalue(), "Units")] == ["SN1"]


def test_formulas_without_a_result_are_refused() -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (HEAD, ["SN1", "Acme", "P"], ['="SN" & 2', "Acme", "P"]):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    with pytest.raises(BadFile, match="formulas without results"):
        rows(stream.getvalue())


def archive(*members: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as found:
        for name, content in members:
            found.writestr(name, content)
    return stream.getvalue()


def sheet_of(xml: str) -> bytes:
    """A workbook whose only sheet holds this."""
    good = workbook([HEAD])
    with zipfile.ZipFile(io.BytesIO(good)) as found:
        members = [(name, found.read(name)) for name in found.namelist()]
    return archive(*((name, xml.encode() if name == "xl/worksheets/sheet1.xml" else content) for name, content in members))


PLACES, UNIT = ["A1", "B1", "C1", "D1", "A2", "B2", "C2"], ["SN1", "Acme", "P"]
FAR = (
    '<worksheet><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
    '<row r="1048576"><c r="{}1048576"><v>1</v></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (archive(("readme.txt", b"hello")), "no column Serial Number"),
        (archive(("xl/workbook.xml", b"<x/>")), "cannot be read"),
        (workbook([HEAD])[:900], "damaged"),
        (b"PK\x03\x04rest", "damaged"),
        (archive(("xl/workbook.xml", b"x"), ("xl/worksheets/sheet1.xml", b" " * (40 << 20))), "unpacks to a suspicious size"),
        (sheet_of(FAR.format("CRXP")), "65,536 columns; the limit is 500"),
        (sheet_of(FAR.format("CRXP").replace('"', "'")), "65,536 columns"),
        (sheet_of(FAR.format("CRXP").replace("<c ", "<x:c\n")), "65,536 columns"),
        (sheet_of(FAR.format("Z").replace(' r="Z1048576"', "")), "no cell positions"),
        (sheet_of(FAR.format("Z")), "too many"),
        (workbook([[]]), "is empty"),
        (workbook([[f"c{n}" for n in range(501)]]), "501 columns"),
    ],
)
def test_what_is_hostile_or_broken_gets_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        rows(content)


def test_an_archive_whose_directory_lies_is_refused() -> None:
    true, said = b"<worksheet/>" + b" " * 100_000, b"<worksheet/>" + b" " * 38
    with zipfile.ZipFile(io.BytesIO(workbook([HEAD]))) as found:
        members = [(name, found.read(name)) for name in found.namelist() if name != "xl/worksheets/sheet1.xml"]
    content = archive(*members, ("xl/worksheets/sheet1.xml", true))
    for kept, lie in ((zlib.crc32(true), zlib.crc32(said)), (len(true), len(said))):
        content = content.replace(struct.pack("<I", kept), struct.pack("<I", lie))
    with pytest.raises(BadFile, match="larger than declared"):
        rows(content)


def test_errors_of_a_workbook_are_empty_cells_and_counted() -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, [*HEAD[:3], "Account ID"])
        sheet.write_row(1, 0, ["A1", "Acme", "P"])
        sheet.write_formula(1, 3, "=NA()", None, "#N/A")
    read = document("units", stream.getvalue())
    assert [row.values.get("account") for row in read.rows() if isinstance(row, DocumentRow)] == [None]
    assert "1 cell holds an error such as #N/A and is read as empty" in read.notes()


@pytest.mark.parametrize("suffix", ["xlsx", "xls"])
def test_a_number_in_a_column_of_texts_has_the_decimals_that_are_shown(suffix: str) -> None:
    stream = io.BytesIO()
    cells = [("General", 34), ("0.00", 1.1), ("0.0", 34), ("General", 1.1)]
    if suffix == "xlsx":
        with xlsxwriter.Workbook(stream) as book:
            sheet = book.add_worksheet()
            sheet.write_row(0, 0, HEAD[:3])
            for row, (form, number) in enumerate(cells, 1):
                sheet.write_row(row, 0, [f"A{row}", "Acme"])
                sheet.write_number(row, 2, number, book.add_format({"num_format": form}))
    else:
        old = xlwt.Workbook()
        page = old.add_sheet("Units")
        for place, name in enumerate(HEAD[:3]):
            page.write(0, place, name)
        for row, (form, number) in enumerate(cells, 1):
            page.write(row, 0, f"A{row}")
            page.write(row, 1, "Acme")
            page.write(row, 2, number, xlwt.easyxf(num_format_str=form))
        old.save(stream)
    read = document("units", stream.getvalue()).rows()
    assert [row.values["model"] for row in read if isinstance(row, DocumentRow)] == ["34", "1.10", "34.0", "1.1"]
