"""What records say of units beside serial and dates: the warranty's own end, asset tag, contact; and tickets that name such a mark."""

from datetime import date, datetime

import pytest
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import record_entry
from musterroll.usecases.imports.record_entry import Entry
from musterroll.usecases.units.look_up import look_up
from sqlalchemy import text

from tests.support import documents
from tests.support.documents import outcomes

UNITS = (
    "Serial Number,Manufacturer,Model,Status,Purchase Date,Purchase Cost,Warranty Months,Warranty Expiration,Asset Tag,Hostname,Location,"
    "Contact Name,Contact Email\n"
    'LT0001,Acme,Note 3,Installed,2024-01-31,"1,200.00",37,2027-02-27,A-1,LT-One,Room 1,Pat One,pat1@example.com\n'
    "LT0002,Acme,Note 3,Installed,2024-02-29,,36,,A-2,,,,\n"
    "LT0003,Acme,Note 3,Installed,,,,2027-01-30,A-3,,,,\n"
)


def last_covered(database: Database, serial: str, now: datetime) -> tuple[date, str]:
    with database.snapshot() as session:
        (unit,) = look_up(session, serial, now).units
        period = session.execute(
            text("SELECT p.ends_on, p.evidence FROM warranty_period p JOIN unit u ON u.id = unit_id WHERE u.uid = :uid"), {"uid": unit.uid}
        ).one()
    return date.fromordinal(date.fromisoformat(str(period[0])).toordinal() - 1), period[1]


def test_the_end_in_the_record_wins_over_a_computed_one(database: Database, now: datetime) -> None:
    verdicts, _ = documents.take(database, now, "units", UNITS)
    assert outcomes(verdicts) == ["new"] * 3, verdicts
    assert last_covered(database, "LT0001", now) == (date(2027, 2, 27), "its record says until 27 February 2027")
    assert last_covered(database, "LT0002", now) == (date(2027, 2, 28), "36 months from purchase on 29 February 2024")
    assert last_covered(database, "LT0003", now)[0] == date(2027, 1, 30)


def test_what_a_record_says_is_on_the_unit_and_a_change_names_only_what_differs(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", UNITS)
    with database.snapshot() as session:
        (unit,) = look_up(session, "LT0001", now).units
    assert (unit.asset_tag, unit.hostname, str(unit.purchased_on)) == ("A-1", "lt-one", "2024-01-31")
    assert unit.details == {
        **{"purchase_cost": "1,200.00", "location": "Room 1"},
        **{"contact_name": "Pat One", "contact_email": "pat1@example.com"},
    }
    verdicts, _ = documents.take(database, now, "units", UNITS.replace("Room 1", "Room 2"))
    assert outcomes(verdicts) == ["changed", "same", "same"]
    assert [tuple(difference) for difference in verdicts[0].differences] == [("location", "Room 1", "Room 2")]


def test_a_contact_can_be_cleared_by_hand(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", UNITS)
    key = {"serial": "LT0001", "maker": "Acme", "model": "Note 3"}
    with database.transaction() as session:
        record_entry.correct(session, Entry("units", {**key, "contact_email": "", "location": "Attic"}, "kim"), now)
    with database.snapshot() as session:
        cells = record_entry.current(session, Entry("units", key, "kim"), now)
    assert (cells["contact_email"], cells["location"], cells["contact_name"]) == ("", "Attic", "Pat One")


def test_a_detail_that_a_person_corrected_stays_when_the_old_list_comes_again(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", UNITS)
    key = {"serial": "LT0001", "maker": "Acme", "model": "Note 3"}
    with database.transaction() as session:
        record_entry.correct(session, Entry("units", {**key, "location": "Attic"}, "kim"), now)
    verdicts, _ = documents.take(database, now, "units", UNITS.replace("Pat One", "Pat Two"))
    assert [tuple(difference) for difference in verdicts[0].differences] == [("contact_name", "Pat One", "Pat Two")]
    assert "location kept as edited" in verdicts[0].note


@pytest.mark.parametrize("code", ["A-1", "lt-one", "LT-ONE"])
def test_a_unit_is_looked_up_by_its_asset_tag_or_hostname(database: Database, now: datetime, code: str) -> None:
    documents.take(database, now, "units", UNITS)
    with database.snapshot() as session:
        assert [unit.serial for unit in look_up(session, code, now).units] == ["LT0001"]


@pytest.mark.parametrize(
    ("row", "serial", "note"),
    [
        ("T1,2026-10-01,A-1,,,", "LT0001", "linked by its asset tag"),
        ("T1,2026-10-01,,LT-ONE,,", "LT0001", "linked by its hostname"),
        ("T1,2026-10-01,,,02-42-AC-11-00-02,", "LT0002", "linked by its MAC address"),
        ("T1,2026-10-01,A-99,,,", None, "saved without a unit: no unit has its asset tag"),
        ("T1,2026-10-01,,,,", None, ""),
        ("T1,2026-10-01,,,,A404", None, "saved without an account: A404 is not registered"),
    ],
)
def test_a_ticket_without_a_serial_is_kept_and_linked_by_what_it_names(
    database: Database, now: datetime, row: str, serial: str | None, note: str
) -> None:
    documents.take(database, now, "units", UNITS)
    with database.transaction() as session:
        session.execute(text("UPDATE unit SET evidence = :evidence WHERE serial = 'LT0002'"), {"evidence": '{"mac": "02:42:ac:11:00:02"}'})
    verdicts, _ = documents.take(database, now, "incidents", f"Ticket,Opened,Asset Tag,Hostname,MAC Address,Account ID\n{row}\n")
    assert outcomes(verdicts) == ["new"], verdicts
    assert note in verdicts[0].note
    with database.snapshot() as session:
        linked = session.execute(text("SELECT u.serial FROM incident i LEFT JOIN unit u ON u.id = i.unit_id")).scalar_one()
    assert linked == serial


def test_a_unit_without_a_serial_number_is_known_by_its_asset_tag_and_the_dry_run_says_so(database: Database, now: datetime) -> None:
    text = "Serial Number,Manufacturer,Model,Asset Tag\nLT0004,Acme,Note 3,A-4\n,Acme,Note 3,A-5\n,Acme,Note 3,\n"
    plain, by_tag, refused = documents.take(database, now, "units", text)[0]
    assert (plain.outcome, plain.note) == ("new", "")
    assert (by_tag.record, by_tag.outcome, by_tag.note) == ("A-5", "new", "no serial number: known by its asset tag A-5")
    assert refused.why == "the Serial Number is empty"
    assert outcomes(documents.take(database, now, "units", text)[0]) == ["same", "same", "refused"]
