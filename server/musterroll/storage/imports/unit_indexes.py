"""The indexes of unit lists, dropped while SQLite imports more units than it had, and created again at the end.

Creating them once costs a third of updating them unit by unit. Nobody misses them meanwhile: SQLite has one writer, and readers see the
state before the import. PostgreSQL would lock everybody out, so it keeps them.
"""

from sqlalchemy import Index, Table, func, select
from sqlmodel import Session

from musterroll.storage.engine.bulk import postgres, room
from musterroll.storage.tables.units import Unit

_UNITS: Table = Unit.__table__  # type: ignore[attr-defined]
_LIST_INDEXES = {"ix_unit_twin_key", "ix_unit_count", "ix_unit_lifecycle", "ix_unit_product_id", "ix_unit_account_id", "ix_unit_site_id"}
_WORTHWHILE = 50_000  # new units
_SORTING = 32 * 1024  # KiB of pages; SQLite uses as much memory again to sort


class ListIndexes:
    """For one import in one transaction; a rollback restores them as well."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._new = 0
        self._existing: int | None = None  # units before the import
        self._dropped: list[Index] = []

    def count_new(self, new: int) -> None:
        """Count new units, and drop the indexes once they are the majority."""
        self._new += new
        if postgres(self._session) or self._dropped or self._new < _WORTHWHILE:
            return
        if self._existing is None:
            self._existing = self._session.execute(select(func.count()).select_from(_UNITS)).scalar_one() - self._new
        if self._new > self._existing:
            self._dropped = [index for index in _UNITS.indexes if index.name in _LIST_INDEXES]
            for index in self._dropped:
                index.drop(self._session.connection())

    def restore(self) -> None:
        if self._dropped:
            with room(self._session, _SORTING):
                for index in self._dropped:
                    index.create(self._session.connection())
            self._dropped = []
