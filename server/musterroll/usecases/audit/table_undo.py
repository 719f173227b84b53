"""How the rows of one audited table go back when a change is undone. Each wing says it of its own tables, in its `undo.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.audit import Image
from musterroll.storage import reconcile_queue
from musterroll.storage.audit import changes as audit_changes
from musterroll.storage.audit.blocks import LoggedEntry
from musterroll.storage.audit.log import Entry
from musterroll.storage.tables.audit import AuditChange


class Undoing(NamedTuple):
    """One undo at work."""

    session: Session
    change: AuditChange  # the undo itself
    now: datetime
    warranties: set[int]  # units whose standard warranties are worked out again once every row is back
    separated: list[tuple[int, int]]  # units no longer merged or replaced, each with the one that stood in its place


class TableUndo:
    """The part of one table. As it stands here: rows go back to what they were, and nothing follows."""

    def __init__(self, undoing: Undoing) -> None:
        self.undoing = undoing
        self.session = undoing.session

    def look_up(self, entries: Sequence[LoggedEntry], rows: Mapping[str, Image]) -> None:
        """Fetch what `remaining` asks of these entries. `rows` are those that still exist, by key."""

    def remaining(self, entry: LoggedEntry, row: Image | None) -> Entry | None:
        """What of an entry is still to be undone; None: nothing. A row that differs from what is returned is a conflict."""
        return Entry(*entry[1:])

    def staying(self, keys: Sequence[str]) -> dict[str, Image]:
        """Of rows about to be deleted those that must stay, each with what it is changed to ({}: it stays as it is)."""
        return {}

    def written(self, entries: Sequence[Entry]) -> None:
        """Mark what these rows make due, now that they are back."""

    def finish(self) -> None:
        """Do what is left once every row of the change is back."""


class RecordUndo(TableUndo):
    """Of business records that any unit may depend on."""

    def written(self, entries: Sequence[Entry]) -> None:
        reconcile_queue.mark_all(self.session)


class SelfChangingUndo(TableUndo):
    """Of a table whose rows also change without an audited act: an enrolment deploys a unit, a job works out a warranty."""

    def look_up(self, entries: Sequence[LoggedEntry], rows: Mapping[str, Image]) -> None:
        keys = {entry.key for entry in entries if differences(rows.get(entry.key), entry.after)}
        self._last_written = audit_changes.last_written(self.session, entries[0].table, keys) if keys else {}

    def changed_by_itself(self, entry: LoggedEntry, row: Image | None) -> bool:
        """Whether a row is not as an entry left it although no change that stands has written it since."""
        return bool(differences(row, entry.after)) and self._last_written.get(entry.key, 0) <= entry.id


def differences(row: Image | None, after: Image | None) -> set[str]:
    """The columns in which a row (None: it is gone) is not as an entry left it."""
    return {name for name, value in (after or {}).items() if row is None or row[name] != value}
