import io

import pytest
from musterroll.readers import csv_files
from musterroll.readers.open_table import read_table
from musterroll.readers.table import MOST_COLUMNS, BadFile, Line

PLAIN = "Serial,Maker\nSN1,Größe\n"


def known(header: list[str]) -> int:
    return len({"Serial", "Maker"} & set(header))


def read(content: bytes) -> tuple[list[str], list[Line]]:
    table = read_table(io.BytesIO(content), known)
    return table.header, list(table.lines())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encoding_separator_and_line_ends_are_found_out(encoding: str, separator: str, newline: str) -> None:
    content = PLAIN.replace(",", separator).replace("\n", newline).encode(encoding)
    assert read(content) == (["Serial", "Maker"], [Line(2, ["SN1", "Größe"], None)])


def test_lines_are_numbered_as_an_editor_does_across_quoted_line_breaks_and_empty_lines() -> None:
    content = b'Serial,Maker\n\n"SN\n1",Acme\n,\nSN2,Acme\n'
    assert [line.number for line in read(content)[1]] == [3, 6]


@pytest.mark.parametrize(("row", "problem"), [(b"SN1", "1 columns"), (b"SN1,Acme,x", "3 columns"), (b"SN1,Acme,,", None)])
def test_a_ragged_row_has_a_problem_and_stops_nothing(row: bytes, problem: str | None) -> None:
    _, (ragged, good) = read(b"Serial,Maker\n" + row + b"\nSN2,Acme\n")
    assert good == Line(3, ["SN2", "Acme"], None)
    assert ragged.problem is None if problem is None else problem in str(ragged.problem)


def test_a_quotation_mark_left_open_is_a_problem_of_its_row_only() -> None:
    rows = b"".join(b"SN%d,Acme\n" % n for n in range(30_000))
    _, lines = read(b'Serial,Maker\nSN,"open\n' + rows)
    assert "quotation mark" in str(lines[0].problem)
    assert lines[-1].cells == ["SN29999", "Acme"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n  \n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xd0\xcf\x11\xe0rest", "damaged"),
        (b"\x1f\x8brest", "damaged"),
        (b"%PDF-1.7", "PDF"),
        (b"\x7fELF\x02\x01\x01\x00\x00", "not text"),
        (b"\xff\xfeS\x00e\x00r", "no longer UTF-16"),
        (b"x" * (2 << 20), "longer than"),
        (b"a," * 65_535, "65,53. columns"),
    ],
)
def test_what_is_no_table_gets_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        read(content)


def test_the_widest_table_is_still_read() -> None:
    header, lines = read(b",".join([b"Serial"] * MOST_COLUMNS) + b"\n" + b",".join([b"1"] * MOST_COLUMNS))
    assert (len(header), len(lines)) == (MOST_COLUMNS, 1)


def test_a_pipe_is_refused_with_what_to_do() -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(BadFile, match="save it first"):
        read_table(Pipe(b"x"), known)


def test_a_row_in_another_encoding_than_its_file_has_a_problem() -> None:
    _, (fine, mixed) = read("Serial,Maker\nSN1,Müller\n".encode("cp1252") + "SN2,Müller\n".encode())
    assert (fine.cells, fine.problem) == (["SN1", "Müller"], None)
    assert "the row is UTF-8" in str(mixed.problem)


def test_the_line_that_tells_a_spreadsheet_the_separator_is_no_heading() -> None:
    assert read(b"sep=;\r\nSerial;Maker\r\nSN1;Acme\r\n") == (["Serial", "Maker"], [Line(3, ["SN1", "Acme"], None)])


@pytest.mark.parametrize("empty", [b"\n", b",\n", b'"\n'])
def test_empty_lines_without_end_are_not_read_to_the_end(monkeypatch: pytest.MonkeyPatch, empty: bytes) -> None:
    monkeypatch.setattr(csv_files, "MOST_EMPTY", 1000)
    with pytest.raises(BadFile, match=r"more than 1,000 empty lines follow line \d"):
        read(b"Serial,Maker\nSN1,Acme\n" + empty + b"\n" * 140_000)


def test_rows_that_are_quoted_as_a_whole_are_read_as_rows() -> None:
    content = b'"Serial,Maker,Place"\r\n"SN1,Acme,""Hall 1, left"""\r\n"SN2,Acme,Hall 2"\r\n'
    header, lines = read(content)
    assert header == ["Serial", "Maker", "Place"]
    assert [line.cells for line in lines] == [["SN1", "Acme", "Hall 1, left"], ["SN2", "Acme", "Hall 2"]]


def test_a_table_whose_cells_are_all_quoted_is_left_as_it_is() -> None:
    assert read(b'"Serial","Maker"\n"SN1","Acme, Inc."\n')[1][0].cells == ["SN1", "Acme, Inc."]
