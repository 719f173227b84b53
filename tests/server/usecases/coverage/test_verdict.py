"""The verdict a technician gets: by serial or unit id, in the site's calendar, and with the seats that a whole run would give."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest
from musterroll.domain.contracts.terms import ContractState, LineScope
from musterroll.domain.coverage.verdict import CoverageAnswer, CoverageVerdict
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.domain.values.instants import to_ms
from musterroll.storage import reconcile_queue
from musterroll.storage.coverage import unit_facts
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.accounts import Product, Site
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPolicy
from musterroll.usecases.coverage.verdict import coverage
from musterroll.usecases.reconciliation import run as reconciliation_run
from musterroll.usecases.warranty import periods as warranty_periods
from sqlmodel import Session, col, select, update

from tests.support import random_records, unit_rows
from tests.support.random_records import NOW

DAY = NOW.date()


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.transaction() as session:
        unit_rows.listening(session, 0, to_ms(NOW))
        yield session


def quantity(session: Session, seats: int, place: int, product: int) -> None:
    contract = Contract(
        ref="C1", currency="EUR", state=ContractState.ACTIVE, starts_on=date(2026, 1, 1), ends_on=date(2027, 1, 1), created_at=NOW
    )
    session.add(contract)
    session.flush()
    of = {"contract_id": contract.id, "place_id": place, "product_id": product, "quantity": seats}
    session.add(ContractLine(number="1", scope=LineScope.SITE, price=Decimal(9), **of))
    session.flush()


def test_a_warranty_is_found_by_serial_as_written_and_by_unit_id(session: Session) -> None:
    unit = unit_rows.unit(session, "SN 1-a", installed_on=date(2026, 1, 31), warranty_months=12)
    warranty_periods.apply_policies(session, [unit.id or 0], NOW)
    by_serial, by_uid = coverage(session, "sn1-A", DAY, NOW), coverage(session, unit.uid, DAY, NOW)
    assert by_serial == by_uid
    assert (by_serial.answer, by_serial.last_covered_day) == (CoverageAnswer.WARRANTY, date(2027, 1, 30))


def test_what_is_not_on_record_is_said_not_guessed(session: Session) -> None:
    unit_rows.unit(session, "SN1")
    found = coverage(session, "SN1", DAY, NOW)
    assert found.answer is CoverageAnswer.UNKNOWN
    assert "contract coverage unknown: its account is not on record" in found.missing


def test_without_a_day_it_is_today_at_the_site(session: Session) -> None:
    _, site = unit_rows.place(session, "A1", "S1")
    session.get_one(Site, site).zone = "Pacific/Auckland"
    unit_rows.unit(session, "SN1", site_id=site)
    late = datetime(2026, 11, 1, 20, tzinfo=UTC)
    assert coverage(session, "SN1", None, late).on == date(2026, 11, 2)


def test_the_seat_of_a_quantity_goes_to_the_unit_the_whole_run_gives_it_to(session: Session) -> None:
    account, site = unit_rows.place(session, "A1", "S1")
    of = {"account_id": account, "site_id": site, "lifecycle": "deployed"}
    late = unit_rows.unit(session, "SN1", status={"heard_at": to_ms(NOW)}, installed_on=date(2026, 2, 1), **of)
    unit_rows.unit(session, "SN2", status={"heard_at": to_ms(NOW)}, installed_on=date(2026, 1, 1), **of)
    quantity(session, 1, site, late.product_id)
    assert [coverage(session, serial, DAY, NOW).answer for serial in ("SN1", "SN2")] == [CoverageAnswer.UNKNOWN, CoverageAnswer.CONTRACT]


def test_a_seat_remembered_is_asked_for_anew_when_the_unit_changed(session: Session) -> None:
    account, site = unit_rows.place(session, "A1", "S1")
    unit = unit_rows.unit(session, "SN1", account_id=account, site_id=site, lifecycle="deployed")
    quantity(session, 1, site, unit.product_id)
    reconciliation_run.reconcile(session, NOW, NOW, store=True)
    assert coverage(session, "SN1", DAY, NOW).answer is CoverageAnswer.CONTRACT
    unit.lifecycle = Lifecycle.STOCK
    reconcile_queue.mark(session, [unit.id or 0])
    assert coverage(session, "SN1", DAY, NOW).answer is not CoverageAnswer.CONTRACT


def test_a_seat_is_remembered_while_only_others_changed(session: Session) -> None:
    account, site = unit_rows.place(session, "A1", "S1")
    of = {"account_id": account, "site_id": site, "lifecycle": "deployed"}
    unit, other = (unit_rows.unit(session, serial, **of) for serial in ("SN1", "SN2"))
    quantity(session, 1, site, unit.product_id)
    reconciliation_run.reconcile(session, NOW, NOW, store=True)
    reconcile_queue.mark(session, [other.id or 0])
    kept = [unit_facts.last_seat(row, DAY) for one in (unit, other) if (row := unit_facts.by_uid(session, one.uid))]
    line = session.exec(select(ContractLine.id)).one()
    assert kept == [line, None]


def test_a_serial_two_makers_share_must_be_told_apart(session: Session) -> None:
    uids = [unit_rows.unit(session, "SN1", maker=maker).uid for maker in ("Acme", "Bolt")]
    with pytest.raises(Conflict, match="2 units have the serial SN1") as error:
        coverage(session, "SN1", DAY, NOW)
    assert all(uid in str(error.value) for uid in uids)


def test_nothing_on_the_roll_is_said_so(session: Session) -> None:
    with pytest.raises(NotFound, match="'SN9'"):
        coverage(session, "SN9", DAY, NOW)


def test_a_policy_of_the_product_decides_where_a_warranty_starts(session: Session) -> None:
    policy = WarrantyPolicy(name="Shelf", rules=[{"start": "shipped", "shelf_days": 90}], months=24)
    session.add(policy)
    session.flush()
    unit = unit_rows.unit(session, "SN1", shipped_on=date(2026, 1, 1), installed_on=date(2026, 1, 20))
    session.exec(select(Product)).one().policy_id = policy.id
    session.flush()
    warranty_periods.apply_policies(session, [unit.id or 0], NOW)
    assert coverage(session, "SN1", DAY, NOW).last_covered_day == date(2028, 3, 31)


@pytest.mark.parametrize("seed", [1, 5])
def test_a_verdict_is_the_same_for_whoever_may_ask(database: Database, seed: int) -> None:
    with database.transaction() as session:
        random_records.fill(session, Random(seed), 8)
        reconciliation_run.reconcile(session, NOW, NOW, store=True)
    assert _for_all(database) == _for_the_account(database)
    with database.transaction() as session:
        session.execute(update(ContractLine).values(quantity=1))
        reconcile_queue.mark_all(session)
    assert _for_all(database) == _for_the_account(database)


def _for_all(database: Database) -> dict[str, CoverageVerdict]:
    with database.read_only() as session:
        return {uid: coverage(session, uid, DAY, NOW) for uid, _ in _placed(session)}


def _for_the_account(database: Database) -> dict[str, CoverageVerdict]:
    with database.read_only() as session:
        placed = _placed(session)
    found = {}
    for uid, account in placed:
        with database.read_only([account]) as session:
            found[uid] = coverage(session, uid, DAY, NOW)
    return found


def _placed(session: Session) -> list[tuple[str, int]]:
    units = select(col(Unit.uid), col(Unit.account_id)).where(col(Unit.account_id).is_not(None), col(Unit.merged_into_id).is_(None))
    return [(uid, account) for uid, account in session.exec(units)]
