"""How units go back when a change is undone."""

from collections.abc import Sequence

from musterroll.domain.audit import Image
from musterroll.domain.units.kinds import has_key
from musterroll.domain.units.lifecycle import Lifecycle
from musterroll.storage import reconcile_queue
from musterroll.storage.audit.blocks import LoggedEntry
from musterroll.storage.audit.log import Entry
from musterroll.storage.liveness import interval_orders
from musterroll.storage.tables.units import RECORDED, Unit
from musterroll.storage.units import for_update, reported
from musterroll.storage.warranty import products
from musterroll.usecases.audit import record as audit_record
from musterroll.usecases.audit.table_undo import SelfChangingUndo, Undoing, differences

# What is left of a unit that has reported since, when the document that added it is undone.
_UNRECORDED: Image = {"lifecycle": Lifecycle.UNRECORDED.value, **dict.fromkeys((*RECORDED, "merged_into_id"))}


class UnitUndo(SelfChangingUndo):
    """A unit that has reported since stays, unrecorded; where its enrolment has deployed it since stays too."""

    def __init__(self, undoing: Undoing) -> None:
        super().__init__(undoing)
        self._changed: dict[str, set[str]] = {}  # columns that changed by themselves, of units that the change added

    def remaining(self, entry: LoggedEntry, row: Image | None) -> Entry | None:
        _, table, key, before, after = entry
        if row is None or after is None or not self.changed_by_itself(entry, row):
            return super().remaining(entry, row)
        changed = differences(row, after)
        if before is None:
            self._changed[key] = changed
            return Entry(table, key, None, row)
        self.undoing.warranties.add(int(key))
        names = after.keys() - changed
        return Entry(table, key, {name: before[name] for name in names}, {name: after[name] for name in names}) if names else None

    def staying(self, keys: Sequence[str]) -> dict[str, Image]:
        units = reported.reported(self.session, [int(key) for key in keys])
        self.undoing.warranties.update(units)
        left = {str(unit): self._changed.get(str(unit), set()) for unit in units}
        return {key: {name: value for name, value in _UNRECORDED.items() if name not in names} for key, names in left.items()}

    def written(self, entries: Sequence[Entry]) -> None:
        if any(entry.after is None for entry in entries):
            reconcile_queue.mark_all(self.session)
        reconcile_queue.mark(self.session, [int(entry.key) for entry in entries])
        if timed := [int(entry.key) for entry in entries if entry.before and entry.after and "interval" in entry.after]:
            products.set_silence_windows(self.session, timed)
            interval_orders.order(self.session, timed)
        for _, key, before, after in entries:
            for name in ("merged_into_id", "replaced_by_id"):
                if before and after and before.get(name) is not None and after.get(name, "") is None:
                    self.undoing.separated.append((int(key), int(before[name])))

    def finish(self) -> None:
        """Give back the contract lines that imports have since moved to the unit in its place."""
        for unit_id, other_id in self.undoing.separated:
            unit, other = self.session.get_one(Unit, unit_id), self.session.get(Unit, other_id)
            named = for_update.lines_naming(self.session, other) if other else []
            lines = [line for line in named if line.serial_key != unit.serial_key and has_key(line.serial, unit.serial_key)]
            with audit_record.watching(self.session, self.undoing.change, "contract_line", [line.id or 0 for line in lines]):
                for line in lines:
                    line.serial_key, line.product_id = unit.serial_key, unit.product_id
