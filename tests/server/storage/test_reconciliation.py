"""The rules as SQL say what the pure rules say, on random fleets; looking again at what changed says what looking at everything says."""

import os
from random import Random
from typing import Any

import pytest
from musterroll.domain.findings import Kind
from musterroll.domain.reconciliation import cells
from musterroll.registry import reconciling
from musterroll.registry.papers import UnitPaper
from musterroll.storage import tallies, unit_facts
from musterroll.storage.database import Database
from musterroll.storage.standing_tables import Standing, Tally
from sqlmodel import Session, col, select

from tests.support import paper
from tests.support.paper import NOW

FLEETS = int(os.environ.get("MUSTERROLL_TEST_FLEETS", "60"))  # on each database, by each test; for a release 1,000
BATCHES = range(4)


def fleets(session: Session, batch: int) -> Any:
    """A random fleet after another in one transaction, each rolled back before the next."""
    for number in range(FLEETS // len(BATCHES)):
        dice = Random(f"{batch}/{number}")
        fleet = session.begin_nested()
        paper.fill(session, dice)
        yield dice
        fleet.rollback()


@pytest.mark.parametrize("batch", BATCHES)
def test_a_run_finds_what_the_rules_find(database: Database, batch: int) -> None:
    kinds = set()
    with database.writing() as session:
        for _ in fleets(session, batch):
            found = reconciling.reconcile(session, NOW, NOW, store=True)
            expected = paper.by_the_rules(session)
            kinds |= {one.key.kind for one in expected.findings}
            assert found.cells == cells(expected.flags.values())
            assert paper.stored(session) == paper.comparable(expected.findings)
            assert standings(session) == {unit: int(flags.code, 2) for unit, flags in expected.flags.items()}
    assert len(kinds) >= len(Kind) - 3


@pytest.mark.parametrize("batch", BATCHES)
def test_looking_again_at_what_changed_is_as_good_as_looking_at_everything(database: Database, batch: int) -> None:
    with database.writing() as session:
        for dice in fleets(session, batch):
            reconciling.reconcile(session, NOW, NOW, store=True)
            reconciling.reconcile_changed(session, paper.edit(session, dice), NOW)
            again = everything(session)
            assert paper.stored(session) == paper.comparable(paper.by_the_rules(session).findings)
            whole = reconciling.reconcile(session, NOW, NOW, store=True)
            assert whole.stored == (0, 0, 0)
            assert everything(session) == again
            assert tallies.counts(session) == tallies.recount(session) == whole.cells


@pytest.mark.parametrize("batch", BATCHES)
def test_a_unit_looked_at_alone_sits_where_the_whole_run_seats_it(database: Database, batch: int) -> None:
    with database.writing() as session:
        for _ in fleets(session, batch):
            expected = paper.by_the_rules(session)
            worked_out = {unit: seats(session, unit) for unit in expected.flags}
            reconciling.reconcile(session, NOW, NOW, store=True)
            remembered = {unit: seats(session, unit) for unit in expected.flags}
            assert worked_out == remembered == {unit: list(expected.seats.lines.get(unit, ())) for unit in expected.flags}


def seats(session: Session, unit: int) -> list[int]:
    row = unit_facts.by_id(session, unit)
    assert row is not None
    return [cover.line.id for cover in UnitPaper(session, row, NOW.date(), NOW, NOW).seats]


def standings(session: Session) -> dict[int, int]:
    return dict(session.exec(select(Standing.unit_id, Standing.cell)).all())


def everything(session: Session) -> tuple[Any, ...]:
    tally = session.exec(select(Tally.axis, Tally.of_id, Tally.cell, Tally.units).where(col(Tally.units) != 0)).all()
    standing = session.exec(select(Standing.unit_id, Standing.account_id, Standing.site_id, Standing.product_id, Standing.cell)).all()
    return paper.stored(session), paper.stored(session, present=False), set(map(tuple, tally)), set(map(tuple, standing))
