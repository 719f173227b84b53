"""Imports benchmarks of the industry."""

from collections.abc import Mapping, Sequence
from typing import Any

from musterroll.domain.installed_base.targets import Measure
from musterroll.readers import benchmarks
from musterroll.readers.fields import DocumentRow
from musterroll.storage.installed_base import targets as stored
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.targets import Benchmark
from musterroll.usecases.imports.importer import Importer, PlannedWrite, RecordFacts


class BenchmarkImporter(Importer):
    kind = benchmarks.KIND
    model = Benchmark
    facts = ("value",)
    creates = ()

    def key(self, row: DocumentRow) -> Any:
        return tuple(row.values[name] for name in ("measure", "industry", "year", "source"))

    def find(self, rows: Sequence[DocumentRow]) -> dict[Any, dict[str, Any]]:
        known = stored.benchmarks_of_years(self.session, {row.values["year"] for row in rows})
        return {(Measure(record["measure"]), record["industry"], record["year"], record["source"]): record for record in known}

    def values_of(self, records: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**record} for record in records]

    def new_facts(self, row: DocumentRow) -> RecordFacts:
        return {"value": None}

    def new_columns(self, planned: PlannedWrite, row_id: int) -> dict[str, Any]:
        measure, industry, year, source = self.key(planned.row)
        return {"id": row_id, "measure": measure, "industry": industry, "year": year, "source": source}

    def store(self, writes: Sequence[PlannedWrite], change: AuditChange) -> list[int]:
        """Benchmarks change no finding, so nothing is reconciled again."""
        return self.write(writes, change).ids
