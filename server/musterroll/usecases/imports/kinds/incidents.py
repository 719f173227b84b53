"""Imports support tickets, each with its unit where that is registered."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.values.errors import NotFound
from musterroll.readers import incidents
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports.marked_units import MARKS
from musterroll.storage.tables.accounts import Account
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.units import Incident
from musterroll.usecases.imports.importer import AcceptedRow, Importer, KnownRecord, PlannedWrite, RecordFacts
from musterroll.usecases.imports.marked_units import MarkedUnits
from musterroll.usecases.imports.serials import UnitsBySerial


class IncidentImporter(Importer):
    kind = incidents.KIND
    model = Incident
    facts = ("unit_id", *incidents.KIND.attributes(without=("maker", *MARKS)))
    links = {"account": Account}
    creates = ()  # a ticket does not make a customer

    def look_up(self, rows: Sequence[DocumentRow]) -> None:
        super().look_up(rows)
        self._units = UnitsBySerial(self.session, rows)
        self._marked = MarkedUnits(self.session, rows)

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """With the manufacturer, as several may use the same serial."""
        self._look_up_links(records)
        makers = import_rows.makers_of(self.session, {record["unit_id"] for record in records if record["unit_id"]})
        return [
            {**record, "maker": makers.get(record["unit_id"]), "account": self.references.ref(Account, record["account_id"])}
            for record in records
        ]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {**dict.fromkeys(self.facts), "serial": "", "category": ""}

    def accept(self, row: DocumentRow, known: KnownRecord | None) -> AcceptedRow:
        """A serial of several makers is rejected. A ticket whose unit or account is not registered is saved without it, with a note."""
        after, notes = super().accept(row, known).after, []
        if (account := row.values.get("account")) and self.references.id(Account, account) is None:
            after["account"] = None
            notes.append(f"saved without an account: {account} is not registered")
        if "serial" in row.values or not row.values.keys().isdisjoint(MARKS):
            after["unit_id"], note = self._unit(row)
            notes += [note] if note else []
        return AcceptedRow(after, "; ".join(notes))

    def _unit(self, row: DocumentRow) -> tuple[int | None, str]:
        """The unit of a ticket by its serial, else by another mark; and a note on how it was linked, or why not."""
        problem = ""
        if "serial" in row.values:
            try:
                return self._units.unit(row.values).id, ""
            except NotFound as error:
                problem = str(error)
        unit_id, note = self._marked.unit(row.values)
        problem = problem or note or "no unit has its asset tag, hostname or MAC address"
        return unit_id, note if unit_id else f"saved without a unit: {problem}"

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        return self.write(writes, change).ids  # reconciliation does not read incidents

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        return {"id": row_id, "ref": planned.row.values["ref"]}
