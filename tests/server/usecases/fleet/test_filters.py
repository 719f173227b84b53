"""What planners narrow a fleet by, on random small fleets with all their paper: every unit is in exactly one part of each partition."""

from collections.abc import Iterator
from random import Random

import pytest
from musterroll.domain.reconciliation.cells import CELLS
from musterroll.domain.units.kinds import UnitKind
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.usage import UnitUse, UsageCounter
from musterroll.usecases.fleet.pages import NONE, OLDEST, FleetFilter, fleet
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlmodel import Session, select

from tests.support.random_records import NOW, fill

SEEDS = range(2)
SWITCHES = ("operating", "warranty", "covered", "over", "outdated", "provisioned")


@pytest.fixture(params=SEEDS)
def session(database: Database, request: pytest.FixtureRequest) -> Iterator[Session]:
    dice = Random(request.param)
    with database.transaction() as session:
        fill(session, dice)
        for table in (Account, Site):
            for row in session.exec(select(table)):
                row.country = dice.choice(["", "DE", "FR"])
        for account in session.exec(select(Account)):
            account.segment = dice.choice(["", "Water", "Health"])
        for unit in session.exec(select(Unit)):
            unit.firmware = dice.choice(["", "1.4.2", "1.10.0"])
        session.flush()
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
        yield session


def found(session: Session, **filters: object) -> list[str]:
    return [card.uid for card in fleet(session, FleetFilter(**filters), None, 100, NOW).cards]  # type: ignore[arg-type]


def test_every_unit_is_in_one_part_of_each_partition(session: Session) -> None:
    everything = sorted(found(session))
    parts: dict[str, list[object]] = {
        **{name: [True, False] for name in SWITCHES},
        "segment": [NONE, "Water", "Health"],
        "country": [NONE, "DE", "FR"],
        "firmware": [NONE, "1.4.2", "1.10.0"],
        "age": [NONE, *map(str, range(OLDEST + 1))],
        "cells": list(CELLS),
        "kind": list(UnitKind),
    }
    for name, words in parts.items():
        shared = sorted(uid for word in words for uid in found(session, **{name: word}))
        assert shared == everything, name


def test_a_subtree_is_its_accounts_together_and_what_ends_is_in_force(session: Session) -> None:
    accounts = list(session.exec(select(Account)))
    sites = {site.id: site.account_id for site in session.exec(select(Site))}
    owner = {unit.uid: unit.account_id or sites.get(unit.site_id) for unit in session.exec(select(Unit))}
    for root in accounts:
        below = {root.id}
        for _ in accounts:
            below |= {one.id for one in accounts if one.parent_id in below}
        assert found(session, under=root.ref) == [uid for uid in found(session) if owner[uid] in below]
    assert found(session, under="nobody") == []
    soon = set(found(session, ending=90))
    assert soon <= set(found(session, ending=365)) <= set(found(session, warranty=True))


def test_units_that_used_a_counter_this_month(session: Session) -> None:
    dice, day = Random(5), int(NOW.timestamp() // 86_400)
    counter = UsageCounter(name="pages")
    session.add(counter)
    session.flush()
    last = {unit.id: dice.choice([None, day, day - 29, day - 30, day - 400]) for unit in session.exec(select(Unit))}
    session.add_all(UnitUse(unit_id=unit or 0, counter_id=counter.id or 0, at=0, value=1.0, last_day=on) for unit, on in last.items())
    session.flush()
    ids = {unit.uid: unit.id for unit in session.exec(select(Unit))}
    month = [uid for uid in found(session) if (last[ids[uid]] or 0) > day - 30]
    assert found(session, used="pages") == month
    assert found(session, used="scans") == []
