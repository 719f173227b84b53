import pytest
from musterroll.readers.layout import Layout, layout
from musterroll.readers.table import BadFile


def test_what_a_person_writes_is_understood() -> None:
    assert layout(" Units ", "Windows-1250", "Semicolon", " 4 ", "7, 12-14") == Layout("Units", "cp1250", ";", 4, "7, 12-14")
    assert layout(separator="\t") == layout(separator="\\t") == layout(separator="tab")
    assert layout(heading_row="0").heading_row == 0
    assert layout() == Layout()


def test_rows_are_left_out_by_number_and_range() -> None:
    assert [row for row in range(20) if layout(skip="7, 12-14").skips(row)] == [7, 12, 13, 14]
    assert not layout(skip="none").skips(1)


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ({"encoding": "latin-nine"}, "encoding 'latin-nine' is not known"),
        ({"encoding": "base64"}, "encoding 'base64' is not known"),
        ({"encoding": "idna"}, "not known"),
        ({"separator": "::"}, "not one character"),
        ({"separator": "x"}, "not one character"),
        ({"heading_row": "-1"}, "not a row number"),
        ({"heading_row": "9" * 9}, "not a row number"),
        ({"skip": "3-"}, "rows to skip"),
    ],
)
def test_what_is_no_layout_gets_a_sentence(written: dict[str, str], sentence: str) -> None:
    with pytest.raises(BadFile, match=sentence):
        layout(**written)
