"""Every kind of records exports in a form that imports again unchanged."""

import csv
import io
from datetime import date, datetime
from types import SimpleNamespace

import pytest
from musterroll.api.http.lists import Column, csv_lines
from musterroll.domain.units.details import details_text
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.units import Unit
from musterroll.usecases.imports import export
from sqlmodel import select

from tests.support import documents, sample_fleet
from tests.support.documents import outcomes, state


def exported(database: Database, kind: str, now: datetime, limit: int = 100) -> str:
    """A document of every record of a kind, fetched in pages."""
    fields = export.KINDS[kind].fields
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow([field.label for field in fields])
    last = 0
    with database.snapshot() as session:
        while rows := export.page(session, kind, last, limit, now):
            writer.writerows([[cells[field.name] for field in fields] for _, cells in rows])
            last = rows[-1][0]
    return text.getvalue()


@pytest.mark.parametrize("kind", export.KINDS)
@pytest.mark.parametrize("limit", [1, 100])
def test_an_export_imports_again_without_a_change(database: Database, now: datetime, kind: str, limit: int) -> None:
    documents.take_all(database, now)
    text, before = exported(database, kind, now, limit), state(database)
    verdicts, _ = documents.take(database, now, kind, text)
    assert set(outcomes(verdicts)) == {"same"}, verdicts
    assert state(database) == before


def test_exports_rebuild_the_records_elsewhere(postgres_database: Database, sqlite_database: Database, now: datetime) -> None:
    documents.take_all(postgres_database, now)
    kinds = list(export.KINDS)
    for kind in kinds:
        verdicts, _ = documents.take(sqlite_database, now, kind, exported(postgres_database, kind, now))
        assert set(outcomes(verdicts)) == {"same" if kind == "limits" else "new"}, verdicts  # contract lines carry their limits
    assert [exported(sqlite_database, kind, now) for kind in kinds] == [exported(postgres_database, kind, now) for kind in kinds]


def test_the_records_of_a_fleet_in_use_import_again_without_a_change(database: Database, now: datetime) -> None:
    """Also records that were merged, replaced, edited, reported or never imported."""
    sample_fleet.fill(database, now)
    before = state(database)
    for kind in export.KINDS:
        text = exported(database, kind, now)
        verdicts, _ = documents.take(database, now, kind, text)
        assert set(outcomes(verdicts)) <= {"same"}, (kind, [verdict for verdict in verdicts if verdict.outcome != "same"][:3])
    assert state(database) == before


_HOSTILE = ("=1+1", "'=1+1", "''+49", "\t@x", "\r-1", "\nx", 'a "b", c', "two\nlines", "\r", ";", "'plain", " =1", "ß '", "''", "")


def test_the_database_writes_the_same_csv_of_units(database: Database, now: datetime) -> None:
    sample_fleet.fill(database, now, others=len(_HOSTILE))
    with database.transaction() as session:
        for unit, text in zip(session.exec(select(Unit).where(Unit.merged_into_id == None).order_by(Unit.id)), _HOSTILE, strict=False):  # noqa: E711
            unit.asset_tag, unit.serial, unit.hostname = text or None, f"{text}SN", text
            unit.details = details_text({"name": text, "location": f"x{text}", "purchase_cost": "12.50"})
            unit.warranty_ends_on, unit.purchased_on, unit.warranty_months = date(2024, 3, 1), date(2020, 2, 29), 0
        session.flush()
        columns = [Column(field.label, (field.name,)) for field in export.KINDS["units"].fields]
        cells = [SimpleNamespace(**row) for _, row in export.page(session, "units", 0, 10_000, now)]
        expected = "".join(csv_lines(columns, iter([cells])))
        for limit in (7, len(cells), 10_000):
            lines, last = "".join(csv_lines(columns, iter([[]]))), 0
            while last is not None:
                page = export.csv_page(session, last, limit)
                lines, last = lines + page.lines, page.last
            assert lines == expected
    assert len(cells) > len(_HOSTILE)
