"""What a run of what changed reads: the rivals for seats that are scarce, and nobody else."""

from datetime import date

import pytest
from musterroll.domain.contracts.terms import LineScope
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.domain.values.instants import to_ms
from musterroll.storage.engine.database import Database
from musterroll.storage.reconciliation import run as run_statements
from musterroll.storage.reconciliation import unit_states
from musterroll.storage.tables.accounts import Account, Product
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.units import Unit
from musterroll.usecases.reconciliation import run as reconciliation_run
from sqlmodel import Session

from tests.support.random_records import DAY, NOW

UNITS = 8


@pytest.mark.parametrize(
    ("quantities", "reached"),
    [
        pytest.param((UNITS + 5,), 1, id="seats to spare"),
        pytest.param((UNITS + 1,), 1, id="one seat to spare"),
        pytest.param((UNITS,), UNITS, id="no seat to spare"),
        pytest.param((3,), UNITS, id="too few"),
        pytest.param((UNITS + 1, 3), UNITS, id="two lines, filled in the order of the units"),
    ],
)
def test_units_with_seats_to_spare_are_left_where_they_are(database: Database, quantities: tuple[int, ...], reached: int) -> None:
    with database.transaction() as session:
        changed = _fleet(session, quantities)
        before = reconciliation_run.reconcile(session, NOW, NOW, store=True)
        changed.lifecycle = Lifecycle.RETURNED
        session.flush()
        judged = unit_states.judged(session, to_ms(NOW), to_ms(NOW))
        columns = run_statements.of_changed(session, DAY, judged, [changed.id or 0])
        assert columns.rows("SELECT count(*) FROM run_touched") == [(reached,)]
        reconciliation_run.reconcile_changed(session, [changed.id or 0], NOW)
        whole = reconciliation_run.reconcile(session, NOW, NOW, store=True)
    assert whole.stored == (0, 0, 0)
    assert whole.cells != before.cells


def _fleet(session: Session, quantities: tuple[int, ...]) -> Unit:
    """Units of one account, with a line each of so many; one of the units."""
    account = Account(ref="A", name="A", created_at=NOW)
    keys = {"maker_key": "m", "model_key": "p", "family_key": "p"}
    product = Product(maker="M", model="P", family="P", created_at=NOW, **keys)
    session.add_all([account, product])
    session.flush()
    contract = Contract(ref="C", account_id=account.id, state="active", starts_on=date(2026, 1, 1), currency="EUR", created_at=NOW)
    serials = [f"SN{number}" for number in range(UNITS)]
    units = [
        Unit(
            **{"uid": serial, "serial": serial, "serial_key": serial, "twin_key": serial, "product_id": product.id, "maker_key": "m"},
            **{"family_key": "p", "created_at": NOW, "lifecycle": "deployed", "account_id": account.id},
        )
        for serial in serials
    ]
    session.add_all([contract, *units])
    session.flush()
    of = {"contract_id": contract.id, "scope": LineScope.ACCOUNT, "place_id": account.id, "product_id": product.id}
    session.add_all(ContractLine(number=str(number), quantity=quantity, **of) for number, quantity in enumerate(quantities))
    session.flush()
    return units[0]
