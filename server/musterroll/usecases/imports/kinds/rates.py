"""Imports exchange rates."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.readers import rates
from musterroll.readers.fields import DocumentRow
from musterroll.storage.contracts import exchange_rates
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.money import ExchangeRate
from musterroll.usecases.imports.importer import Importer, PlannedWrite, RecordFacts


class RateImporter(Importer):
    kind = rates.KIND
    model = ExchangeRate
    facts = ("rate",)
    creates = ()

    def key(self, row: DocumentRow) -> Any:
        return row.values["on"], row.values["base"], row.values["currency"]

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        known = exchange_rates.on_days(self.session, {row.values["on"] for row in rows})
        return {(record["on"], record["base"], record["currency"]): record for record in known}

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**record} for record in records]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {"rate": None}

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        on, base, currency = self.key(planned.row)
        return {"id": row_id, "on": on, "base": base, "currency": currency}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        """Rates change no finding, so nothing is reconciled again."""
        return self.write(writes, change).ids
