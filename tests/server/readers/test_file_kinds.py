"""Every kind of file gives the same table."""

import gzip
import io
import json
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import xlsxwriter
import xlwt
from hypothesis import given, settings
from hypothesis import strategies as st
from musterroll.readers.layout import Layout
from musterroll.readers.open_table import read_table
from musterroll.readers.table import BadFile, NeedsChoice, Table

HEAD = ["Serial", "Maker", "Site.Name"]
ROWS = [["SN1", "Acme", "Essen"], ["SN2", "Größer & Co", ""]]


def known(header: list[str]) -> int:
    return len({"Serial", "Maker"} & set(header))


def table(content: bytes, **layout: Any) -> Table:
    return read_table(io.BytesIO(content), known, Layout(**layout))


def read(content: bytes, **layout: Any) -> list[list[str]]:
    opened = table(content, **layout)
    return [opened.header, *(line.cells for line in opened.lines())]


def csv() -> bytes:
    return "\n".join(";".join(row) for row in [HEAD, *ROWS]).encode()


def xls(*names: str) -> bytes:
    book = xlwt.Workbook()
    for name in names or ("Units",):
        sheet = book.add_sheet(name)
        for number, row in enumerate([HEAD, *ROWS]):
            for place, cell in enumerate(row):
                sheet.write(number, place, cell)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def xls_with_dimensions(first: int, last: int) -> bytes:
    """An XLS that says of itself that it has these rows: a reader that believes it reserves memory for them."""
    content = xls()
    place = content.index(struct.pack("<HH", 0x0200, 14)) + 4
    return content[:place] + struct.pack("<II", first, last) + content[place + 8 :]


def xlsx() -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([HEAD, *ROWS]):
            sheet.write_row(number, 0, row)
    return stream.getvalue()


def ods(body: str = "") -> bytes:
    def cells(row: list[str]) -> str:
        return "".join(f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row)

    rows = body or "".join(f"<table:table-row>{cells(row)}</table:table-row>" for row in [HEAD, ROWS[0], ["SN2", "Größer &amp; Co", ""]])
    names = "".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0" ' for name in ("office", "table", "text"))
    tag = '<?xml version="1.0" encoding="UTF-8"?>'
    content = f"{tag}<office:document-content {names}><office:body><office:spreadsheet>"
    content += f'<table:table table:name="Units">{rows}</table:table></office:spreadsheet></office:body></office:document-content>'
    mime = "application/vnd.oasis.opendocument.spreadsheet"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{mime}"/>'
    manifest = f'<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">{entry}</manifest:manifest>'
    return archive({"mimetype": mime.encode(), "content.xml": content.encode(), "META-INF/manifest.xml": manifest.encode()})


def objects() -> list[dict[str, Any]]:
    return [{"Serial": row[0], "Maker": row[1], "Site": {"Name": row[2] or None}} for row in ROWS]


def html() -> bytes:
    body = "".join("<tr>" + "".join(f"<td>{cell.replace('&', '&amp;')}</td>" for cell in row) + "</tr>" for row in ROWS)
    head = "".join(f"<th>{cell}</th>" for cell in HEAD)
    return f"<html><head><meta charset=utf-8></head><body><table><tr>{head}</tr>{body}</table></body></html>".encode()


def spreadsheet_xml() -> bytes:
    rows = "".join(
        "<Row>" + "".join(f'<Cell><Data ss:Type="String">{cell.replace("&", "&amp;")}</Data></Cell>' for cell in row) + "</Row>"
        for row in [HEAD, *ROWS]
    )
    space = "urn:schemas-microsoft-com:office:spreadsheet"
    return (
        f'<?xml version="1.0"?><Workbook xmlns="{space}" xmlns:ss="{space}"><Worksheet ss:Name="Units"><Table>{rows}'
        "</Table></Worksheet></Workbook>"
    ).encode()


def archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return stream.getvalue()


KINDS: dict[str, Callable[[], bytes]] = {
    "csv": csv,
    "tsv": lambda: csv().replace(b";", b"\t"),
    "utf-16": lambda: csv().decode().encode("utf-16"),
    "xls": xls,
    "xlsx": xlsx,
    "ods": ods,
    "json": lambda: json.dumps(objects()).encode(),
    "json with a list in it": lambda: json.dumps({"total": 2, "data": {"units": objects()}}).encode(),
    "json of rows": lambda: json.dumps([HEAD, *ROWS]).encode(),
    "json lines": lambda: "\n".join(map(json.dumps, objects())).encode(),
    "html": html,
    "xml of Excel 2003": spreadsheet_xml,
    "zip": lambda: archive({"export/units.csv": csv(), "__MACOSX/._units.csv": b"x"}),
    "zip of a workbook": lambda: archive({"units.xls": xls()}),
    "gzip": lambda: gzip.compress(csv()),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_told_from_the_content(kind: str) -> None:
    assert read(KINDS[kind]()) == [HEAD, *ROWS]


def test_of_several_files_sheets_and_lists_a_person_chooses_one() -> None:
    many = {
        "b.csv": archive({"a.csv": csv(), "b.csv": csv(), "readme.pdf": b"%PDF"}),
        "Two": xls("One", "Two"),
        "data.old": json.dumps({"data": {"new": objects(), "old": objects()}}).encode(),
        "table 2": html() + html(),
        "b.xls/Two": archive({"a.csv": csv(), "b.xls": xls("One", "Two")}),
    }
    for choice, content in many.items():
        with pytest.raises(NeedsChoice, match="choose one") as error:
            read(content)
        assert choice.split("/")[0] in error.value.options
        assert read(content, sheet=choice) == [HEAD, *ROWS]
        with pytest.raises(BadFile, match="has no"):
            read(content, sheet="nothing of that name")


def test_nested_objects_are_dotted_headings_and_numbers_keep_their_digits() -> None:
    content = (
        b'{"rows":[{"Serial":12345678901234567890,"Maker":"A","tags":["x","y"],"nics":[{"mac":"1"},{"mac":"2"}],"on":true,"price":1.10}]}'
    )
    assert read(content) == [
        ["Serial", "Maker", "tags", "nics.mac", "on", "price"],
        ["12345678901234567890", "A", "x, y", "1, 2", "yes", "1.10"],
    ]


def test_a_line_of_json_lines_that_is_no_object_is_a_problem_of_its_row() -> None:
    content = b'{"Serial":"SN1","Maker":"A"}\n{"Serial":"SN2","Maker":"A"}\n{"Serial":\n'
    assert [line.problem is None for line in table(content).lines()] == [True, True, False]


def test_cells_of_a_page_that_span_rows_and_columns_keep_their_place() -> None:
    content = (
        b"<table><tr><th>Serial<th>Maker<th>a<th>b</tr><tr><td>1<td rowspan=2>Acme<td colspan=2>x</tr><tr><td>2<td>y<td>z</tr></table>"
    )
    assert read(content)[1:] == [["1", "Acme", "x", ""], ["2", "Acme", "y", "z"]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (lambda: gzip.compress(b"0" * (40 << 20)), "suspicious size"),
        (lambda: archive({"a.csv": b"0" * (40 << 20)}), "suspicious size"),
        (lambda: archive({"a.zip": archive({"a.csv": csv()})}), "another archive"),
        (lambda: archive({}), "empty"),
        (lambda: b"[" * 100_000, "deep"),
        (lambda: b'{"a":1, ', "cannot be read"),
        (lambda: b"<html><body>no list here</body></html>", "no table"),
        (lambda: b"<?xml version='1.0'?><units><unit/></units>", "is XML"),
        (lambda: spreadsheet_xml().replace(b"?>", b"?><!DOCTYPE x [<!ENTITY a 'b'>]>", 1), "entities"),
        (lambda: ods(FAR), "too many"),
        (lambda: xls()[:600], "damaged"),
        (lambda: xls_with_dimensions(0, 75 << 24), "declares rows or columns that no sheet has"),
        (lambda: xls_with_dimensions(37_746, 3), "declares rows or columns that no sheet has"),
        (lambda: archive({"word/document.xml": b"x"}), "Word document"),
    ],
)
def test_what_is_hostile_or_no_table_gets_a_sentence(content: Callable[[], bytes], sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        read(content())


FAR = (
    '<table:table-row table:number-rows-repeated="1048575"/><table:table-row><table:table-cell table:number-columns-repeated="16383"/>'
    '<table:table-cell office:value-type="string"><text:p>x</text:p></table:table-cell></table:table-row>'
)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(KINDS)), st.lists(st.tuples(st.integers(0, 20_000), st.binary(max_size=4)), max_size=6), st.integers(0, 20_000)
)
def test_a_damaged_file_of_any_kind_gives_a_sentence_or_rows(kind: str, changes: list[tuple[int, bytes]], cut: int) -> None:
    content = bytearray(KINDS[kind]())
    for place, new in changes:
        content[place % len(content) : place % len(content) + len(new)] = new
    if cut % 4 == 0:
        del content[cut % len(content) :]
    with suppress(BadFile):
        assert all(isinstance(cell, str) for cells in read(bytes(content)) for cell in cells)
