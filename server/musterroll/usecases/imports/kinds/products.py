"""Imports product lists. Units follow a changed product within minutes."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.readers import products
from musterroll.readers.fields import DocumentRow
from musterroll.storage import reconcile_queue
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports import units as stored
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.warranty import products as product_settings
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts
from musterroll.usecases.warranty import product_kinds

_FOLLOWED = ("policy", "reporting", "interval", "kind")  # what units take from their product


class ProductImporter(Importer):
    kind = products.KIND
    model = Product
    facts = ("policy", "list_price", "currency", "reporting", "interval", "kind", "licence_rule")
    creates = ()

    def reset(self) -> None:
        super().reset()
        self._policies = {policy.name: policy.id for policy, _ in product_settings.policies(self.session)}
        self._policy_names = {number: name for name, number in self._policies.items()}

    def key(self, row: DocumentRow) -> Any:
        return row.values["maker_key"], row.values["model_key"]

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        ids = {product.id for product in stored.products(self.session, set(map(self.key, rows))).values()}
        return {(record["maker_key"], record["model_key"]): record for record in import_rows.records(self.session, Product, ids)}

    def facts_of(self, record: Mapping[str, Any]) -> RecordFacts:
        return {"policy": self._policy_names.get(record["policy_id"]), **{fact: record[fact] for fact in self.facts if fact != "policy"}}

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{"maker": record["maker"], "model": record["model"], **self.facts_of(record)} for record in records]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        fields = Product.model_fields
        return {"policy": None, **{fact: fields[fact].get_default() for fact in self.facts if fact != "policy"}}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        accepted = super().accept(row, known)
        policy = accepted.after["policy"]
        if policy and policy not in self._policies:
            raise NotFound(f"there is no warranty policy {policy!r}; create it under Products first")
        if accepted.after["list_price"] is not None and not accepted.after["currency"]:
            raise Conflict("the list price has no currency; add a column Currency, or choose one for the file (--currency EUR)")
        return accepted

    def column(self, fact: str, value: Any) -> tuple[str, Any]:
        return ("policy_id", self._policies.get(value)) if fact == "policy" else (fact, value)

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        values = planned.row.values
        named = {name: values[name] for name in ("maker", "model", "maker_key", "model_key")}
        family = {"family": values["model"], "family_key": values["model_key"]}
        return {"id": row_id, **named, **family, "created_at": self.source.now}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        ids = self.write(writes, change).ids
        for planned in writes:
            known = planned.known
            if known and known.facts["kind"] is not planned.after["kind"]:
                product_kinds.change_kind(self.session, known.id, planned.after["kind"], change)
            if known and any(known.facts[name] != planned.after[name] for name in _FOLLOWED):
                product_settings.queue_update(self.session, "product", known.id)
        reconcile_queue.mark_all(self.session)
        return ids
