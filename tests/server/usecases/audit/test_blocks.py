"""Many new rows in one entry of the audit log read, are found and go back as entries of their own, on both databases."""

import json
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage.audit import blocks
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.audit.audited_tables import audited
from musterroll.storage.audit.changes import ChangeFilter
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditEntry
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.history import run
from sqlalchemy import text
from sqlmodel import Session, col, select

from tests.support import documents
from tests.support.records import dump

ROWS = 130
HEAD = "Serial Number,Manufacturer,Model,Install Date,Status,Account ID,Site ID,Warranty Months\n"
UNITS = HEAD + "".join(
    f"SN{n:03},Acme,Pump {n % 3},2025-02-{n % 27 + 1:02},,A{n % 2},S{n % 4},{12 if n % 5 else ''}\n" for n in range(ROWS)
)


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "MOST", 60)


def imported(database: Database, now: datetime) -> int:
    _, done = documents.take(database, now, "units", UNITS)
    with database.snapshot() as session:
        return run(session, done.run_id or 0).change_id


def stored(session: Session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(col(AuditEntry.last_row).is_not(None)).order_by(col(AuditEntry.id))))


def test_each_row_of_a_block_is_an_entry_in_order_with_its_image(database: Database, now: datetime) -> None:
    change = imported(database, now)
    with database.snapshot() as session:
        entries = audit_changes.entries_back(session, change, None, 10_000)
        assert len(stored(session)) == 5  # 60 + 60 + 10 units, 60 + 44 periods
        assert [entry.id for entry in entries] == list(range(len(entries), 0, -1))
        for table, rows in (("unit", ROWS), ("warranty_period", ROWS * 4 // 5), ("site", 4)):
            written = {entry.key: entry.after for entry in entries if entry.table == table}
            assert len(written) == rows
            assert written == audited(table).images(session, written)
        pages, last = [], None
        while page := audit_changes.entries_back(session, change, last, 7):
            pages, last = [*pages, *page], page[-1].id
        assert pages == entries
        assert audit_chain.verify(session).entries == len(entries)


def test_a_row_of_a_block_is_found_by_its_key(database: Database, now: datetime) -> None:
    change = imported(database, now)
    with database.snapshot() as session:
        keys = [entry.key for entry in audit_changes.entries_back(session, change, None, 10_000) if entry.table == "unit"]
        assert audit_changes.changes(session, None, 10, ChangeFilter(table="unit", key=keys[77]))[0][0].id == change
        assert audit_changes.changes(session, None, 10, ChangeFilter(table="unit", key=str(int(keys[0]) + 1))) == []
        assert audit_changes.changes(session, None, 10, ChangeFilter(table="unit", key="nothing")) == []
        assert audit_changes.last_written(session, "unit", keys).keys() == set(keys)


@pytest.mark.parametrize(
    "tamper",
    [
        "UPDATE audit_entry SET last_row = last_row + 1 WHERE id = {number}",
        "UPDATE audit_entry SET first_row = first_row - 1 WHERE id = {number}",
        "UPDATE audit_entry SET last_row = NULL, row_key = '7' WHERE id = {number}",
        "UPDATE audit_entry SET after = '{after}' WHERE id = {number}",
    ],
)
def test_a_block_that_was_altered_breaks_the_chain(database: Database, now: datetime, tamper: str) -> None:
    imported(database, now)
    with database.transaction() as session:
        block = stored(session)[1]
        number, content = block.id, {**(block.after or {})}
        content["packed"] = content["packed"][:-8] + "AAAAAAA="
        session.expunge_all()
        session.execute(text(tamper.format(number=number, after=json.dumps(content)).replace(":", r"\:")))
        assert audit_chain.verify(session).first_bad == number


def test_an_import_in_blocks_is_undone_and_done_again(database: Database, now: datetime) -> None:
    change = imported(database, now)
    with database.transaction() as session:
        before = dump(session)
        undone = documents.undo_changes.undo(session, change, "kim", now + timedelta(hours=1))
    with database.transaction() as session:
        assert session.execute(text("SELECT count(*) FROM unit")).scalar_one() == 0
        documents.undo_changes.undo(session, undone.id or 0, "kim", now + timedelta(hours=2))
    with database.transaction() as session:
        assert dump(session) == before
        assert audit_chain.verify(session).first_bad is None


def test_what_a_person_changed_in_a_row_of_a_block_stays_when_the_file_comes_again(database: Database, now: datetime) -> None:
    imported(database, now)
    with database.transaction() as session:
        key = session.execute(text("SELECT id FROM unit WHERE serial = 'SN064'")).scalar_one()
        change = audit_record.begin(session, actor="anna", kind="lifecycle", subject="SN064", now=now)
        with audit_record.watching(session, change, "unit", [key]):
            session.execute(text("UPDATE unit SET lifecycle = 'returned', warranty_months = 36 WHERE id = :id"), {"id": key})
    verdicts, _ = documents.take(database, now, "units", UNITS.replace("2025-02", "2025-03"))
    (verdict,) = [verdict for verdict in verdicts if verdict.record == "SN064"]
    assert "stays as edited in the registry: Warranty Months" in verdict.note
    with database.snapshot() as session:
        unit: Any = session.execute(text("SELECT lifecycle, installed_on, warranty_months FROM unit WHERE id = :id"), {"id": key}).one()
        assert (unit[0], str(unit[1]), unit[2]) == (Lifecycle.RETURNED.value, str(date(2025, 3, 11)), 36)


@pytest.mark.parametrize("value", [[], [1, 2], ["a"], {"a": [1]}, None, "", "text", 0, True])
def test_a_value_that_all_rows_have_is_unpacked_as_it_was(value: Any) -> None:
    (block,) = blocks.pack("mapping", [1, 2, 3], {"id": [1, 2, 3], "same": [value] * 3})
    rows = blocks.unpack(3, "mapping", json.loads(block.after))
    assert [row.after for row in rows] == [{"id": number, "same": value} for number in (3, 2, 1)]
