"""The Parquet export: what is in the tables, that they are of one moment, and that docs/analytics.md describes them."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from musterroll.domain.coverage.verdict import CoverageAnswer as Answer
from musterroll.domain.values.errors import DomainError
from musterroll.storage.analytics.parquet import TABLES
from musterroll.storage.analytics.table import Table
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.findings import FindingRow
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.analytics.export import export
from musterroll.usecases.capacity import exposure
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.fleet.pages import installed_base
from musterroll.usecases.reconciliation import daily_snapshot
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlmodel import Session, col, select, update

from tests.support import documents, sample_fleet

DOCS = (Path(__file__).parents[4] / "docs/analytics.md").read_text()
QUERIES = re.findall(r"```sql\n(.+?)\n```\n\| (.+?) \|\n\|[-|]+\|\n\| (.+?) \|\n", DOCS, re.DOTALL)


def reference(table: Table) -> str:
    """The part of the documentation about one table."""
    rows = [f"| `{column.name}` | {column.type} | {column.about} |" for column in table.columns]
    parts = f" Folders by {' and '.join(f'`{name}`' for name in table.partition)}." if table.partition else ""
    return "\n".join([f"### {table.name}", f"{table.about}{parts}\n", "| column | type | meaning |", "|---|---|---|", *rows, ""])


class Facts(NamedTuple):
    folder: Path

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        return self._run(re.sub(r"\b(?:FROM|JOIN) (\w+)\b(?!\()", self._table, query)).fetchall()

    def columns(self, query: str) -> list[tuple[str, str]]:
        return [(row[0], row[1]) for row in self._run(f"DESCRIBE {query}").fetchall()]

    def run_as_documented(self, query: str) -> list[tuple[Any, ...]]:
        return self._run(query.replace("'facts/", f"'{self.folder}/")).fetchall()

    def whole(self, table: str) -> str:
        return f"read_parquet('{self.folder}/{table}/**/*.parquet', hive_partitioning = true)"

    def _table(self, match: re.Match[str]) -> str:
        return match[0].replace(match[1], self.whole(match[1]))

    def _run(self, query: str) -> duckdb.DuckDBPyConnection:
        return duckdb.connect().execute(query)


@pytest.fixture
def fleet(database: Database, now: datetime) -> Database:
    """With a history, records, and what is worked out of them."""
    sample_fleet.fill(database, now)
    with database.transaction() as session:
        for days in (2, 1):
            on = now.date() - timedelta(days)
            (counts,) = daily_snapshot.count(session, [on], now)
            daily_snapshot.keep(session, on, counts)
        reconciliation_run.reconcile(session, now, now, store=True)
        exposure.keep(session, exposure.everything(session, now))
    return database


def exported(database: Database, now: datetime, folder: Path) -> Facts:
    with database.frozen() as session:
        export(session, folder, now)
    return Facts(folder)


def test_the_documentation_describes_every_table_and_column() -> None:
    for table in TABLES:
        assert reference(table) in DOCS, f"docs/analytics.md does not have:\n{reference(table)}"


def test_the_tables_have_what_the_registry_says_and_answer_the_documented_queries(fleet: Database, now: datetime, tmp_path: Path) -> None:
    facts = exported(fleet, now, tmp_path / "facts")
    for table in TABLES:
        assert facts.columns(f"FROM {facts.whole(table.name)}") == in_order_of_files(table), table.name
    with fleet.snapshot() as session:
        assert_units(facts, session, now)
        assert_coverage(facts, session, now)
        assert_findings(facts, session)
    assert len(QUERIES) == 5
    for query, names, types in QUERIES:
        described = query.replace("'facts/", f"'{facts.folder}/")
        assert facts.columns(described) == list(zip(names.split(" | "), types.split(" | "), strict=True)), query
        assert facts.run_as_documented(query), query


def in_order_of_files(table: Table) -> list[tuple[str, str]]:
    """The columns as read: those that are folders last."""
    types = {column.name: column.type for column in table.columns}
    return [column for column in types.items() if column[0] not in table.partition] + [(name, types[name]) for name in table.partition]


def assert_units(facts: Facts, session: Session, now: datetime) -> None:
    base, cells = installed_base(session, now), reconciliation_run.reconcile(session, now, now, store=False).cells
    assert dict(facts.ask("SELECT lifecycle, count(*) FROM units GROUP BY ALL")) == {k.value: n for k, n in base.lifecycle.items() if n}
    assert dict(facts.ask("SELECT liveness, count(*) FROM units GROUP BY ALL")) == {k.value: n for k, n in base.liveness.items() if n}
    assert dict(facts.ask("SELECT cell, count(*) FROM units GROUP BY ALL")) == {code: n for code, n in cells.items() if n}


def assert_coverage(facts: Facts, session: Session, now: datetime) -> None:
    """A unit is covered by the rows in force exactly as its verdict says."""
    kinds = dict(facts.ask("SELECT unit_id, string_agg(DISTINCT kind, ' ' ORDER BY kind) FROM coverage WHERE in_force GROUP BY unit_id"))
    words = {"contract": Answer.CONTRACT, "warranty": Answer.WARRANTY, "contract warranty": Answer.BOTH}
    for unit in session.exec(select(Unit).where(col(Unit.merged_into_id).is_(None)).limit(60)):
        answer = coverage(session, unit.uid, now.date(), now).answer
        assert words.get(kinds.get(unit.id), answer if answer in (Answer.NONE, Answer.UNKNOWN) else None) == answer, unit.serial


def assert_findings(facts: Facts, session: Session) -> None:
    stored = list(session.exec(select(FindingRow)))
    assert dict(facts.ask("SELECT kind, count(*) FROM findings GROUP BY ALL")) == Counter(row.kind for row in stored)
    first = {(row.id, row.currency): row.value for row in stored if row.value is not None}
    amounts = facts.ask("SELECT finding_id, currency, value FROM finding_amounts")
    assert first.items() <= {(id_, currency): value for id_, currency, value in amounts}.items()


def test_overruled_and_withdrawn_state_changes_are_left_out(database: Database, now: datetime, tmp_path: Path) -> None:
    documents.take_all(database, now)
    with database.transaction() as session:
        unit_id = session.exec(select(Unit.id)).first() or 0
        for at, new, withdrawn_at in ((1000, "operating", None), (3000, "stale", None), (2000, "late", None), (4000, "stale", 5000)):
            of_unit = {"unit_id": unit_id, "at": at, "recorded_at": 6000, "axis": "liveness", "new": new, "withdrawn_at": withdrawn_at}
            session.add(UnitStateChange(**of_unit, cause="test", actor="test"))
            session.flush()
    facts = exported(database, now, tmp_path / "facts")
    states = f"SELECT state, epoch_ms(since), epoch_ms(until) FROM states WHERE axis = 'liveness' AND unit_id = {unit_id} ORDER BY since"
    assert facts.ask(states) == [("operating", 1000, 2000), ("late", 2000, None)]
    last = facts.ask("SELECT s.state, u.lifecycle FROM states s JOIN units u USING (unit_id) WHERE axis = 'lifecycle' AND until IS NULL")
    assert [state for state, _ in last] == [lifecycle for _, lifecycle in last]
    assert last


def test_all_tables_are_of_one_moment(database: Database, now: datetime, tmp_path: Path) -> None:
    def write(done: float) -> None:
        """Another process writes while the tables are made."""
        with database.transaction() as other:
            other.add(Account(ref=f"NEW{done}", name="New Ltd", created_at=now))
            other.connection().execute(update(UnitStateChange).values(withdrawn_at=1))

    documents.take_all(database, now)
    folder = tmp_path / "facts"
    with database.frozen() as session:
        rows = export(session, folder, now, write)
    assert rows["states"] > 0
    facts = Facts(folder)
    assert facts.ask("SELECT count(*) FROM accounts WHERE name = 'New Ltd'") == [(0,)]
    moments = {row for file in folder.rglob("*.parquet") for row in metadata(file)}
    assert moments == {("musterroll", "analytics"), ("version", "1"), ("as_of", now.isoformat(timespec="milliseconds"))}


def metadata(file: Path) -> Iterator[tuple[str, str]]:
    for key, value in duckdb.connect().execute(f"SELECT key, value FROM parquet_kv_metadata('{file}')").fetchall():
        yield key.decode(), value.decode()


def test_an_empty_registry_has_every_table_with_its_columns(database: Database, now: datetime, tmp_path: Path) -> None:
    facts = exported(database, now, tmp_path / "facts")
    for table in TABLES:
        assert sorted(facts.columns(f"FROM {facts.whole(table.name)}")) == sorted((column.name, column.type) for column in table.columns)
        assert facts.ask(f"SELECT count(*) FROM {table.name}") == [(0,)]


def test_an_export_that_is_broken_off_leaves_no_folder(sqlite_database: Database, now: datetime, tmp_path: Path) -> None:
    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with sqlite_database.frozen() as session, pytest.raises(KeyboardInterrupt):
        export(session, tmp_path / "new" / "facts", now, stop)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_folder_in_use_is_refused_and_left_as_it_is(sqlite_database: Database, now: datetime, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    for folder in (tmp_path, tmp_path / "mine.txt"):
        with sqlite_database.frozen() as session, pytest.raises(DomainError, match="exists and is not empty: name a folder"):
            export(session, folder, now)
    with sqlite_database.frozen() as session, pytest.raises(DomainError, match="cannot be written"):
        export(session, tmp_path / "mine.txt" / "facts", now)
    (tmp_path / "empty").mkdir()
    assert exported(sqlite_database, now, tmp_path / "empty").ask("SELECT count(*) FROM units") == [(0,)]
