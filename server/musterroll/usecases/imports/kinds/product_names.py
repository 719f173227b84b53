"""Imports other names of makers and models. A name is confirmed unless the row says otherwise."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.units.product_names import NameState
from musterroll.readers import product_names
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import product_names as stored_names
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.product_names import ProductName
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts


class ProductNameImporter(Importer):
    kind = product_names.KIND
    model = ProductName
    facts = ("of_maker", "of_model", "state")
    creates = ()

    def key(self, row: DocumentRow) -> Any:
        return row.values["maker_key"], row.values["model_key"]

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        records = stored_names.by_keys(self.session, set(map(self.key, rows)))
        return {(record["maker_key"], record["model_key"]): record for record in records}

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**record} for record in records]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {"of_maker": "", "of_model": "", "state": NameState.CONFIRMED}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        """A row without a state confirms a name that is proposed."""
        accepted = super().accept(row, known)
        if accepted.after["state"] == NameState.PROPOSED and "state" not in row.values:
            accepted.after["state"] = NameState.CONFIRMED
        return accepted

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        written = {name: planned.row.values[name] for name in ("maker", "model", "maker_key", "model_key")}
        return {"id": row_id, **written, "evidence": ""}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        """Names change no record; the lists that use them are imported again."""
        return self.write(writes, change).ids
