"""Imports limits of registered contract lines."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.values.errors import NotFound
from musterroll.readers import limits
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contracts import Contract, ContractLine
from musterroll.storage.tables.limits import LineLimit
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts


class LimitImporter(Importer):
    kind = limits.KIND
    model = LineLimit
    facts = ("amount", "period", "carried", "pooled")
    creates = ()

    def key(self, row: DocumentRow) -> Any:
        return row.values["contract"], row.values["number"], row.values["limit"], row.values.get("counter", "")

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        self.references.look_up(Contract, {row.values["contract"] for row in rows})
        refs = {self.references.id(Contract, row.values["contract"]): row.values["contract"] for row in rows}
        numbers = {(row_id, row.values["number"]) for row in rows if (row_id := self.references.id(Contract, row.values["contract"]))}
        self._lines = {(refs[line["contract_id"]], line["number"]): line for line in import_rows.contract_lines(self.session, numbers)}
        keys = {line["id"]: key for key, line in self._lines.items()}
        records = import_rows.rows_by(self.session, LineLimit, "line_id", keys.keys())
        return {(*keys[record["line_id"]], record["kind"], record["counter"]): record for record in records}

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        self.references.look_up_ids(Contract, {record["contract_id"] for record in records})
        lines = import_rows.records(self.session, ContractLine, {record["line_id"] for record in records})
        numbers = {line["id"]: line["number"] for line in lines}
        return [
            {
                "contract": self.references.ref(Contract, record["contract_id"]),
                "number": numbers[record["line_id"]],
                "limit": record["kind"],
                "counter": record["counter"],
                **self.facts_of(record),
                "amount": "unlimited" if record["amount"] is None else record["amount"],
            }
            for record in records
        ]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {"amount": row.values["amount"], "period": row.values["period"], "carried": False, "pooled": False}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        contract, number = self.key(row)[:2]
        if (contract, number) not in self._lines:
            raise NotFound(f"contract line {contract}/{number} is not registered; import the contract lines first")
        return super().accept(row, known)

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        contract, number, kind, counter = self.key(planned.row)
        line = self._lines[contract, number]
        return {"id": row_id, "contract_id": line["contract_id"], "line_id": line["id"], "kind": kind, "counter": counter}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        return self.write(writes, change).ids  # reconciliation does not read limits
