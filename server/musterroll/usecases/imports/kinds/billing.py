"""Billing lists: what billing says of contracts on the roll."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.contracts.terms import Payment
from musterroll.domain.values.errors import NotFound
from musterroll.readers import billing
from musterroll.readers.fields import Row
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.contracts import Contract, Invoice
from musterroll.usecases.imports.importer import Facts, Judged, Known, Plan, Taker


class Billing(Taker):
    kind = billing.KIND
    model = Invoice
    facts = billing.KIND.attributes()

    def key(self, row: Row) -> Any:
        return row.said["contract"]

    def find(self, rows: Sequence[Row]) -> dict[Any, dict[str, Any]]:
        self.numbers.learn(Contract, {row.said["contract"] for row in rows})
        of = {self.numbers.id(Contract, row.said["contract"]): row.said["contract"] for row in rows}
        found = import_rows.rows_by(self.session, Invoice, "contract_id", {one for one in of if one is not None})
        return {of[record["contract_id"]]: record for record in found}

    def row_id(self, record: Mapping[str, Any]) -> int:
        return int(record["contract_id"])

    def blank(self, row: Row) -> Facts:
        return {"payment": Payment.UNKNOWN, "invoiced_on": None, "subscription": ""}

    def judge(self, row: Row, known: Known | None) -> Judged:
        if self.numbers.id(Contract, row.said["contract"]) is None:
            raise NotFound(f"contract {row.said['contract']} is not registered; import the contracts first")
        return super().judge(row, known)

    def new_ids(self, plans: Sequence[Plan]) -> list[int]:
        return [self.numbers.id(Contract, plan.row.said["contract"]) or 0 for plan in plans]

    def fresh(self, plan: Plan, row_id: int) -> dict[str, Any]:
        return {"contract_id": row_id}
