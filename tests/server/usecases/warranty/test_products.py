"""What people say of products, and how their units follow."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from musterroll.domain.liveness import ReportingClass
from musterroll.domain.values.errors import DomainError
from musterroll.domain.warranty.periods import StartRule, WarrantyStart
from musterroll.storage.engine.database import Database
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.liveness import UnitStatus
from musterroll.storage.tables.warranty import WarrantyPeriod
from musterroll.usecases.undo import undo as undo_changes
from musterroll.usecases.warranty import periods as warranty_periods
from musterroll.usecases.warranty import products
from musterroll.usecases.warranty.products import ProductSettings
from sqlmodel import Session, col, select

from tests.support import records

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
ADMIN = "admin"


def follow(session: Session) -> None:
    while products.apply_pending(session, NOW):
        session.expire_all()


def ends(session: Session) -> list[date | None]:
    return list(session.exec(select(WarrantyPeriod.ends_on).order_by(col(WarrantyPeriod.id))))


def undo_last(session: Session) -> None:
    last = session.exec(select(AuditChange).order_by(col(AuditChange.id).desc())).first()
    assert last is not None
    undo_changes.undo(session, last.id or 0, ADMIN, NOW)


def test_units_follow_their_product_into_another_policy_and_back(database: Database) -> None:
    with database.transaction() as session:
        product = records.product(session)
        unit = records.unit(session, "SN1", product, installed_on=date(2026, 1, 1), shipped_on=date(2025, 6, 1), warranty_months=12)
        session.add(UnitStatus(unit_id=unit.id, interval=3600, late_after=3960, stale_after=11160))
        warranty_periods.apply_policies(session, [unit.id or 0], NOW)
        assert ends(session) == [date(2027, 1, 1)]
        products.save_policy(session, None, "Shelf", [StartRule(WarrantyStart.SHIPPED, 30)], 24, ADMIN, NOW)
        products.change_product(
            session, product.id or 0, ProductSettings(ReportingClass.SLEEPY, "Shelf", Decimal("120.50"), "EUR"), ADMIN, NOW
        )
        follow(session)
        assert ends(session) == [date(2026, 7, 1)]
        assert session.get_one(UnitStatus, unit.id).stale_after == 2 * 3600 + 360
        undo_last(session)
        follow(session)
        assert ends(session) == [date(2027, 1, 1)]
        assert session.get_one(UnitStatus, unit.id).stale_after == 11160
        session.refresh(product)
        assert (product.reporting, product.policy_id, product.list_price) == (ReportingClass.ALWAYS_ON, None, None)


def test_a_policy_put_in_another_order_moves_the_warranty_of_all_its_units(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "_BATCH", 2)
    with database.transaction() as session:
        rules = [StartRule(WarrantyStart.INSTALLED), StartRule(WarrantyStart.SHIPPED)]
        policy = products.save_policy(session, None, "Usual", rules, 12, ADMIN, NOW)
        product = records.product(session, policy_id=policy.id)
        units = [records.unit(session, f"SN{n}", product, installed_on=date(2026, 3, 1), shipped_on=date(2026, 1, 1)) for n in range(5)]
        warranty_periods.apply_policies(session, [unit.id or 0 for unit in units], NOW)
        products.save_policy(session, policy.id, "Usual", rules[::-1], 12, ADMIN, NOW)
        follow(session)
        assert ends(session) == [date(2027, 1, 1)] * 5


@pytest.mark.parametrize(
    ("name", "rules", "months", "says"),
    [
        ("", [StartRule(WarrantyStart.SHIPPED)], 12, "name"),
        ("P", [], 12, "at least one start date"),
        ("P", [StartRule(WarrantyStart.SHIPPED), StartRule(WarrantyStart.SHIPPED)], 12, "used only once"),
        ("P", [StartRule(WarrantyStart.INSTALLED, 30)], 12, "ship date only"),
        ("P", [StartRule(WarrantyStart.SHIPPED)], 0, "months"),
        ("Taken", [StartRule(WarrantyStart.SHIPPED)], 12, "already"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(sqlite_database: Database, name: str, rules: Any, months: int, says: str) -> None:
    with sqlite_database.transaction() as session:
        products.save_policy(session, None, "Taken", [StartRule(WarrantyStart.SHIPPED)], 12, ADMIN, NOW)
        with pytest.raises(DomainError, match=says):
            products.save_policy(session, None, name, rules, months, ADMIN, NOW)
