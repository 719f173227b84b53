"""Units that had left the field before the first import were in the base until their last report, or the day that records give."""

from datetime import date, datetime

import pytest
from musterroll.domain.installed_base.bridge import BridgeStep
from musterroll.domain.values.instants import day_end, to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.installed_base import undated
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.reconciliation import run as reconciliation

from tests.support import documents

UNITS = """Serial Number,Manufacturer,Model,Install Date,Status,Retired Date
HERE01,Acme,Pump,2025-01-01,Installed,
UNDATED,Acme,Pump,2025-01-01,Returned,
DATED1,Acme,Pump,2025-01-01,Retired,2026-08-01
SILENT,Acme,Pump,2025-01-01,Retired,
"""
TELEMETRY = """serial,first_seen,last_seen
HERE01,2025-01-01T09:00:00Z,2026-11-01T11:59:00Z
UNDATED,2025-01-01T09:00:00Z,2026-05-10T09:00:00Z
DATED1,2025-01-01T09:00:00Z,2026-07-31T09:00:00Z
"""


def take(database: Database, now: datetime) -> int:
    """Returns the import of the list of reports."""
    documents.take(database, now, "units", UNITS)
    _, done = documents.take(database, now, "telemetry", TELEMETRY)
    return done.run_id or 0


def base(database: Database, now: datetime, on: date) -> tuple[int, int, int]:
    with database.snapshot() as session:
        counted = base_as_of.base(session, now, on=on)
    return counted.all.deployed, counted.all.operating, counted.undated


def test_they_count_for_those_days(database: Database, now: datetime) -> None:
    take(database, now)
    assert base(database, now, date(2024, 12, 1)) == (0, 0, 0)
    assert base(database, now, date(2025, 11, 1)) == (3, 3, 1)  # one was never heard: nothing says until when it stayed
    assert base(database, now, date(2026, 6, 1)) == (2, 2, 2)
    assert base(database, now, date(2026, 9, 1)) == (1, 1, 2)
    assert base(database, now, now.date()) == (1, 1, 0)


def test_the_bridge_says_when_they_left(database: Database, now: datetime) -> None:
    take(database, now)
    with database.snapshot() as session:
        months = {month: base_as_of.bridge(session, date(2026, month, 1), now) for month in (5, 7, 8)}
        ends = [base_as_of.base(session, now, on=day).all.operating for day in (date(2026, 4, 30), date(2026, 5, 31), date(2026, 8, 31))]
    assert [(months[5].opening, months[5].closing), months[8].closing] == [(ends[0], ends[1]), ends[2]] == [(3, 2), 1]
    left = {month: {step: count for step, count in bridge.steps.items() if count} for month, bridge in months.items()}
    assert left[5] in ({BridgeStep.RETIRED: -1}, {BridgeStep.GONE_STALE: -1})
    assert left[8] in ({}, {BridgeStep.RETIRED: -1}, {BridgeStep.GONE_STALE: -1})


@pytest.mark.parametrize("day", [date(2026, 3, 1), date(2026, 5, 10), date(2026, 9, 1)])
def test_past_days_have_no_units_that_operate_after_they_were_returned(database: Database, now: datetime, day: date) -> None:
    take(database, now)
    with database.transaction() as session:
        cells = reconciliation.reconcile(session, day, now, store=False).cells
    assert cells["001"] == 0


def test_undoing_the_list_of_reports_takes_the_stay_back(database: Database, now: datetime) -> None:
    reports = take(database, now)
    with database.transaction() as session:
        documents.undo(session, reports, "ada", now)
    assert base(database, now, date(2025, 11, 1)) == (2, 0, 2)


def test_the_trend_says_how_many_more_may_have_been_deployed_each_day(database: Database, now: datetime) -> None:
    take(database, now)
    days = [date(2024, 12, 1), date(2025, 11, 1), date(2026, 6, 1), date(2026, 9, 1), now.date()]
    with database.snapshot() as session:
        instants = [min(to_ms(day_end(day)), to_ms(now)) for day in days]
        assert undated.on_instants(session, instants) == [base(database, now, day)[2] for day in days] == [0, 1, 2, 2, 0]
        assert undated.on_instants(session, instants, []) == [0] * 5
