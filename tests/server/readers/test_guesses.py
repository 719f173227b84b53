"""What unrecognised columns may hold is proposed with its reason, and read only where a person accepts it."""

import pytest
from musterroll.readers.columns import Choices, choices, headings
from musterroll.readers.fields import DocumentRow
from musterroll.readers.table import BadFile
from musterroll.usecases.imports.document_kinds import KINDS

from tests.support.documents import document

BRIGADE = (
    "Pos;Art;Typ;Kennung;Barcode\n1;Zug;Kette HRG;Kette 10-48;2000000608\n2;Leine;Leine 08;Leine 2;2000000672\n"
    "3;Ballon;Powermoon;P 1;2000000533\n"
)
GIVEN = {"maker": "Acme"}


def test_a_slip_in_a_heading_is_proposed_and_not_read() -> None:
    read = document("units", "Serial,Maker,Model,Instalation Dat\nSN1,Acme,P,2025-01-05\n")
    assert "installed_on" not in read.mapping.values()
    assert read.notes() == ["'Instalation Dat' may be the Install Date: the heading is close to 'installationdate' (--accept-guesses)"]
    accepted = document("units", "Serial,Maker,Model,Instalation Dat\nSN1,Acme,P,2025-01-05\n", Choices(accept_guesses=True))
    assert accepted.mapping["Instalation Dat"] == "installed_on"
    assert accepted.accepted_guesses == {"Instalation Dat": "installed_on"}


def test_what_identifies_a_record_is_asked_with_the_likeliest_answer_first() -> None:
    with pytest.raises(
        BadFile, match=r"no column Serial Number; 'Barcode' may be the Serial Number: .*; accept the proposal .--accept-guesses., or name"
    ):
        document("units", BRIGADE, Choices(given=GIVEN))
    read = document("units", BRIGADE, Choices(given=GIVEN, accept_guesses=True))
    assert [row.values["serial"] for row in read.rows() if isinstance(row, DocumentRow)] == ["2000000608", "2000000672", "2000000533"]


def test_values_alone_are_a_reason_where_a_required_column_is_missing() -> None:
    text = "Thing,Maker,Model,Quux\nA,Acme,P,XK-4711\nB,Acme,P,XK-4712\n"
    with pytest.raises(BadFile, match="'Quux' may be the Serial Number: its values look like it, as 'XK-4711' does"):
        document("units", text)


def test_a_name_of_something_else_is_no_slip_and_dates_must_look_like_dates() -> None:
    assert not document("units", "Serial,Maker,Model,Start Date\nSN1,Acme,P,2025-01-05\n").notes()
    assert not document("units", "Serial,Maker,Model,Instalation Dat\nSN1,Acme,P,yesterday\n").notes()


def test_a_person_who_ignores_a_column_is_not_asked_about_it_again() -> None:
    chosen = choices(["Instalation Dat="], Choices())
    assert not document("units", "Serial,Maker,Model,Instalation Dat\nSN1,Acme,P,2025-01-05\n", chosen).notes()


def test_the_columns_of_a_file_show_what_they_may_hold() -> None:
    read = document("units", BRIGADE, Choices(given=GIVEN, accept_guesses=True))
    columns = headings(read._file, KINDS["units"], Choices(given=GIVEN))
    assert {column.name: column.guess.field.name for column in columns if column.guess} == {"Barcode": "serial"}


def test_a_column_of_a_field_that_may_be_empty_is_proposed_for_one_that_may_not() -> None:
    with pytest.raises(BadFile, match=r"'Tag' may be the Serial Number: .*--set 'Manufacturer="):
        document("units", "Tag,Inventarnummer,Typ\nXK-4711,1,Kette\nXK-4712,2,Kette\n")
    read = document("units", "Tag,Inventarnummer,Typ\nXK-4711,1,Kette\nXK-4712,2,Kette\n", Choices(given=GIVEN, accept_guesses=True))
    assert read.mapping == {"Tag": "serial", "Inventarnummer": "asset_tag", "Typ": "model"}
