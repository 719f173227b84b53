"""Databases of earlier released states are upgraded to the newest tables: no row is lost, and what they answered they still answer."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from musterroll.storage.audit import verify as audit_chain
from musterroll.storage.engine import migrate
from musterroll.storage.engine.database import Database
from musterroll.usecases.undo import undo as undo_changes

from tests.golden import dump
from tests.golden.facts import Row, all_rows, answers, audit_log
from tests.golden.fill import run_jobs

GOLDEN = sorted(Path(__file__).parent.glob("[0-9]*"))
# What later migrations renamed: a table ("old": "new") or a column ("old_table.old_column": "new_column").
# None: removed or rewritten on purpose, so it is not compared.
RENAMED: dict[str, str | None] = {
    "voice": "unit_status",
    "usage": "unit_usage",
    "pulse": "process_heartbeat",
    "registry": "registry_state",
    "revision": "config_revision",
    "transition": "unit_state_change",
    "delivery": "message_stream",
    "standing": "unit_reconciliation",
    "tally": "cell_count",
    "dirty": "reconcile_queue",
    "snapshot": None,  # as stored days; a test of its own compares them
    "daily_cell_count": None,
    "signal": "event",
    "dealt": "rule_event",
    "ending": "calendar_entry",
    "mark": "job_checkpoint",
    "reading": "registry_metric",
    "kept_figure": "figure_cache",
    "dealt.signal_id": "event_id",
}


class Upgraded(NamedTuple):
    """A golden database at the newest revision, and what it held before."""

    database: Database
    before: dict[str, list[Row]]
    audit: dict[str, Any]
    expected: dict[str, Any]

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.expected["now"])


def _cases(folders: list[Path]) -> Iterator[Any]:
    for folder in folders:
        yield pytest.param((folder, "sqlite"), id=f"{folder.name}-sqlite")
        yield pytest.param((folder, "postgres"), id=f"{folder.name}-postgres", marks=pytest.mark.postgres)


@pytest.fixture(params=list(_cases(GOLDEN)))
def upgraded(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Upgraded]:
    folder, engine = request.param
    server = request.getfixturevalue("postgres_server") if engine == "postgres" else None
    url = server.create() if server else f"sqlite:///{tmp_path / 'golden.db'}"
    dump.restore(dump.read(folder / f"{engine}.sql.gz"), url)
    expected, database = json.loads((folder / "expected.json").read_text()), Database(url)
    before = all_rows(database)
    assert folder.name.endswith(f"-{migrate.upgrade(database)[0]}")
    yield Upgraded(database, before, expected["audit"][engine], expected)
    database.close()
    if server:
        server.drop(url)


def test_the_tables_are_those_of_the_code_and_no_row_is_lost(upgraded: Upgraded) -> None:
    assert migrate.differences(upgraded.database) == []
    assert {table: len(rows) for table, rows in upgraded.before.items()} == upgraded.expected["rows"]
    after = all_rows(upgraded.database)
    lost = {table: missing for table, rows in upgraded.before.items() if (missing := _missing(table, rows, after))}
    assert lost == {}


def test_the_counts_of_every_day_are_as_they_were(upgraded: Upgraded) -> None:
    assert _counts_by_day(all_rows(upgraded.database)) == _counts_by_day(upgraded.before)


def _counts_by_day(tables: dict[str, list[dict[str, Any]]]) -> Counter[tuple[Any, ...]]:
    """Units by day, account, product and quadrant, from the rows of each day or from rows over time."""
    counts = Counter[tuple[Any, ...]]()
    for row in [*tables.get("snapshot", ()), *tables.get("daily_cell_count", ())]:
        counts[str(row["on"]), row["account_id"], row["product_id"], int(row["cell"], 2)] += row["units"]
    for day in {str(row["on"]) for row in tables.get("day_total", ())}:
        for row in tables["cell_history"]:
            if str(row["since"]) <= day < str(row["until"]):
                counts[day, row["account_id"], row["product_id"], row["cell"]] += row["units"]
    return counts


def test_the_audit_log_and_the_answers_are_as_they_were(upgraded: Upgraded) -> None:
    assert audit_log(upgraded.database) == upgraded.audit
    with upgraded.database.snapshot() as session:
        assert answers(session, upgraded.now) == upgraded.expected["answers"]


def test_changes_made_before_can_still_be_undone(upgraded: Upgraded) -> None:
    assert upgraded.expected["undoable"]
    for change in upgraded.expected["undoable"]:
        with upgraded.database.snapshot() as session:  # nothing of it stays
            undo_changes.undo(session, change, "test", upgraded.now)
            log = audit_chain.verify(session, upgraded.audit["head"])
            assert (log.first_bad, log.head_found) == (None, True)


@pytest.mark.parametrize("upgraded", list(_cases([GOLDEN[0], GOLDEN[-1]])), indirect=True)  # the slowest of these tests
def test_the_recurring_jobs_go_on(upgraded: Upgraded, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    run_jobs(upgraded.database, tmp_path, upgraded.now + timedelta(days=1))
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


def _missing(table: str, before: list[Row], after: dict[str, list[Row]]) -> list[str]:
    """Rows of an old table that are not there any more, compared by the columns that are; or what RENAMED does not tell."""
    new_table = RENAMED.get(table, table)
    if new_table is None:
        return []
    if new_table not in after:
        return [f"no table {new_table}; RENAMED must name what became of it"]
    if not before:
        return []
    columns = {old: new for old in before[0] if (new := RENAMED.get(f"{table}.{old}", old)) is not None}
    if unknown := set(columns.values()) - after[new_table][0].keys():
        return [f"no columns {sorted(unknown)}; RENAMED must name what became of them"]
    present = Counter(str([row[new] for new in columns.values()]) for row in after[new_table])
    return list((Counter(str([row[old] for old in columns]) for row in before) - present).elements())
