"""The company of the demonstration: its files are taken in whole, and the same seed gives the same files."""

from datetime import UTC, datetime

from musterroll.simulator.company import documents, fill
from musterroll.storage.engine.database import Database
from sqlalchemy import text

NOW = datetime(2026, 3, 1, 0, 4, tzinfo=UTC)


def test_a_company_is_the_same_for_the_same_seed_and_day() -> None:
    assert [*documents.files(NOW, 1, 30, 3)] == [*documents.files(NOW, 1, 30, 3)]
    assert [*documents.files(NOW, 1, 30, 3)] != [*documents.files(NOW, 2, 30, 3)]


def test_every_row_of_its_files_is_taken(database: Database, now: datetime) -> None:
    rejected: list[object] = []
    fill.fill(database, 1, 90, 10, now, lambda file, verdict: rejected.append((file.name, verdict)))
    assert rejected == []
    with database.read_only() as session:
        tables = ("account", "site", "unit", "contract", "contract_line", "invoice", "incident", "target")
        rows = {table: session.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables}
    assert min(rows.values()) > 0, rows
    assert rows["unit"] == 90
