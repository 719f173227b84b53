"""What people changed in the registry since a value was imported stays: importing the same value again does not undo it."""

from collections.abc import Iterable, Sequence
from typing import Any

from musterroll.domain.units.details import details_of
from musterroll.readers.fields import DocumentRow
from musterroll.storage.audit import manual_edits
from musterroll.storage.audit.audited_tables import audited
from musterroll.usecases.imports.importer import Importer, RecordFacts


class ManualEdits:
    """Values of rows that people have changed since: a move, a merge, a replacement. Made for one file."""

    def __init__(self, importer: Importer) -> None:
        self._importer = importer
        self._table = str(importer.model.__tablename__)

    def leave_out_of(self, rows: Iterable[DocumentRow]) -> dict[int, str]:
        """Remove overruled values from these rows, which the importer has looked up. Returns by line what was left out, in words."""
        if not self._importer.edited_by_people:
            return {}
        session = self._importer.session
        registered = [(row, known) for row in rows if (known := self._importer.known(row))]
        edited = manual_edits.edited_rows(session, self._table, {known.id for _, known in registered}) if registered else set()
        overruled = manual_edits.overruled_values(session, self._table, edited) if edited else {}
        left_out = {row.line: self._leave_out(row, known.facts, overruled[known.id]) for row, known in registered if known.id in overruled}
        return {line: f"stays as edited in the registry: {' and '.join(names)}" for line, names in left_out.items() if names}

    def _leave_out(self, row: DocumentRow, facts: RecordFacts, overruled: dict[str, Any]) -> Sequence[str]:
        different = {name: value for name, value in row.values.items() if name in facts and value != facts[name]}
        names = {name for name, value in different.items() if self._is_overruled(name, value, overruled)}
        names |= _overruled_details(row, facts, overruled)
        for group in self._importer.inseparable:
            if not names.issuperset(name for name in group if name in different):
                names -= set(group)
        self._importer.leave_out(row, names, overruled)
        return sorted({self._importer.label(name.removesuffix("_key")) for name in names})

    def _is_overruled(self, name: str, value: Any, overruled: dict[str, Any]) -> bool:
        column, stored = self._importer.column(name, value)
        if column not in overruled:
            return False
        return bool(audited(self._table).image_of({column: stored}, whole=False)[column] == overruled[column])


def _overruled_details(row: DocumentRow, facts: RecordFacts, overruled: dict[str, Any]) -> set[str]:
    """The details of a unit that the row gives as they were before a person changed them."""
    if "details" not in overruled:
        return set()
    imported, current = details_of(overruled["details"]), details_of(facts["details"])
    old = {name for name in imported if imported[name] != current.get(name)}
    return {name for name in old if row.values.get(name) == imported[name]}
