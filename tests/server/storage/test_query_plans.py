"""Runs reach rows by index: what no small fleet shows by its time its plans do.

On SQLite, which knows no sizes and no hash join, plans hang on the tables and indexes alone, as real registries have no statistics.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any

import pytest
from musterroll.domain.findings.decisions import FindingState
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.findings import lists as finding_lists
from musterroll.storage.findings.lists import FindingCriteria
from musterroll.storage.notifications import activity
from musterroll.storage.tables.contracts import Contract
from musterroll.storage.tables.units import Unit
from musterroll.storage.warranty import products
from musterroll.usecases.contracts.contract_card import contract_card
from musterroll.usecases.coverage import verdict as coverage_verdict
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlalchemy import event
from sqlmodel import Session, col, select

from tests.support import random_records
from tests.support.random_records import NOW

_EXPLAINED = re.compile(r"\s*(SELECT|WITH|INSERT|UPDATE|DELETE|CREATE TEMP TABLE \w+ AS)\b")
_LOOP = re.compile(r"(SCAN|SEARCH) ")
# Each of their values is that of a large share of all rows, so an index of them alone leads to very many.
_WORDS = {"scope", "subject", "kind", "lifecycle", "axis", "cell", "present", "product_id"}
_LARGE = {"unit", "unit_status", "unit_state_change", "warranty_period", "contract", "contract_line", "unit_reconciliation", "finding"}
_ALIAS = re.compile(r"(?:FROM|JOIN|UPDATE|,)\s+(\w+)\s+(?:AS\s+)?(\w+)")
_BY = re.compile(r"SEARCH .*\((\w+)=\?\)(?: LEFT-JOIN)?$")


@contextmanager
def explained(database: Database) -> Iterator[dict[str, list[tuple[int, int, str]]]]:
    """The plan of every statement that is executed meanwhile: numbers of the step and of the one it belongs to, and its words."""
    found: dict[str, list[tuple[int, int, str]]] = {}

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if _EXPLAINED.match(statement):
            asked = connection.connection.dbapi_connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters)
            found[statement] = [(row[0], row[1], row[3]) for row in asked]

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield found
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)


def steps(plan: list[tuple[int, int, str]]) -> Iterator[tuple[bool, str]]:
    """Every loop through a table, and whether it is the first of its own: not run for each row of another."""
    words, met = {number: says for number, _, says in plan}, set[int]()
    for _, parent, says in plan:
        if _LOOP.match(says):
            yield parent not in met and not words.get(parent, "").startswith("CORRELATED"), says
            met.add(parent)


def goes_through(says: str) -> bool:
    """Whether a loop reads all of a table, a large share of it, or (an index, and a number within it) tries all numbers of a list."""
    return says.startswith("SCAN ") or "AND rowid=?)" in says or bool((by := _BY.match(says)) and by[1] in _WORDS)


def slow(found: dict[str, list[tuple[int, int, str]]]) -> list[tuple[str, str]]:
    """What goes through a table for every row of another."""
    return [(says, statement) for statement, plan in found.items() for first, says in steps(plan) if not first and goes_through(says)]


def whole(found: dict[str, list[tuple[int, int, str]]]) -> list[tuple[str, str]]:
    """What goes through a table that grows with the fleet."""
    read = [(says, statement) for statement, plan in found.items() for _, says in steps(plan) if goes_through(says)]
    return [(says, statement) for says, statement in read if _named(says, statement) & _LARGE]


def _named(says: str, statement: str) -> set[str]:
    """The tables that a loop may mean: a plan says the other name of a table that has one."""
    name = says.split()[1]
    return {name, *(table for table, other in _ALIAS.findall(statement) if other == name)}


@pytest.fixture
def fleet(sqlite_database: Database) -> Database:
    with sqlite_database.transaction() as session:
        random_records.fill(session, Random(1), 20)
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    return sqlite_database


def test_a_run_of_what_changed_goes_through_no_table_that_grows_with_the_fleet(fleet: Database) -> None:
    with fleet.transaction() as session:
        changed = random_records.edit(session, Random(2))
        with explained(fleet) as found:
            reconciliation_run.reconcile_changed(session, changed, NOW)
    assert len(found) > 10
    assert slow(found) == []
    assert whole(found) == []


def test_nor_does_it_on_postgresql(postgres_database: Database) -> None:
    with postgres_database.transaction() as session:
        random_records.fill(session, Random(1), 20)
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    with postgres_database.transaction() as session:
        changed = random_records.edit(session, Random(2))
        with explained_by_postgresql(postgres_database) as plans:
            reconciliation_run.reconcile_changed(session, changed, NOW)
    assert len(plans) > 10
    assert [(scan, statement) for statement, plan in plans.items() for scan in _whole_scans(plan)] == []


@contextmanager
def explained_by_postgresql(database: Database) -> Iterator[dict[str, dict[str, Any]]]:
    """The plan of every statement that reads and is executed meanwhile, as for large tables.

    Of tables as small as these PostgreSQL reads all where its statistics, taken at any moment, make that cheaper.
    """
    plans: dict[str, dict[str, Any]] = {}

    def explain(connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if re.match(r"\s*(SELECT|WITH)\b", statement):
            with connection.connection.dbapi_connection.cursor() as cursor:
                for way in ("seqscan", "mergejoin", "hashjoin"):
                    cursor.execute(f"SET LOCAL enable_{way} = off")
                ((plan,),) = cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
            plans[statement] = plan[0]["Plan"]

    event.listen(database.engine, "before_cursor_execute", explain)
    try:
        yield plans
    finally:
        event.remove(database.engine, "before_cursor_execute", explain)


def _whole_scans(plan: dict[str, Any]) -> Iterator[str]:
    """Scans of a table that grows with the fleet, from its beginning to its end. Of few units PostgreSQL may well read all."""
    large = plan.get("Relation Name") in _LARGE - {"unit", "warranty_period"}
    if large and "Index Cond" not in plan and plan["Node Type"] != "Bitmap Heap Scan":
        yield f"{plan['Node Type']} of {plan['Relation Name']}"
    for part in plan.get("Plans", ()):
        yield from _whole_scans(part)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda session, unit: coverage_verdict.coverage(session, unit.uid, None, NOW), id="verdict"),
        pytest.param(lambda session, unit: contract_card(session, session.get_one(Contract, 1).ref, 0, 50, NOW), id="contract"),
        pytest.param(lambda session, unit: products.set_silence_windows(session, [unit.id]), id="windows of silence"),
        pytest.param(lambda session, unit: activity.measure(session, unit.id - 1, 1, to_ms(NOW)), id="activity"),
    ],
)
def test_what_is_asked_of_some_units_goes_through_no_table_that_grows_with_the_fleet(
    fleet: Database, ask: Callable[[Session, Unit], object]
) -> None:
    with fleet.transaction() as session:
        unit = session.exec(select(Unit).order_by(col(Unit.id))).all()[5]
        with explained(fleet) as found:
            ask(session, unit)
    assert found
    assert whole(found) == []


def test_decisions_are_met_finding_by_finding(fleet: Database) -> None:
    with fleet.snapshot() as session, explained(fleet) as found:
        finding_lists.page(session, FindingCriteria(FindingState.OPEN), NOW.date(), None, 50)
        finding_lists.total(session, FindingCriteria(FindingState.OPEN, country="NL"), NOW.date())
    assert found
    assert slow(found) == []
