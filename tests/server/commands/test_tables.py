"""Tables of the command line: alignment, JSON and empty lists."""

import json

import pytest
from musterroll.commands.tables import Column, Columns, print_list

COLUMNS: Columns[tuple[str, int | None]] = (Column("NAME", lambda row: row[0]), Column("UNITS", lambda row: row[1], right=True))


def printed(capsys: pytest.CaptureFixture[str], *rows: tuple[str, int | None], as_json: bool = False) -> str:
    print_list(rows, COLUMNS, empty="No products.", as_json=as_json, shape=lambda row: {"name": row[0], "units": row[1]})
    return capsys.readouterr().out


def test_columns_are_aligned_under_their_headings(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys, ("Pump", 12), ("A longer name", None)) == "NAME           UNITS\nPump              12\nA longer name\n"


def test_an_empty_list_is_a_sentence_for_people_and_an_empty_array_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert printed(capsys) == "No products.\n"
    assert json.loads(printed(capsys, as_json=True)) == []


def test_json_has_the_shape_of_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    assert json.loads(printed(capsys, ("Pump", 12), as_json=True)) == [{"name": "Pump", "units": 12}]
