"""Contract lines that name a unit by its asset tag: they cover it when it has its own serial, too."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlmodel import Session

from musterroll.storage import reconcile_queue
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports import units as unit_imports
from musterroll.storage.imports.units import MarkedUnit
from musterroll.storage.tables.audit import AuditChange
from musterroll.storage.tables.contracts import ContractLine
from musterroll.storage.units import for_update
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.imports.importer import PlannedWrite


@contextmanager
def following(session: Session, writes: Sequence[PlannedWrite], change: AuditChange) -> Iterator[None]:
    """Let the lines for units that get their serial in this block name it from then on; what the line's document writes stays."""
    moved = list(_moved(session, writes))
    yield
    with audit_record.watching(session, change, "contract_line", [line.id or 0 for line, _ in moved]):
        for line, key in moved:
            line.serial_key = key
    if moved:
        reconcile_queue.mark_all(session)


def _moved(session: Session, writes: Sequence[PlannedWrite]) -> Iterator[tuple[ContractLine, str]]:
    """The lines that name a unit by what was its serial, with the key of the new one."""
    completed = {
        planned.known.id: planned.row.values["serial_key"]
        for planned in writes
        if planned.known and "serial" in planned.known.facts and planned.known.facts["serial"] != planned.after["serial"]
    }
    for unit in for_update.lock_units(session, list(completed)).values() if completed else ():
        for line in for_update.lines_naming(session, unit):
            yield line, completed[unit.id or 0]


class UnitsByTag:
    """The units whose asset tag lines write for a serial, of serials that no unit has."""

    def __init__(self, session: Session, serials: Collection[str], keys: Iterable[str]) -> None:
        self._tagged = unit_imports.marked(session, "asset_tag", serials, ())
        self._registered = import_rows.units_by_serial(session, set(keys)) if self._tagged else {}

    def unit(self, serial: str, key: str, product_id: int | None) -> MarkedUnit | None:
        """The one unit with this asset tag, of the product if one is named."""
        units = () if key in self._registered else self._tagged.get(serial, ())
        alike = [unit for unit in units if product_id in (None, unit.facts[-1])]
        return alike[0] if len(alike) == 1 else None
