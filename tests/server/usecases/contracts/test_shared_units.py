"""A silent unit on two contracts is a risk to the renewal of both, and counted once in totals."""

from datetime import date, datetime
from decimal import Decimal

from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.money import Money
from musterroll.storage.engine.database import Database
from musterroll.usecases.contracts.contract_card import contract_card
from musterroll.usecases.installed_base import renewals
from musterroll.usecases.reconciliation import run as reconciliation

from tests.support import records


def euros(amount: int) -> tuple[Money, ...]:
    return (Money(Decimal(amount), "EUR"),)


def test_the_risk_is_on_both_and_in_totals_once(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        owner, product = records.account(session, "A1"), records.product(session)
        for serial in ("SILENT1", "SILENT2"):
            records.unit(session, serial, product, account_id=owner.id, lifecycle=Lifecycle.DEPLOYED)
        for number, (ref, serials) in enumerate((("C1", ["SILENT1", "SILENT2"]), ("C2", ["SILENT1"]), ("C3", ["SILENT1"])), 1):
            ended = {"starts_on": date(2025, 1, 1), "ends_on": date(2026, 1, 1)} if ref == "C3" else {}
            of = records.contract(session, ref, owner, **ended)
            for serial in serials:
                records.line(session, of, serial, serial, price=Decimal(100 * number))
            records.line(session, of, "more", scope="account", place_id=owner.id, product_id=product.id, quantity=5)
    with database.transaction() as session:
        reconciliation.reconcile(session, now.date(), now, store=True)
    with database.snapshot() as session:
        due = {row.ref: row for row in renewals.due_contracts(session, now).value.due}
        card = contract_card(session, "C1", 0, 10, now)
    assert {ref: (row.silent, row.risk, len(row.shared)) for ref, row in due.items()} == {
        "C1": (2, euros(200), 1),
        "C2": (1, euros(200), 1),
    }
    assert renewals.total(due.values()).risk == euros(300)  # the main line of SILENT1, and SILENT2
    assert renewals.total([due["C1"]]).risk == euros(200)
    assert renewals.total(due.values())[-2:] == (13, 10)
    assert card.risk is not None
    assert [unit.main for unit in card.risk.shared] == [False]
