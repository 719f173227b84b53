"""Daily counts, on both databases."""

from datetime import date, datetime, timedelta

import pytest
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.installed_base.as_of import BaseScope
from musterroll.usecases.installed_base.stored_days import days
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.reconciliation.daily_snapshot import count, due, earlier, keep, recount
from musterroll.usecases.units.move import move_unit
from sqlmodel import Session, select

from tests.support import records
from tests.support.documents import take

YESTERDAY = date(2026, 10, 31)


def fleet(session: Session) -> str:
    """Two units at a subsidiary, one of them on a contract; one of nobody's."""
    made, parent = records.product(session), records.account(session, "P")
    child = records.account(session, "C", parent=parent)
    records.line(session, records.contract(session, "C1", child), "1", "SN1")
    for serial in ("SN1", "SN2"):
        first = records.unit(session, serial, made, account_id=child.id, lifecycle=Lifecycle.DEPLOYED)
    records.unit(session, "SN3", made, lifecycle=Lifecycle.STOCK)
    return first.uid


def snapshot(session: Session, on: date, now: datetime) -> int | None:
    (counts,) = count(session, [on], now)
    return keep(session, on, counts)


def cells(**units: int) -> dict[str, int]:
    return {f"{code:03b}": units.get(f"c{code:03b}", 0) for code in (7, 6, 5, 4, 3, 2, 1, 0)}


def test_a_day_that_is_over_is_kept_once_as_it_ended(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        uid = fleet(session)
        assert snapshot(session, YESTERDAY, now) == 3
        move_unit(session, uid, Lifecycle.RETIRED, actor="anna", now=now)
        assert snapshot(session, YESTERDAY, now) is None
        assert snapshot(session, date(2026, 11, 1), now + timedelta(days=1)) == 3
        kept = days(session, YESTERDAY, date(2026, 11, 1))
        assert [(day.on, day.cells) for day in kept] == [
            (YESTERDAY, cells(c110=1, c010=1, c000=1)),
            (date(2026, 11, 1), cells(c110=1, c000=2)),
        ]


def test_a_trend_is_of_an_account_with_all_below_it(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        fleet(session)
        snapshot(session, YESTERDAY, now)
        assert [day.cells for day in days(session, YESTERDAY, YESTERDAY, BaseScope(account="P"))] == [cells(c110=1, c010=1)]
        assert days(session, date(2026, 1, 1), date(2026, 1, 31)) == []


def test_a_day_not_over_is_refused(database: Database, now: datetime) -> None:
    with database.transaction() as session, pytest.raises(DomainError, match="2026-11-01 is not over yet"):
        snapshot(session, now.date(), now)


def test_days_without_a_snapshot_are_made_up_for(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        fleet(session)
        assert due(session, now) == [YESTERDAY]
        snapshot(session, YESTERDAY, now)
        assert due(session, now) == []
        assert due(session, now + timedelta(days=3)) == [date(2026, 11, day) for day in (1, 2, 3)]
        assert len(due(session, now + timedelta(days=300))) == 31


def test_days_before_the_first_that_is_kept_are_told_from_history(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        uid = fleet(session)
        unit = session.exec(select(Unit).where(Unit.uid == uid)).one()
        heard = now - timedelta(days=40)
        session.add(UnitStatus(unit_id=unit.id or 0, heard_at=to_ms(now), first_heard_at=to_ms(heard)))
        transitions.add(session, [NewStateChange(unit.id or 0, to_ms(heard), "liveness", "never_heard", "operating", "told", "list")])
        assert earlier(session, now) == []
        snapshot(session, YESTERDAY, now)
        assert earlier(session, now) == [YESTERDAY - timedelta(days=number) for number in range(1, 32)]
        for day in [*earlier(session, now), *(YESTERDAY - timedelta(days=number) for number in range(32, 40))]:
            snapshot(session, day, now)
        assert earlier(session, now) == []
        assert due(session, now) == []
        assert {day.cells["011"] for day in days(session, heard.date(), YESTERDAY)} == {1}


def test_a_day_when_nothing_was_going_on_is_not_kept(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        records.unit(session, "SN1", records.product(session), lifecycle=Lifecycle.STOCK)
        snapshot(session, YESTERDAY, now)
        assert due(session, now) == [YESTERDAY]


HEADINGS = "Serial Number,Manufacturer,Model,Status,Install Date\n"


def test_no_day_is_stored_while_documents_come_in_and_a_fleet_that_came_in_late_is_counted_again(database: Database, now: datetime) -> None:
    yesterday, hour = now.date() - timedelta(days=1), timedelta(hours=1)
    take(database, now, "units", HEADINGS + "".join(f"SN{n},Acme,M1,Installed,2026-01-05\n" for n in range(10)))
    with database.transaction() as session:
        assert due(session, now + timedelta(minutes=1)) == []
        assert due(session, now + hour) == [yesterday]
        reconciliation_run.tick(session, now + hour)
        snapshot(session, yesterday, now + hour)
        assert days(session, yesterday, yesterday)[0].cells["011"] == 0
    reports = "".join(f"SN{n},2026-01-06T00:00:00Z,{now - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}\n" for n in range(10))
    take(database, now + 2 * hour, "telemetry", "Serial Number,First Seen,Last Seen\n" + reports)
    with database.transaction() as session:
        assert not recount(session, now + 2 * hour)
        assert recount(session, now + 3 * hour)
        assert due(session, now + 3 * hour) == [yesterday]
        snapshot(session, yesterday, now + 3 * hour)
        assert days(session, yesterday, yesterday)[0].cells["011"] == 10


def test_a_small_import_leaves_the_stored_days_as_they_were(database: Database, now: datetime) -> None:
    hour = timedelta(hours=1)
    take(database, now, "units", HEADINGS + "".join(f"SN{n},Acme,M1,Installed,2026-01-05\n" for n in range(30)))
    with database.transaction() as session:
        reconciliation_run.tick(session, now + hour)
        recount(session, now + hour)
        snapshot(session, now.date() - timedelta(days=1), now + hour)
    take(database, now + 2 * hour, "units", HEADINGS + "SN90,Acme,M1,Installed,2026-01-05\n")
    with database.transaction() as session:
        assert not recount(session, now + 3 * hour)
        assert due(session, now + 3 * hour) == []
