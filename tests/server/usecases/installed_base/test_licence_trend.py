"""Licences at the ends of months: all from one reading of the history, and equal to those of each day counted alone; on both databases."""

from datetime import date, timedelta
from random import Random

import pytest
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.units import Unit, UnitStateChange
from musterroll.usecases.installed_base import licence_trend
from musterroll.usecases.installed_base import licences as base_licences
from musterroll.usecases.installed_base.licences import LicenceBreakdown
from musterroll.usecases.operations import figure_cache
from musterroll.usecases.reconciliation import daily_snapshot
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlalchemy import insert
from sqlmodel import Session, col, select

from tests.support import random_records
from tests.support.random_records import NOW

YEAR = 366 * 86_400_000


def fleet(session: Session, seed: int) -> None:
    """Random records of units that were deployed, heard and silent at random instants of a year."""
    random_records.fill(session, Random(seed), 20)
    random = Random(seed)
    states = {"lifecycle": ["stock", "deployed", "retired"], "liveness": ["operating", "stale", "late", "unknown"]}
    units = list(session.execute(select(col(Unit.id)).order_by(col(Unit.id))).scalars())
    changes = []
    for number in range(4 * len(units)):
        axis, at = random.choice(sorted(states)), to_ms(NOW) - random.randrange(YEAR)
        told = {"unit_id": random.choice(units), "axis": axis, "new": random.choice(states[axis]), "cause": "test", "actor": "test"}
        changes.append({**told, "id": number + 1, "at": at, "recorded_at": max(at, to_ms(NOW) - random.randrange(YEAR))})
    session.execute(insert(UnitStateChange), changes)


def test_days_counted_together_are_what_each_is_alone(database: Database) -> None:
    days = licence_trend.ends(NOW, 4)
    with database.transaction() as session:
        fleet(session, 1)
        alone = {day: base_licences.licences(session, day, LicenceBreakdown.SEGMENT, NOW).total for day in days}
        assert base_licences.totals(session, days, NOW) == alone
        assert len(set(alone.values())) > 1
        cells = [reconciliation_run.reconcile(session, day, NOW, store=False).cells for day in days]
        counted = [dict.fromkeys(of_day, 0) for of_day in cells]
        for sums, counts in zip(counted, daily_snapshot.count(session, days, NOW), strict=True):
            for cell, units in counts.rows("SELECT lpad(bin(cell), 3, '0'), units FROM day_total WHERE axis = 'all'"):
                sums[cell] += units
        assert counted == cells


def test_a_trend_of_a_large_fleet_is_read_not_counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with database.transaction() as session:
        fleet(session, 2)
        trend = licence_trend.trend(session, 12, 1, NOW)
        assert [point.on for point in trend.value] == [*licence_trend.ends(NOW, 12), NOW.date()]
        assert licence_trend.stored_trend(session, NOW, 1) == trend.value[-1:]
        assert licence_trend.due(session, NOW) == [licence_trend.ENDS]
        counted_at = NOW - timedelta(hours=1)
        figure_cache.keep(session, licence_trend.ENDS, licence_trend.ENDS.count(session, NOW), counted_at)
        assert licence_trend.due(session, NOW) == []
        assert licence_trend.due(session, NOW + timedelta(days=1)) == [licence_trend.ENDS]
        monkeypatch.setattr(figure_cache, "LARGE", 0)
        later = licence_trend.trend(session, 14, 1, NOW)
        assert (later.at, later.value[2:-1]) == (counted_at, trend.value[:-1])
        assert [point.on for point in later.value[:2]] == [date(2025, 8, 31), date(2025, 9, 30)]
