"""The indexes that lists of units are read by, set aside while SQLite takes in more units than it had.

Made anew from all units at the end, they cost a third of what keeping them in order costs, a unit at a time. Until then nobody misses them:
SQLite has one writer, and readers see what was there before. PostgreSQL would lock everybody out, and keeps them.
"""

from sqlalchemy import Index, Table, func, select
from sqlmodel import Session

from musterroll.storage.engine.bulk import postgres, room
from musterroll.storage.tables.units import Unit

_UNITS: Table = Unit.__table__  # type: ignore[attr-defined]
_OF_LISTS = {"ix_unit_twin_key", "ix_unit_count", "ix_unit_lifecycle", "ix_unit_product_id", "ix_unit_account_id", "ix_unit_site_id"}
_WORTH = 50_000  # new units
_SORTING = 32 * 1024  # KiB of pages: SQLite sorts in as much memory again


class ListIndexes:
    """Of one import, in one transaction: undone with it, they are as they were."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._new = 0
        self._others: int | None = None  # units that were there before
        self._aside: list[Index] = []

    def note(self, new: int) -> None:
        """So many new units were stored."""
        self._new += new
        if postgres(self._session) or self._aside or self._new < _WORTH:
            return
        if self._others is None:
            self._others = self._session.execute(select(func.count()).select_from(_UNITS)).scalar_one() - self._new
        if self._new > self._others:
            self._aside = [index for index in _UNITS.indexes if index.name in _OF_LISTS]
            for index in self._aside:
                index.drop(self._session.connection())

    def put_back(self) -> None:
        if self._aside:
            with room(self._session, _SORTING):
                for index in self._aside:
                    index.create(self._session.connection())
            self._aside = []
