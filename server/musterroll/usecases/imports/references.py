"""Accounts, sites and contracts by the numbers that documents refer to them by."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account, Site
from musterroll.usecases.audit.record import Row


class References:
    """Row ids by number and numbers by row id: queried a batch at a time, remembered for the whole file."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._ids: dict[Any, dict[str, int | None]] = {}
        self._refs: dict[Any, dict[int, str]] = {}

    def look_up(self, model: Any, refs: Iterable[str | None]) -> None:
        """Look up the numbers that are not known yet."""
        missing = {ref for ref in refs if ref} - self._ids.setdefault(model, {}).keys()
        self.learn(model, missing, import_rows.ids_by_ref(self._session, model, missing))

    def learn(self, model: Any, refs: Iterable[str], ids: Mapping[str, int | None]) -> None:
        """Remember what was found elsewhere: `ids` of these numbers, and that the others are not in the registry."""
        known = self._ids.setdefault(model, {})
        known |= {**dict.fromkeys(refs), **ids}

    def look_up_ids(self, model: Any, ids: Iterable[int | None]) -> None:
        """Look up the row ids that are not known yet."""
        known = self._refs.setdefault(model, {})
        self._ids.setdefault(model, {})
        refs = import_rows.refs_by_id(self._session, model, {row_id for row_id in ids if row_id is not None} - known.keys())
        for row_id, ref in refs.items():
            self.remember(model, ref, row_id)

    def id(self, model: Any, ref: str | None) -> int | None:
        """None: not in the registry."""
        return self._ids[model].get(ref) if ref else None

    def ids(self, model: Any, refs: Iterable[str | None]) -> list[int | None]:
        known = self._ids[model]
        return [known.get(ref) if ref else None for ref in refs]

    def is_missing(self, model: Any, ref: str | None) -> bool:
        return bool(ref) and self._ids[model].get(ref or "") is None

    def ref(self, model: Any, row_id: int | None) -> str | None:
        return None if row_id is None else self._refs[model][row_id]

    def remember(self, model: Any, ref: str, row_id: int) -> None:
        self._ids.setdefault(model, {})[ref] = row_id
        self._refs.setdefault(model, {})[row_id] = ref

    def create_accounts(self, refs: Iterable[str | None]) -> list[Row]:
        """Create the missing accounts of these numbers, with the number as name."""
        return self._create(Account, sorted({ref for ref in refs if ref and self._ids[Account].get(ref) is None}), {})

    def create_sites(self, owners: dict[str, int | None]) -> list[Row]:
        """Create the missing sites of these numbers, each with the row id of its account."""
        return self._create(Site, sorted(ref for ref in owners if self._ids[Site].get(ref) is None), owners)

    def _create(self, model: Any, refs: list[str], owners: dict[str, int | None]) -> list[Row]:
        created = []
        defaults = model(ref="", name="", created_at=self._now).model_dump() if refs else {}
        for ref, row_id in zip(refs, import_rows.reserve_ids(self._session, model, len(refs)), strict=True):
            row = defaults | {"id": row_id, "ref": ref, "name": ref}
            if model is Site:
                row["account_id"] = owners[ref]
            created.append(Row(model.__tablename__, row_id, None, row))
            self.remember(model, ref, row_id)
        import_rows.insert_rows(self._session, model, [row.after for row in created if row.after])
        return created
