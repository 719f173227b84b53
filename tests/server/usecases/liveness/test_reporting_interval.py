"""The interval set for products and units: who is told, when, how often, and what it means for silence. On both databases."""

from datetime import datetime
from typing import Any

import pytest
from musterroll.domain.liveness import ReportingClass, windows
from musterroll.domain.values.errors import DomainError
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.liveness import IntervalOrder
from musterroll.usecases.liveness import reporting_interval
from musterroll.usecases.messages import receive
from musterroll.usecases.messages.receive import Batch
from musterroll.usecases.undo import undo
from musterroll.usecases.units import interval as unit_interval
from musterroll.usecases.units.look_up import unit_card
from musterroll.usecases.warranty import products
from sqlmodel import col, select

from tests.support.reporting import Reporter, enrol, voice


def report(database: Database, now: datetime, *messages: tuple[Reporter, Any]) -> dict[str, int]:
    """Receive messages as ingest does. Returns the seconds told, by uid."""
    with database.transaction() as session:
        outcome = receive.receive(session, Batch([reporter.arrival(message) for reporter, message in messages]), now)
        commands = reporting_interval.commands(session, {reporter.id for reporter, _ in messages}, outcome.restarted)
    return {uid: command.data["seconds"] for uid, command in commands if command.name == "interval"}


def set_unit(database: Database, reporter: Reporter, seconds: int | None, now: datetime) -> int:
    with database.transaction() as session:
        return unit_interval.set_interval(session, reporter.uid, seconds, actor="ann", now=now).id or 0


def set_product(database: Database, now: datetime, **values: Any) -> int:
    with database.transaction() as session:
        product = session.exec(select(Product)).one()
        products.change_product(session, product.id or 0, products.settings_of(session, product.id or 0)._replace(**values), "ann", now)
        change = session.exec(select(AuditChange.id).order_by(col(AuditChange.id).desc())).first()
    follow(database, now)
    return change or 0


def follow(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        while products.apply_pending(session, now):
            pass


def orders(database: Database) -> int:
    with database.snapshot() as session:
        return len(session.exec(select(IntervalOrder)).all())


def test_a_unit_that_reports_is_told_until_it_shows_the_interval(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, now, (unit, unit.birth()))
    set_unit(database, unit, 3600, now)
    assert [report(database, now, (unit, unit.heartbeat(beat=beat))) for beat in (1, 2)] == [{unit.uid: 3600}] * 2
    assert report(database, now, (unit, unit.birth(seq=2, interval=3600))) == {}
    assert orders(database) == 0
    assert report(database, now, (unit, unit.heartbeat(beat=3))) == {}
    with database.snapshot() as session:
        card = unit_card(session, unit.uid, now)
    assert (card.interval, card.interval_set) == (3600, 3600)


def test_a_device_that_does_not_follow_is_not_told_for_ever_but_at_each_start(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, now, (unit, unit.birth()))
    set_unit(database, unit, 3600, now)
    told = [report(database, now, (unit, unit.heartbeat(beat=beat))) for beat in range(1, 10)]
    assert told == [{unit.uid: 3600}] * 5 + [{}] * 4
    assert orders(database) == 0
    assert report(database, now, (unit, unit.birth(epoch=2))) == {unit.uid: 3600}


def test_units_of_a_product_are_told_as_they_report_and_their_own_interval_comes_first(database: Database, now: datetime) -> None:
    first, second, third = enrol(database, 3)
    report(database, now, (first, first.birth()), (second, second.birth()))
    set_unit(database, second, 300, now)
    set_product(database, now, interval=600)
    beats = [(unit, unit.heartbeat()) for unit in (first, second)]
    assert report(database, now, *beats) == {first.uid: 600, second.uid: 300}
    assert report(database, now, (third, third.birth())) == {third.uid: 600}


def test_what_already_reports_so_is_told_nothing(database: Database, now: datetime) -> None:
    first, second = enrol(database, 2)
    report(database, now, (first, first.birth(interval=600)), (second, second.birth()))
    set_product(database, now, interval=600)
    assert orders(database) == 1
    assert report(database, now, (first, first.heartbeat())) == {}


def test_undoing_gives_the_unit_the_interval_of_its_product_back(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    set_product(database, now, interval=60)
    report(database, now, (unit, unit.birth()))
    change = set_unit(database, unit, 3600, now)
    report(database, now, (unit, unit.birth(seq=2, interval=3600)))
    with database.transaction() as session:
        undo.undo(session, change, "ann", now)
    assert report(database, now, (unit, unit.heartbeat())) == {unit.uid: 60}


def test_undoing_a_products_interval_undoes_the_orders(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    report(database, now, (unit, unit.birth()))
    change = set_product(database, now, interval=3600)
    with database.transaction() as session:
        undo.undo(session, change, "ann", now)
    follow(database, now)
    assert orders(database) == 0
    assert report(database, now, (unit, unit.heartbeat())) == {}


@pytest.mark.parametrize("seconds", [0, 4, 86_401, -5])
def test_an_interval_no_device_takes_is_refused(database: Database, now: datetime, seconds: int) -> None:
    (unit,) = enrol(database)
    with pytest.raises(DomainError, match="from 5 seconds to one day"):
        set_unit(database, unit, seconds, now)
    with pytest.raises(DomainError, match="from 5 seconds to one day"):
        set_product(database, now, interval=seconds)


@pytest.mark.parametrize("reporting", [ReportingClass.SLEEPY, ReportingClass.SCHEDULED, ReportingClass.DAYLIGHT])
def test_a_device_woken_once_a_day_is_expected_once_a_day_whatever_it_says(
    database: Database, now: datetime, reporting: ReportingClass
) -> None:
    (unit,) = enrol(database)
    report(database, now, (unit, unit.birth(interval=60)))
    set_product(database, now, reporting=reporting, interval=86_400)
    assert voice(database, unit).stale_after == windows(reporting, 86_400).stale
    report(database, now, (unit, unit.birth(epoch=2, interval=60)))
    status = voice(database, unit)
    assert (status.interval, status.stale_after) == (60, windows(reporting, 86_400).stale)


def test_the_night_of_a_daylight_device_says_nothing(database: Database, now: datetime) -> None:
    (unit,) = enrol(database)
    set_product(database, now, reporting=ReportingClass.DAYLIGHT)
    report(database, now, (unit, unit.birth(interval=600)))
    late, stale = voice(database, unit).late_after, voice(database, unit).stale_after
    assert (late, stale) == (16 * 3600 + 600, 16 * 3600 + 1800)
