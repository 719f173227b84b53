"""How sources go back when a change is undone."""

from collections.abc import Sequence

from musterroll.domain.audit import Image
from musterroll.domain.values.errors import Conflict
from musterroll.storage.audit.log import Entry
from musterroll.storage.imports import sources as stored
from musterroll.usecases.audit.table_undo import TableUndo


class SourceUndo(TableUndo):
    """A source that has run stays, removed, with its history; the records it brought stay as well."""

    def staying(self, keys: Sequence[str]) -> dict[str, Image]:
        return {str(source_id): {"removed": True} for source_id in stored.with_runs(self.session, [int(key) for key in keys])}

    def written(self, entries: Sequence[Entry]) -> None:
        """What is fetched or read in another way again starts over. Raises Conflict where a name has come into use meanwhile."""
        for entry in entries:
            source = stored.source(self.session, int(entry.key)) if entry.after is not None else None
            if source is None:
                continue
            self.session.refresh(source)
            if not source.removed and (name := stored.twice(self.session, source.name)):
                raise Conflict(f"another source has the name {name} now; rename or remove it first", "changed_since")
            if entry.before is None or not set(stored.FETCHING).isdisjoint(entry.after or {}):
                stored.start_over(self.session, source)
