"""The rules as SQL say what the pure rules say, on random fleets; looking again at what changed says what looking at everything says."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from musterroll import long_work
from musterroll.domain.findings.kinds import FindingKind
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.storage import reconcile_queue
from musterroll.storage.coverage import unit_facts
from musterroll.storage.engine.database import Database
from musterroll.storage.reconciliation import cell_counters
from musterroll.storage.tables.findings import FindingAmount, FindingRow, FindingSum
from musterroll.storage.tables.reconciliation import CellCount, UnitReconciliation
from musterroll.usecases.coverage.unit_documents import UnitDocuments
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlalchemy import literal, text
from sqlmodel import Session, col, select

from tests.support import random_records
from tests.support.instances import until
from tests.support.random_records import NOW

FLEETS, ROUNDS = 50, 5  # side by side in one database, that often in each batch: 1,000 on each database
BATCHES = range(4)
LOOKED_AT_ALONE = 20


def rounds(session: Session, batch: int) -> Iterator[Random]:
    """Random fleets, rolled back before the next ones."""
    for number in range(ROUNDS):
        dice = Random(f"{batch}/{number}")
        made = session.begin_nested()
        random_records.fill(session, dice, FLEETS)
        yield dice
        made.rollback()


@pytest.mark.parametrize("batch", BATCHES)
def test_sql_finds_what_the_rules_find_of_everything_and_of_what_changed(database: Database, batch: int) -> None:
    kinds = set()
    with database.transaction() as session:
        for dice in rounds(session, batch):
            found = reconciliation_run.reconcile(session, NOW, NOW, store=True)
            kinds |= as_the_rules(session)
            assert found.cells == cell_counters.recount(session)
            reconciliation_run.reconcile_changed(session, random_records.edit(session, dice), NOW)
            kinds |= as_the_rules(session)
            again = everything(session)
            whole = reconciliation_run.reconcile(session, NOW, NOW, store=True)
            assert whole.stored == (0, 0, 0)
            assert everything(session) == again
            assert cell_counters.counts(session) == cell_counters.recount(session) == whole.cells
    assert kinds == set(FindingKind)


def as_the_rules(session: Session) -> set[FindingKind]:
    """What is stored is what the rules say. The kinds of findings there were."""
    expected = random_records.by_the_rules(session)
    assert random_records.stored(session) == random_records.comparable(expected.findings)
    assert standings(session) == {unit: int(flags.code, 2) for unit, flags in expected.flags.items()}
    assert cell_counters.counts(session) == dict.fromkeys(CELLS, 0) | Counter(flags.code for flags in expected.flags.values())
    assert sums(session) == counted_one_by_one(session)
    return {one.key.kind for one in expected.findings}


def test_runs_at_the_same_time_count_nothing_twice(postgres_database: Database) -> None:
    database = postgres_database
    with database.transaction() as session:
        random_records.fill(session, Random(1), 10)
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    with database.transaction() as session:
        changed = random_records.edit(session, Random(2))

    def everything_again() -> None:
        with database.transaction() as session:
            reconciliation_run.reconcile(session, NOW, NOW, store=True)

    with ThreadPoolExecutor(1) as other, database.transaction() as session:
        moved = reconciliation_run.reconcile_changed(session, changed, NOW)
        whole = other.submit(everything_again)
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        until(lambda: bool(session.execute(waiting).scalar()), "the other run waits for this one")
    whole.result()
    assert sum(moved)
    with database.snapshot() as session:
        assert (
            cell_counters.counts(session)
            == cell_counters.recount(session)
            == reconciliation_run.reconcile(session, NOW, NOW, store=False).cells
        )


def test_what_changes_while_a_run_is_computed_is_in_what_it_stores(database: Database) -> None:
    with database.transaction() as session:
        random_records.fill(session, Random(3), 10)
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    edited(database, 4)
    with database.frozen() as session:
        computed = reconciliation_run.compute(session, NOW, NOW)
        edited(database, 5)
    with database.transaction() as session:
        result = reconciliation_run.keep(session, computed, NOW)
        assert result is not None
        as_the_rules(session)
        assert result.cells == cell_counters.counts(session)


def test_a_run_is_not_stored_over_what_it_has_not_seen(database: Database) -> None:
    with database.transaction() as session:
        random_records.fill(session, Random(6), 5)
    with database.frozen() as session:
        computed = reconciliation_run.compute(session, NOW, NOW)
        with database.transaction() as other:
            reconcile_queue.mark_all(other)
    with database.transaction() as session:
        assert reconciliation_run.keep(session, computed, NOW) is None
        assert reconciliation_run.keep(session, computed, NOW, final=True) is not None
        as_the_rules(session)
        assert reconcile_queue.take(session) is None  # all units are still marked
    with database.frozen() as session:
        computed = reconciliation_run.compute(session, NOW, NOW)
        with database.transaction() as other:
            reconciliation_run.reconcile(other, NOW, NOW, store=True)
    with database.transaction() as session:
        assert reconciliation_run.keep(session, computed, NOW) is None


def test_whole_runs_while_others_write_end_as_the_rules_say(database: Database) -> None:
    with database.transaction() as session:
        random_records.fill(session, Random(7), 10)
    with ThreadPoolExecutor(2) as others:
        writing = others.submit(lambda: [edited(database, seed) for seed in range(20)])
        ticking = others.submit(lambda: [ticked(database) for _ in range(5)])
        for _ in range(5):
            long_work.reconcile(database, NOW, NOW)
        assert writing.result()
        ticking.result()
    long_work.reconcile(database, NOW, NOW)
    with database.transaction() as session:
        as_the_rules(session)
        assert reconciliation_run.reconcile(session, NOW, NOW, store=True).stored == (0, 0, 0)


def edited(database: Database, seed: int) -> set[int]:
    """Some units changed and marked, as every change marks what it changes."""
    with database.transaction() as session:
        changed = random_records.edit(session, Random(seed))
        reconcile_queue.mark(session, changed)
    return changed


def ticked(database: Database) -> None:
    with database.transaction() as session:
        reconciliation_run.tick(session, NOW)


def test_a_unit_looked_at_alone_sits_where_the_whole_run_seats_it(database: Database) -> None:
    with database.transaction() as session:
        random_records.fill(session, Random(0), LOOKED_AT_ALONE)
        expected = random_records.by_the_rules(session)
        worked_out = {unit: seats(session, unit) for unit in expected.flags}
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
        remembered = {unit: seats(session, unit) for unit in expected.flags}
        assert worked_out == remembered == {unit: list(expected.seats.lines.get(unit, ())) for unit in expected.flags}


def seats(session: Session, unit: int) -> list[int]:
    row = unit_facts.by_id(session, unit)
    assert row is not None
    return [cover.line.id for cover in UnitDocuments(session, row, NOW.date(), NOW, NOW).seats]


def standings(session: Session) -> dict[int, int]:
    return dict(session.exec(select(UnitReconciliation.unit_id, UnitReconciliation.cell)).all())


def sums(session: Session) -> dict[tuple[int, str, str], tuple[int, int, Decimal]]:
    rows = session.exec(select(FindingSum))
    return {(row.account_id, row.kind, row.currency): (row.findings, row.priced, Decimal(row.worth).scaleb(-4)) for row in rows}


def counted_one_by_one(session: Session) -> dict[tuple[int, str, str], tuple[int, int, Decimal]]:
    counts: dict[tuple[int, str, str], tuple[int, int, Decimal]] = {}

    def add(account: int | None, kind: str, currency: str, finding: int, value: Decimal | None, counted: bool) -> None:
        key = account or 0, kind, currency
        findings, priced, worth = counts.get(key, (0, 0, Decimal(0)))
        counts[key] = findings + finding, priced + finding * (value is not None), worth + (value or 0) * counted

    f, a = FindingRow, FindingAmount
    for row in session.execute(select(f.account_id, f.kind, f.currency, literal(1), f.value, f.counted).where(col(f.present))):
        add(*row)
    further: Any = select(f.account_id, f.kind, a.currency, literal(0), a.value, f.counted).join(a, col(a.finding_id) == col(f.id))
    for row in session.execute(further.where(col(f.present))):
        add(*row)
    return {key: of for key, of in counts.items() if any(of)}


def everything(session: Session) -> tuple[Any, ...]:
    tally = session.exec(select(CellCount.axis, CellCount.of_id, CellCount.cell, CellCount.units).where(col(CellCount.units) != 0)).all()
    standing = session.exec(
        select(
            UnitReconciliation.unit_id,
            UnitReconciliation.account_id,
            UnitReconciliation.site_id,
            UnitReconciliation.product_id,
            UnitReconciliation.cell,
        )
    ).all()
    return random_records.stored(session), random_records.stored(session, present=False), set(map(tuple, tally)), set(map(tuple, standing))
