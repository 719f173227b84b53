"""Imports support tickets, each with its unit where that is registered."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.values.errors import NotFound
from musterroll.readers import incidents
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Incident
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts
from musterroll.usecases.imports.serials import UnitsBySerial


class IncidentImporter(Importer):
    kind = incidents.KIND
    model = Incident
    facts = ("unit_id", *incidents.KIND.attributes(without=("maker",)))

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        super().look_up(rows)
        self._units = UnitsBySerial(self.session, rows)

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """With the manufacturer, as several may use the same serial."""
        makers = import_rows.makers_of(self.session, {record["unit_id"] for record in records if record["unit_id"]})
        return [{**record, "maker": makers.get(record["unit_id"])} for record in records]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {**dict.fromkeys(self.facts), "serial": "", "category": ""}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        """A serial of several makers is rejected; one that is not registered, or no serial at all, is saved as written."""
        after, note = super().accept(row, known).after, ""
        if "serial" not in row.values:
            return AcceptedRow(after)
        try:
            after["unit_id"] = self._units.unit(row.values).id
        except NotFound as error:
            after["unit_id"], note = None, f"saved without a unit: {error}"
        return AcceptedRow(after, note)

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        return [row.key for row in self.write(writes, change)]  # reconciliation does not read incidents

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        return {"id": row_id, "ref": planned.row.values["ref"]}
