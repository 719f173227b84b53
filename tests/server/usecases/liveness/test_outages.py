"""Outages, from the sweep that finds them to the return of their units, on both databases."""

from datetime import datetime, timedelta

import pytest
from musterroll.domain.liveness.outages import GroupKind
from musterroll.domain.notifications.events import EventKind, with_outages
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness import outages as stored_outages
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.liveness import Outage, Silence, UnitStatus
from musterroll.storage.tables.notifications import EventRow
from musterroll.storage.tables.operations import RegistryState
from musterroll.storage.tables.units import Unit
from musterroll.usecases.liveness import outages, stale_sweep
from musterroll.usecases.messages.receive import Batch, receive
from sqlmodel import select

from tests.support.reporting import Reporter, enrol

SITE_OF = {"Depot": "Acme", "Harbour": "Acme", "Mill": "Brick"}


def fleet(database: Database, now: datetime, *sites: str, firmware: str = "1.0") -> list[Reporter]:
    """One unit at each of these sites, by its name, heard a moment ago."""
    units = enrol(database, len(sites))
    with database.transaction() as session:
        registry = session.get_one(RegistryState, 1)
        registry.since, registry.until = to_ms(now - timedelta(days=9)), to_ms(now + timedelta(days=1))
        for name in sorted({SITE_OF[site] for site in sites}):
            session.add(Account(ref=name, name=name, created_at=now))
        session.flush()
        accounts = {account.name: account.id for account in session.exec(select(Account))}
        session.add_all([Site(ref=site, name=site, account_id=accounts[SITE_OF[site]], created_at=now) for site in sorted(set(sites))])
        session.flush()
        at = {site.name: site for site in session.exec(select(Site))}
        for unit, site in zip(units, sites, strict=True):
            row = session.get_one(Unit, unit.id)
            row.lifecycle, row.site_id, row.account_id, row.firmware = Lifecycle.DEPLOYED, at[site].id, at[site].account_id, firmware
            status = session.get_one(UnitStatus, unit.id)
            status.heard_at = status.first_heard_at = to_ms(now) - 1000 * (unit.id % 50)
            status.beat = 0
    return units


def beat(database: Database, units: list[Reporter], at: datetime) -> None:
    with database.transaction() as session:
        receive(session, Batch([unit.arrival(unit.heartbeat(beat=to_ms(at))) for unit in units]), at)


def sweep(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        if stale_sweep.any_due(session, now):
            stale_sweep.sweep(session, now)


def pass_time(database: Database, alive: list[Reporter], since: datetime, seconds: int) -> datetime:
    """Sweep every second, while these units report twice a minute."""
    for second in range(1, seconds + 1):
        if second % 30 == 1:
            beat(database, alive, since + timedelta(seconds=second))
        sweep(database, since + timedelta(seconds=second))
    return since + timedelta(seconds=seconds)


def open_outages(database: Database) -> list[Outage]:
    with database.snapshot() as session:
        return stored_outages.open_outages(session)


def events(database: Database) -> list[tuple[EventKind, int]]:
    with database.snapshot() as session:
        return [(event.kind, event.units) for event in session.exec(select(EventRow).order_by(EventRow.id))]  # type: ignore[arg-type]


def test_units_of_a_site_that_fall_silent_together_are_one_outage_closed_when_they_return(database: Database, now: datetime) -> None:
    units = fleet(database, now, *["Depot"] * 6, *["Mill"] * 6)
    dark, lit = units[:5], units[5:]
    later = pass_time(database, lit, now, 190)
    (outage,) = open_outages(database)
    assert (outage.kind, outage.name, outage.silent, outage.units) == (GroupKind.SITE, "Depot", 5, 6)
    assert outage.since == to_ms(now) - 1000
    assert events(database) == [(EventKind.OUTAGE_OPENED, 5)]
    beat(database, dark[:4], later)
    sweep(database, later)
    assert open_outages(database)[0].returned == 4
    beat(database, dark[4:], later + timedelta(seconds=9))
    sweep(database, later + timedelta(seconds=10))
    assert open_outages(database) == []
    assert events(database) == [(EventKind.OUTAGE_OPENED, 5), (EventKind.OUTAGE_CLOSED, 5)]
    with database.snapshot() as session:
        (closed,) = session.exec(select(Outage)).all()
        details = session.exec(select(EventRow.detail).order_by(EventRow.id)).all()  # type: ignore[arg-type]
    assert closed.closed_at == to_ms(later + timedelta(seconds=9))
    assert details == ["5 of 6 units of site Depot", "5 of 6 units of site Depot after 3 min, 5 returned"]


def test_single_units_that_fall_silent_are_no_outage(database: Database, now: datetime) -> None:
    units = fleet(database, now, *["Depot"] * 6)
    pass_time(database, units[2:], now, 190)
    assert (open_outages(database), [kind for kind, _ in events(database)]) == ([], [EventKind.STALE] * 2)


def test_several_sites_of_an_account_are_one_outage_of_the_account(database: Database, now: datetime) -> None:
    units = fleet(database, now, *["Depot"] * 4, *["Harbour"] * 4, *["Mill"] * 4)
    pass_time(database, units[8:], now, 190)
    assert [(outage.kind, outage.name, outage.silent) for outage in open_outages(database)] == [(GroupKind.ACCOUNT, "Acme", 8)]
    assert EventKind.STALE not in [kind for kind, _ in events(database)]


def test_a_firmware_that_falls_silent_at_every_site_is_the_cause(database: Database, now: datetime) -> None:
    units = fleet(database, now, *["Depot", "Harbour", "Mill"] * 10)
    bad = units[:12]
    with database.transaction() as session:
        for unit in bad:
            session.get_one(Unit, unit.id).firmware = "2.0-beta"
    pass_time(database, units[12:], now, 190)
    outages_ = open_outages(database)
    assert [(outage.kind, outage.name, outage.silent, outage.units) for outage in outages_] == [(GroupKind.FIRMWARE, "2.0-beta", 12, 12)]


def test_units_that_stay_silent_when_the_outage_is_over_are_told_of(database: Database, now: datetime) -> None:
    units = fleet(database, now, *["Depot"] * 12)
    later = pass_time(database, [], now, 190)
    assert [outage.silent for outage in open_outages(database)] == [12]
    beat(database, units[:11], later)
    sweep(database, later + timedelta(seconds=1))
    assert events(database) == [(EventKind.OUTAGE_OPENED, 12), (EventKind.OUTAGE_CLOSED, 12), (EventKind.STALE, 1)]


def test_an_office_that_is_switched_off_is_no_outage_beside_one_unit_that_dies(database: Database, now: datetime) -> None:
    units = fleet(database, now, *["Depot"] * 8)
    with database.transaction() as session:
        for unit in units[1:]:
            session.get_one(UnitStatus, unit.id).usual_after = session.get_one(UnitStatus, unit.id).stale_after = 90_000
    pass_time(database, [], now, 190)
    assert (open_outages(database), events(database)) == ([], [(EventKind.STALE, 1)])


def test_silences_of_no_outage_are_forgotten_and_outages_are_kept(database: Database, now: datetime) -> None:
    units = fleet(database, now, *["Depot"] * 4, "Mill")
    pass_time(database, [], now, 190)
    with database.transaction() as session:
        outages.forget(session, now + timedelta(days=8))
        assert len(session.exec(select(Silence)).all()) == 4
        assert stored_outages.of_unit(session, units[0].id) is not None
        assert stored_outages.of_unit(session, units[4].id) is None


@pytest.mark.parametrize("kind", [EventKind.STALE, EventKind.REVIVED])
def test_who_asks_for_single_units_gets_outages_too(kind: EventKind) -> None:
    assert with_outages([kind])[1:] == [EventKind.OUTAGE_OPENED if kind is EventKind.STALE else EventKind.OUTAGE_CLOSED]
    assert with_outages([EventKind.QUIET]) == [EventKind.QUIET]
