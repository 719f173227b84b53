"""What records say of units beside serial and dates: the warranty's own end, asset tag, contact; and tickets that name such a mark."""

from datetime import date, datetime

import pytest
from musterroll.storage.engine.database import Database
from musterroll.usecases.imports import record_entry
from musterroll.usecases.imports.record_entry import Entry
from musterroll.usecases.matching import proposals
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
    assert "stays as edited in the registry: Location" in verdicts[0].note


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


BY_TAG = "Manufacturer,Model,Serial Number,Asset Tag,Hostname\nAcme,Note 3,,A-50000,lt-five\n"


def serials(database: Database) -> list[tuple[str, str, str]]:
    with database.snapshot() as session:
        return [tuple(row) for row in session.execute(text("SELECT serial, serial_key, asset_tag FROM unit ORDER BY id"))]  # type: ignore[misc]


def test_a_later_list_with_the_serial_completes_a_unit_known_by_its_asset_tag(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", BY_TAG)
    later = "Manufacturer,Model,Serial Number,Asset Tag\nAcme,Note 3,SN-50/1,A-50000\n"
    (completed,), run = documents.take(database, now, "units", later)
    assert completed.outcome == "changed", completed
    assert [tuple(difference) for difference in completed.differences] == [("serial", "A-50000", "SN-50/1")]
    assert "known by its asset tag A-50000 until now" in completed.note
    assert serials(database) == [("SN-50/1", "SN501", "A-50000")]
    assert outcomes(documents.take(database, now, "units", later)[0]) == ["same"]
    assert outcomes(documents.take(database, now, "units", BY_TAG)[0]) == ["same"], "the first list still means this unit"
    with database.transaction() as session:
        documents.undo(session, run.run_id or 0, "kim", now)
    assert serials(database) == [("A-50000", "A50000", "A-50000")]


def test_a_contract_line_that_names_the_asset_tag_follows_the_unit_to_its_serial(database: Database, now: datetime) -> None:
    """Whether the line or the serial comes first; and the line's document, imported again, changes nothing."""
    contract = "Contract Number,Start Date,End Date,Status\nC1,2026-01-01,2026-12-31,Active\n"
    lines = "Contract Number,Line,Serial Number,Model\nC1,{},A-50000,Note 3\n"
    documents.take(database, now, "units", BY_TAG)
    documents.take(database, now, "contracts", contract)
    documents.take(database, now, "contract-lines", lines.format(1))
    later = "Manufacturer,Model,Serial Number,Asset Tag\nAcme,Note 3,SN-50/1,A-50000\n"
    _, run = documents.take(database, now, "units", later)
    assert line_serials(database) == [("1", "A-50000", "SN501")]
    assert outcomes(documents.take(database, now, "contract-lines", lines.format(1))[0]) == ["same"]
    (second,), _ = documents.take(database, now, "contract-lines", lines.format(2))
    assert (second.outcome, "covers SN-50/1, which has the asset tag A-50000" in second.note) == ("new", True)
    assert line_serials(database) == [("1", "A-50000", "SN501"), ("2", "A-50000", "SN501")]
    with database.transaction() as session:
        documents.undo(session, run.run_id or 0, "kim", now)
    assert line_serials(database)[0] == ("1", "A-50000", "A50000")


def line_serials(database: Database) -> list[tuple[str, str, str]]:
    with database.snapshot() as session:
        query = text("SELECT number, serial, serial_key FROM contract_line ORDER BY number")
        return [tuple(row) for row in session.execute(query)]  # type: ignore[misc]


def test_a_row_without_a_serial_means_the_registered_unit_with_its_asset_tag(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", UNITS)
    rows = "Manufacturer,Model,Serial Number,Asset Tag,Location\nAcme,Note 3,,A-2,Room 7\nAcme,Note 3,LT0003,A-3,\nOther,Thing,,A-3,\n"
    by_tag, same, other = documents.take(database, now, "units", rows)[0]
    assert (by_tag.outcome, [tuple(each) for each in by_tag.differences]) == ("changed", [("location", None, "Room 7")])
    assert (same.outcome, other.outcome) == ("same", "new")
    assert "the asset tag A-3 is on Acme Note 3 LT0003, too" in other.note
    assert [serial for serial, _, _ in serials(database)] == ["LT0001", "LT0002", "LT0003", "A-3"]


def test_an_asset_tag_under_another_name_of_its_product_is_asked_about(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", BY_TAG)
    later = "Manufacturer,Model,Serial Number,Asset Tag\nAcme,20XW00A1GE,SN-50/1,A-50000\n"
    (asked,) = documents.take(database, now, "units", later)[0]
    assert asked.outcome == "refused"
    assert asked.why == (
        "asset tag A-50000 is already registered as Acme Note 3; if '20XW00A1GE' is another name for it, confirm that under Products, "
        "Other names, and import again"
    )
    names = "Manufacturer,Model,Registered Manufacturer,Registered Model\nAcme,20XW00A1GE,Acme,Note 3\n"
    assert outcomes(documents.take(database, now, "product-names", names)[0]) == ["changed"], "the question was stored"
    assert outcomes(documents.take(database, now, "units", later)[0]) == ["changed"]
    assert serials(database) == [("SN-50/1", "SN501", "A-50000")]


def test_two_units_with_one_asset_tag_are_not_guessed_between(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", UNITS.replace("A-3,,,,", "A-2,,,,"))
    (refused,) = documents.take(database, now, "units", "Manufacturer,Model,Serial Number,Asset Tag\nAcme,Note 3,,A-2\n")[0]
    assert refused.why == "2 units of this product have the asset tag A-2; fill in the Serial Number"


def test_one_hostname_with_and_without_a_serial_is_a_possible_duplicate(database: Database, now: datetime) -> None:
    documents.take(database, now, "units", BY_TAG)
    (new,) = documents.take(database, now, "units", "Manufacturer,Model,Serial Number,Hostname\nAcme,Note 3,SN-50/1,LT-FIVE\n")[0]
    assert new.outcome == "new"
    assert new.note == "may be the unit A-50000, which has no serial number and the same hostname lt-five: see Possible duplicates"
    with database.transaction() as session:
        assert proposals.find_matches(session, now).new == 1
        ((view,), _) = proposals.page(session)
        proposals.accept(session, view.proposal.id or 0, actor="kim", now=now)
    with database.snapshot() as session:
        kept = session.execute(text("SELECT serial, asset_tag FROM unit WHERE merged_into_id IS NULL")).all()
    assert [tuple(row) for row in kept] == [("SN-50/1", "A-50000")]
