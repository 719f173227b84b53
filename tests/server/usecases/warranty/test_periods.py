"""Warranty periods follow from a unit's dates; people extend, repair and void them, and each act can be undone."""

from collections.abc import Iterator
from datetime import date

import pytest
from musterroll.domain.values.errors import Conflict
from musterroll.domain.warranty.periods import PeriodKind
from musterroll.storage import reconcile_queue
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.usecases.undo import undo as undo_changes
from musterroll.usecases.warranty import periods as warranty_periods
from musterroll.usecases.warranty.periods import PeriodChanges
from sqlmodel import Session, col, select

from tests.support import unit_rows
from tests.support.random_records import NOW


@pytest.fixture
def unit(database: Database) -> Iterator[tuple[Session, Unit]]:
    with database.transaction() as session:
        yield session, unit_rows.unit(session, "SN1", installed_on=date(2026, 1, 31), warranty_months=12)


def settle(session: Session, unit: Unit) -> PeriodChanges:
    return warranty_periods.apply_policies(session, [unit.id or 0], NOW)


def period(session: Session, kind: PeriodKind = PeriodKind.STANDARD) -> WarrantyPeriod:
    return session.exec(select(WarrantyPeriod).where(WarrantyPeriod.kind == kind).execution_options(populate_existing=True)).one()


def test_settling_follows_the_dates_and_settling_twice_changes_nothing(unit: tuple[Session, Unit]) -> None:
    session, one = unit
    assert [settle(session, one), settle(session, one)] == [PeriodChanges(1, 0, 0), PeriodChanges(0, 0, 0)]
    one.installed_on = date(2026, 2, 1)
    assert settle(session, one) == PeriodChanges(0, 1, 0)
    assert (period(session).starts_on, period(session).ends_on) == (date(2026, 2, 1), date(2027, 2, 1))
    one.installed_on = None
    assert settle(session, one) == PeriodChanges(0, 0, 1)


def test_a_void_standard_warranty_is_never_settled_again(unit: tuple[Session, Unit]) -> None:
    session, one = unit
    settle(session, one)
    warranty_periods.void(session, period(session).id or 0, date(2026, 6, 1), "opened", "ann", NOW)
    one.installed_on = date(2026, 3, 1)
    assert settle(session, one) == PeriodChanges(0, 0, 0)
    assert (period(session).voided_on, period(session).void_reason) == (date(2026, 6, 1), "opened")


def test_voiding_twice_or_without_a_reason_is_refused(unit: tuple[Session, Unit]) -> None:
    session, one = unit
    settle(session, one)
    number = period(session).id or 0
    with pytest.raises(Conflict, match="enter a reason"):
        warranty_periods.void(session, number, date(2026, 6, 1), " ", "ann", NOW)
    warranty_periods.void(session, number, date(2026, 6, 1), "opened", "ann", NOW)
    with pytest.raises(Conflict, match="already voided on 1 June 2026"):
        warranty_periods.void(session, number, date(2026, 7, 1), "again", "ann", NOW)


def test_an_extension_begins_where_the_cover_ends_and_is_undone(unit: tuple[Session, Unit]) -> None:
    session, one = unit
    settle(session, one)
    found = warranty_periods.extend(session, one.uid, 12, "order 7", "ann", NOW)
    assert (found.span.starts_on, found.span.ends_on) == (date(2027, 1, 31), date(2028, 1, 31))
    undo_changes.undo(session, session.exec(select(AuditChange.id)).one() or 0, "ann", NOW)
    assert [row.kind for row in session.exec(select(WarrantyPeriod))] == [PeriodKind.STANDARD]


def test_a_voiding_is_undone(unit: tuple[Session, Unit]) -> None:
    session, one = unit
    settle(session, one)
    warranty_periods.void(session, period(session).id or 0, date(2026, 6, 1), "opened", "ann", NOW)
    undo_changes.undo(session, session.exec(select(AuditChange.id)).one() or 0, "ann", NOW)
    assert (period(session).voided_on, period(session).void_reason) == (None, "")


def test_only_the_unit_is_reconciled_again_that_an_act_on_warranty_is_about(unit: tuple[Session, Unit]) -> None:
    session, one = unit
    unit_rows.unit(session, "SN2")
    settle(session, one)
    noted = [reconcile_queue.take(session)]
    warranty_periods.extend(session, one.uid, 12, "order 7", "ann", NOW)
    noted.append(reconcile_queue.take(session))
    undo_changes.undo(session, session.exec(select(AuditChange.id)).one() or 0, "ann", NOW)
    noted.append(reconcile_queue.take(session))
    warranty_periods.void(session, period(session).id or 0, date(2026, 6, 1), "opened", "ann", NOW)
    noted.append(reconcile_queue.take(session))
    undo_changes.undo(session, session.exec(select(AuditChange.id).order_by(col(AuditChange.id).desc()).limit(1)).one() or 0, "ann", NOW)
    noted.append(reconcile_queue.take(session))
    assert noted == [{one.id}] * 5
