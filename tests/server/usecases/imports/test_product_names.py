"""A serial that is registered under another maker or model: said and proposed, never a second unit in silence."""

from datetime import datetime

import pytest
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import record_entry
from musterroll.usecases.imports.record_entry import Entry
from musterroll.usecases.undo import undo
from sqlalchemy import text

from tests.support import documents
from tests.support.documents import outcomes, state

HEAD = "Serial Number,Manufacturer,Model,Status,Asset Tag\n"
REGISTER = (
    HEAD + "LV0ABC01,Levanto,Book X1 Gen 9,Installed,A-1\nLV0ABC02,Levanto,Book X1 Gen 9,Installed,A-2\n"
    "CQ0DEL03,Cedar Inc.,Lat 5420,Installed,\n"
)
DEVICES = (
    HEAD + "LV0ABC01,LEVANTO,20XW00A1,Active,B-1\nLV0ABC02,Levanto,book x1 gen 9,Active,\nCQ0DEL03,Cedar Technologies,Lat 5420,Active,\n"
)


def units(database: Database) -> int:
    with database.snapshot() as session:
        return int(session.execute(text("SELECT count(*) FROM unit")).scalar_one())


def names(database: Database) -> list[tuple[str, ...]]:
    with database.snapshot() as session:
        query = "SELECT maker, model, of_maker, of_model, state FROM product_name ORDER BY id"
        return [tuple(row) for row in session.execute(text(query))]


def decide(database: Database, now: datetime, maker: str, model: str, decision: str) -> int:
    with database.transaction() as session:
        change = record_entry.correct(session, Entry("product-names", {"maker": maker, "model": model, "state": decision}, "kim"), now)
        assert change is not None
        return change.id or 0


def test_another_name_is_said_and_proposed_and_makes_no_second_unit(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", REGISTER)
    verdicts, _ = documents.take(database, now, "units", DEVICES)
    assert outcomes(verdicts) == ["refused", "same", "refused"]
    assert "LV0ABC01 is already registered as Levanto Book X1 Gen 9; if '20XW00A1' is another name" in str(verdicts[0].why)
    assert "already registered as Cedar Inc. Lat 5420; if 'Cedar Technologies'" in str(verdicts[2].why)
    assert units(database) == 3
    assert names(database) == [
        ("LEVANTO", "20XW00A1", "Levanto", "Book X1 Gen 9", "proposed"),
        ("Cedar Technologies", "", "Cedar Inc.", "", "proposed"),
    ]
    before = names(database)
    documents.take(database, now, "units", DEVICES)
    assert names(database) == before, "it is asked once"


@pytest.mark.parametrize("commit", [True, False])
def test_another_name_within_one_file_is_said_and_makes_no_second_unit(database: Database, now: datetime, commit: bool) -> None:
    rows = REGISTER + DEVICES.removeprefix(HEAD) + "LV0ABC01,Zenith,Valve 7,Installed,\n"  # the last one is another product
    verdicts, _ = documents.take(database, now, "units", rows, commit=commit)
    assert outcomes(verdicts) == ["new", "new", "new", "refused", "refused", "refused", "new"]
    assert "serial LV0ABC01 is on line 2 as Levanto Book X1 Gen 9; if '20XW00A1' is another name for it" in str(verdicts[3].why)
    assert "serial CQ0DEL03 is on line 4 as Cedar Inc. Lat 5420; if 'Cedar Technologies' is another" in str(verdicts[5].why)
    assert units(database) == (4 if commit else 0)
    assert [name[:2] for name in names(database)] == ([("LEVANTO", "20XW00A1"), ("Cedar Technologies", "")] if commit else [])


def test_a_dry_run_says_so_and_proposes_nothing(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", REGISTER)
    before = state(database)
    verdicts, _ = documents.take(database, now, "units", DEVICES, commit=False)
    assert outcomes(verdicts) == ["refused", "same", "refused"]
    assert state(database) == before
    assert names(database) == []


def test_a_confirmed_name_is_the_same_product_in_every_document(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", REGISTER)
    documents.take(database, now, "units", DEVICES)
    decide(database, now, "levanto", "20xw00a1", "Confirmed")
    change = decide(database, now, "Cedar Technologies", "", "Confirmed")
    verdicts, _ = documents.take(database, now, "units", DEVICES)
    assert outcomes(verdicts) == ["changed", "same", "same"]
    assert [tuple(difference) for difference in verdicts[0].differences] == [("asset_tag", "A-1", "B-1")]
    ticket = "Ticket,Serial Number,Manufacturer,Opened\nT1,CQ0DEL03,Cedar Technologies,2026-10-01\n"
    assert documents.take(database, now, "incidents", ticket)[0][0].note == ""
    assert units(database) == 3
    with database.transaction() as session:
        undo.undo(session, change, "kim", now)
    assert names(database)[1][4] == "proposed"


def test_a_rejected_name_is_another_product_with_units_of_its_own(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", REGISTER)
    documents.take(database, now, "units", DEVICES)
    decide(database, now, "Levanto", "20XW00A1", "Rejected")
    verdicts, _ = documents.take(database, now, "units", DEVICES)
    assert outcomes(verdicts)[0] == "new"
    assert units(database) == 4


def test_names_are_imported_as_a_list(database: Database, now: datetime) -> None:
    listed = (
        "Manufacturer,Model,Registered Manufacturer,Registered Model\n"
        "Cedar Technologies,,Cedar Inc.,\nLevanto,20XW00A1,Levanto,Book X1 Gen 9\n"
    )
    assert outcomes(documents.take(database, now, "product-names", listed)[0]) == ["new", "new"]
    documents.take(database, now, "units", REGISTER)
    assert outcomes(documents.take(database, now, "units", DEVICES)[0]) == ["changed", "same", "same"]
    half = "Manufacturer,Model,Registered Manufacturer\nLevanto,21XW,Levanto\n"
    assert "fill in both the Model and the Registered Model" in str(documents.take(database, now, "product-names", half)[0][0].why)


@pytest.mark.parametrize("row", ["LV0ABC01,Zenith,Valve,Active,", "LV0ABC99,Levanto,20XW00A1,Active,"])
def test_other_serials_and_other_makers_are_new_units(database: Database, now: datetime, row: str) -> None:
    documents.take(database, now, "units", REGISTER)
    assert outcomes(documents.take(database, now, "units", HEAD + row + "\n")[0]) == ["new"]
