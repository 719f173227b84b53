"""Imports site lists."""

from collections.abc import Sequence

from musterroll.readers import sites
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account, Site
from musterroll.storage.tables.audit import AuditChange
from musterroll.usecases.imports.importer import Importer, PlannedWrite, RecordFacts
from musterroll.usecases.warranty import periods as warranty_periods


class SiteImporter(Importer):
    kind = sites.KIND
    model = Site
    facts = sites.KIND.attributes()
    links = {"account": Account}

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {**super().new_facts(row), "name": row.values["ref"]}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        """Where the time zone of a site changes, so may the start of its units' warranties."""
        ids = super().store(writes, change)
        rezoned = [planned.known.id for planned in writes if planned.known and planned.known.facts["zone"] != planned.after["zone"]]
        warranty_periods.apply_policies(self.session, import_rows.units_at(self.session, rezoned), self.source.now, change)
        return ids
