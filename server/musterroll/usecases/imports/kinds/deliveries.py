"""Imports planned deliveries."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.units.product_names import NamedProduct
from musterroll.domain.values.errors import NotFound
from musterroll.readers import deliveries
from musterroll.readers.fields import DocumentRow
from musterroll.storage.capacity import deliveries as stored_deliveries
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports import units as stored_units
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.capacity import Delivery
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts


class DeliveryImporter(Importer):
    kind = deliveries.KIND
    model = Delivery
    facts = ("quantity", "least", "most")
    creates = ()

    def key(self, row: DocumentRow) -> Any:
        meant = self.names.meaning(NamedProduct(row.values["maker"], row.values["model"]))
        return row.values["on"], *meant.keys, row.values.get("ref", "")

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        keys = {(maker, model) for _, maker, model, _ in map(self.key, rows)}
        self._products = {key: product.id for key, product in stored_units.products(self.session, keys).items()}
        keys_by_id = {row_id: key for key, row_id in self._products.items()}
        records = stored_deliveries.on_days(self.session, {row.values["on"] for row in rows})
        known = [record for record in records if record["product_id"] in keys_by_id]
        return {(record["on"], *keys_by_id[record["product_id"]], record["ref"]): record for record in known}

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        products = import_rows.products_by_id(self.session, {record["product_id"] for record in records})
        return [{**record, **products[record["product_id"]]} for record in records]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return dict.fromkeys(self.facts)

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        if self.key(row)[1:3] not in self._products:
            raise NotFound(f"product {row.values['maker']} {row.values['model']} is not registered; import or add the product first")
        return super().accept(row, known)

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        on, maker, model, ref = self.key(planned.row)
        return {"id": row_id, "on": on, "product_id": self._products[maker, model], "ref": ref}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        """Deliveries to come change no finding, so nothing is reconciled again."""
        return self.write(writes, change).ids
