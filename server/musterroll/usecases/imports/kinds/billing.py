"""Imports billing lists: the payment state of registered contracts."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.contracts.terms import Payment
from musterroll.domain.values.errors import NotFound
from musterroll.readers import billing
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.contracts import Contract, Invoice
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts


class BillingImporter(Importer):
    kind = billing.KIND
    model = Invoice
    facts = billing.KIND.attributes()

    def key(self, row: DocumentRow) -> Any:
        return row.values["contract"]

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        self.references.look_up(Contract, {row.values["contract"] for row in rows})
        refs = {self.references.id(Contract, row.values["contract"]): row.values["contract"] for row in rows}
        invoices = import_rows.rows_by(self.session, Invoice, "contract_id", {row_id for row_id in refs if row_id is not None})
        return {refs[invoice["contract_id"]]: invoice for invoice in invoices}

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        self.references.look_up_ids(Contract, {record["contract_id"] for record in records})
        return [{"contract": self.references.ref(Contract, record["contract_id"]), **self.facts_of(record)} for record in records]

    def row_id(self, record: Mapping[str, Any]) -> int:
        return int(record["contract_id"])

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {"payment": Payment.UNKNOWN, "invoiced_on": None, "subscription": ""}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        if self.references.id(Contract, row.values["contract"]) is None:
            raise NotFound(f"contract {row.values['contract']} is not registered; import the contracts first")
        return super().accept(row, known)

    def reserve_ids(self, writes: Sequence[PlannedWrite]) -> list[int]:
        return [self.references.id(Contract, planned.row.values["contract"]) or 0 for planned in writes]

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        return {"contract_id": row_id}
