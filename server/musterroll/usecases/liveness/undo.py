"""How what imported lists report of units goes back when a change is undone."""

from collections.abc import Mapping, Sequence

from musterroll.domain.audit import Image
from musterroll.storage import reconcile_queue
from musterroll.storage.audit.blocks import LoggedEntry
from musterroll.storage.audit.log import Entry
from musterroll.storage.liveness import telemetry
from musterroll.usecases.audit.table_undo import TableUndo


class TelemetryUndo(TableUndo):
    """What a unit has reported itself since stays."""

    def look_up(self, entries: Sequence[LoggedEntry], rows: Mapping[str, Image]) -> None:
        self._self_reporting = telemetry.self_reporting(self.session, [int(entry.key) for entry in entries])

    def remaining(self, entry: LoggedEntry, row: Image | None) -> Entry | None:
        return None if int(entry.key) in self._self_reporting else super().remaining(entry, row)

    def written(self, entries: Sequence[Entry]) -> None:
        reconcile_queue.mark(self.session, [int(entry.key) for entry in entries])
