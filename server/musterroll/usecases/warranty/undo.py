"""How products, warranty policies and warranty periods go back when a change is undone."""

from collections.abc import Sequence

from musterroll.domain.audit import Image
from musterroll.storage import reconcile_queue
from musterroll.storage.audit.blocks import LoggedEntry
from musterroll.storage.audit.log import Entry
from musterroll.storage.units import reported
from musterroll.storage.warranty import periods as stored_periods
from musterroll.storage.warranty import products
from musterroll.usecases.audit.table_undo import RecordUndo, SelfChangingUndo, TableUndo


class ProductUndo(RecordUndo):
    """A product of a unit that has reported stays. Units follow a product that goes back."""

    def staying(self, keys: Sequence[str]) -> dict[str, Image]:
        return {str(row): {} for row in reported.needed(self.session, "product", [int(key) for key in keys])}

    def written(self, entries: Sequence[Entry]) -> None:
        super().written(entries)
        for entry in entries:
            if entry.before and entry.after and {"policy_id", "reporting", "interval", "kind"} & entry.after.keys():
                products.queue_update(self.session, "product", int(entry.key))


class PolicyUndo(TableUndo):
    """Units follow a policy that goes back."""

    def written(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.before and entry.after and {"rules", "months"} & entry.after.keys():
                products.queue_update(self.session, "warranty_policy", int(entry.key))


class PeriodUndo(SelfChangingUndo):
    """A period that was worked out again since is deleted, or left, and worked out once more."""

    def remaining(self, entry: LoggedEntry, row: Image | None) -> Entry | None:
        if not self.changed_by_itself(entry, row):
            return super().remaining(entry, row)
        unit_id = (row or entry.after or {}).get("unit_id")
        self.undoing.warranties.update([int(unit_id)] if unit_id is not None else ())
        return Entry(entry.table, entry.key, None, row) if entry.before is None and row is not None else None

    def written(self, entries: Sequence[Entry]) -> None:
        deleted = [int(entry.before["unit_id"]) for entry in entries if entry.before and entry.after is None]
        reconcile_queue.mark(self.session, {*deleted, *stored_periods.units_of(self.session, [int(entry.key) for entry in entries])})
