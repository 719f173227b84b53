"""Measured exposure on both databases: what is kept day by day is what a recount finds, and what counting by hand finds."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from musterroll.domain.capacity.exposure import WARRANTY
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.capacity import Exposure
from musterroll.storage.tables.messages import DurableMessage
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange as Transition
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.capacity import exposure as capacity_exposure
from sqlmodel import Session, select

from tests.support import fleet_history, unit_rows

DAY = timedelta(days=1)


def kept(database: Database) -> dict[tuple[object, ...], int]:
    with database.snapshot() as session:
        return {(row.month, row.product_id, row.age, row.cover): row.seconds for row in session.exec(select(Exposure))}


def follow(database: Database, now: datetime) -> capacity_exposure.Outstanding | None:
    with database.transaction() as session:
        found = capacity_exposure.outstanding(session, now)
        if found is not None:
            capacity_exposure.keep(session, found)
        return found


def test_days_added_one_by_one_are_what_a_recount_finds(database: Database, now: datetime) -> None:
    fleet_history.fill(database, now, units=30)
    follow(database, now - 25 * DAY)
    grown = [follow(database, now - days * DAY) for days in range(24, -1, -1)]
    assert all(one is not None and not one.anew for one in grown)
    by_day = kept(database)
    with database.transaction() as session:
        capacity_exposure.keep(session, capacity_exposure.everything(session, now))
    assert kept(database) == by_day
    assert sum(by_day.values()) > 0
    assert follow(database, now) is None


def test_what_may_have_changed_the_past_has_all_counted_anew(database: Database, now: datetime) -> None:
    fleet_history.fill(database, now, units=12)
    first = follow(database, now)
    assert first is not None
    assert first.anew
    with database.transaction() as session:
        audit_record.begin(session, actor="test", kind="note", subject="nothing of history", now=now)
    assert follow(database, now) is None
    with database.transaction() as session:
        audit_record.begin(session, actor="test", kind="undo", subject="an import", now=now)
    again = follow(database, now)
    assert again is not None
    assert again.anew


@pytest.fixture
def one_unit(database: Database, now: datetime) -> Database:
    """Heard for 100 days from an hour on, silent for ten of them, in warranty for the first 30."""
    began = to_ms(now) - 100 * fleet_history.DAY
    with database.transaction() as session:
        unit_rows.listening(session, 0, to_ms(now))
        unit = unit_rows.unit(
            session,
            "SN1",
            lifecycle=Lifecycle.DEPLOYED,
            installed_on=(now - 100 * DAY).date(),
            status={"heard_at": to_ms(now) - 1000, "first_heard_at": began},
        )
        session.add(fleet_history.warranty(unit, began, days=30))
        say(session, unit.id or 0, began, "operating")
        say(session, unit.id or 0, began + 50 * fleet_history.DAY, "stale")
        say(session, unit.id or 0, began + 60 * fleet_history.DAY, "operating")
    return database


def say(session: Session, unit_id: int, at: int, new: str, axis: str = "liveness") -> None:
    transitions.add(session, [Transition(unit_id, at, axis, None, new, "test", "test")], recorded_at=at)


def test_a_unit_counts_while_it_was_heard(one_unit: Database, now: datetime) -> None:
    follow(one_unit, now)
    found = kept(one_unit)
    assert sum(found.values()) == 89.5 * 86_400  # up to midnight, without the ten silent days
    covers = Counter[object]()
    for (_, _, _, cover), seconds in found.items():
        covers[cover] += seconds
    assert covers[WARRANTY] == 29.5 * 86_400  # from noon of the first day
    assert max(age for _, _, age, _ in found) == 3


def test_what_a_unit_says_of_its_silence_counts_when_it_is_heard_again(one_unit: Database, now: datetime) -> None:
    silent = to_ms(now) // 1000 - 50 * 86_400
    with one_unit.transaction() as session:
        for number in range(24):  # it worked for a day of the ten
            at = silent + (number + 1) * 3600
            body = json.dumps({"data": {"seconds": 3600, "from": at - 3600}})
            session.add(DurableMessage(unit_id=1, epoch=1, seq=number, about="hour", at=at, received_at=to_ms(now), body=body))
    for days in range(101, -1, -1):
        follow(one_unit, now - days * DAY)
    grown = kept(one_unit)
    assert sum(grown.values()) == 90.5 * 86_400
    with one_unit.transaction() as session:
        capacity_exposure.keep(session, capacity_exposure.everything(session, now))
    assert kept(one_unit) == grown


def test_a_retired_unit_counts_no_more_and_a_merged_one_not_at_all(one_unit: Database, now: datetime) -> None:
    with one_unit.transaction() as session:
        unit = session.get_one(fleet_history.Unit, 1)
        unit.lifecycle = Lifecycle.RETIRED
        say(session, 1, to_ms(now) - 80 * fleet_history.DAY, "retired", "lifecycle")
    follow(one_unit, now)
    assert sum(kept(one_unit).values()) == 20 * 86_400
    with one_unit.transaction() as session:
        other = unit_rows.unit(session, "SN2")
        session.get_one(fleet_history.Unit, 1).merged_into_id = other.id
        capacity_exposure.keep(session, capacity_exposure.everything(session, now))
    assert kept(one_unit) == {}


def test_an_unheard_unit_does_not_count(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        unit_rows.unit(session, "SN1", lifecycle=Lifecycle.DEPLOYED, installed_on=date(2025, 1, 1))
    follow(database, datetime(2026, 11, 1, tzinfo=UTC))
    assert kept(database) == {}
