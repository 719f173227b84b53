"""When the roll is reconciled: at an instant of the past, on a day to come, and by itself as things happen."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.liveness.last_seen import HeartbeatRow
from musterroll.storage.reconciliation import cell_counters
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.installed_base import as_of as base_as_of
from musterroll.usecases.liveness import heartbeats, stale_sweep
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlalchemy import update
from sqlmodel import Session

from tests.support import documents, unit_rows
from tests.support.random_records import NOW

LATER = NOW + timedelta(days=21)
SOON = NOW + timedelta(days=6)  # a list still counts
UNITS = (
    "Serial Number,Manufacturer,Model,Install Date,Status\n"
    "SN1,Acme,Pump,,Installed\nSN2,Acme,Pump,2026-05-01,Installed\nSN3,Acme,Pump,2026-11-10,Installed\nSN4,Acme,Pump,,In Stock\n"
)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One deployed unit with a line until the end of the year, last heard half a minute before NOW by another platform."""
    with database.transaction() as session:
        unit_rows.unit(session, "SN1", lifecycle="deployed", status={"beat": -1, "heard_at": to_ms(NOW) - 30_000, "first_heard_at": 1})
        contract = Contract(
            ref="C1", currency="EUR", state=ContractState.ACTIVE, starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1), created_at=NOW
        )
        session.add(contract)
        session.flush()
        session.add(ContractLine(contract_id=contract.id, number="1", scope=LineScope.SERIAL, serial="SN1", serial_key="SN1"))
        session.flush()
        yield session


def cell(session: Session, on: date | datetime, now: datetime = LATER) -> str:
    (found,) = (code for code, units in reconciliation_run.reconcile(session, on, now, store=False).cells.items() if units)
    return found


def test_what_another_platform_told_stands_until_it_tells_more(session: Session) -> None:
    assert [cell(session, NOW), cell(session, NOW + timedelta(seconds=156)), cell(session, SOON)] == ["111", "111", "111"]
    assert cell(session, LATER) == "110"  # unknown: the list is too old


def test_that_the_registry_listens_since_changes_nothing_of_the_past(session: Session) -> None:
    unit_rows.listening(session, to_ms(LATER) - 3_600_000, to_ms(LATER))
    session.flush()
    stale_sweep.sweep(session, LATER)
    assert [cell(session, NOW), cell(session, SOON)] == ["111", "111"]


def test_paper_is_judged_by_the_day(session: Session) -> None:
    assert [cell(session, date(2026, 12, 31)), cell(session, date(2027, 1, 1))] == ["110", "010"]


def test_the_lifecycle_is_that_of_the_instant(session: Session) -> None:
    unit = unit_rows.unit(session, "SN2", lifecycle="retired")
    transitions.add(session, [NewStateChange(unit.id or 0, to_ms(NOW) + 1000, "lifecycle", "deployed", "retired", "moved", "ann")])
    session.flush()
    before, after = (reconciliation_run.reconcile(session, on, LATER, store=False).cells for on in (NOW, LATER))
    assert (before["010"], after["000"]) == (1, 1)


def test_a_dry_run_keeps_nothing(session: Session) -> None:
    reconciliation_run.reconcile(session, NOW, LATER, store=False)
    assert cell_counters.last_run(session) is None
    assert sum(cell_counters.counts(session).values()) == 0


def test_a_tick_does_all_at_first_then_what_happened_then_nothing(session: Session) -> None:
    session.execute(update(UnitStatus).values(beat=0))  # its own word, not another platform's
    unit_rows.listening(session, 0, to_ms(NOW) + 600_000)
    first = reconciliation_run.tick(session, NOW)
    assert first is not None
    assert first.whole
    assert reconciliation_run.tick(session, NOW) is None
    stale_sweep.sweep(session, NOW + timedelta(minutes=5))
    then = reconciliation_run.tick(session, NOW + timedelta(minutes=5))
    assert then is not None
    assert (then.whole, then.units, then.merged.new) == (False, 1, 1)
    assert cell_counters.counts(session)["110"] == 1


def test_a_new_day_is_a_whole_run(session: Session) -> None:
    reconciliation_run.tick(session, NOW)
    tomorrow = reconciliation_run.tick(session, datetime(2026, 11, 2, 0, 0, 1, tzinfo=UTC))
    assert tomorrow is not None
    assert tomorrow.whole


def test_a_unit_heard_for_the_first_time_is_looked_at(session: Session) -> None:
    reconciliation_run.tick(session, NOW)
    unit = unit_rows.unit(session, "SN4", status={})
    heartbeats.record_heartbeats(session, [HeartbeatRow(unit.id or 0, 1, 0, 0, 1, 1, {})], NOW)
    done = reconciliation_run.tick(session, NOW)
    assert done is not None
    assert (done.whole, done.units) == (False, 1)
    assert cell_counters.counts(session)["001"] == 1


@pytest.mark.parametrize("known", [LATER, LATER + timedelta(days=30)])
def test_a_unit_list_counts_alike_in_the_reconciliation_and_in_the_installed_base_of_a_day(database: Database, known: datetime) -> None:
    """Imported long after: without a day a status holds of the time before too, with one it holds from that day on."""
    documents.take(database, LATER, "units", UNITS)
    with database.snapshot() as session:
        for on, deployed in ((date(2026, 4, 30), 1), (date(2026, 5, 1), 2), (date(2026, 11, 9), 2), (date(2026, 11, 10), 3)):
            cells = reconciliation_run.reconcile(session, on, known, store=False).cells
            assert sum(units for code, units in cells.items() if code[1] == "1") == deployed
            assert base_as_of.base(session, known, on=on).all.deployed == deployed
