"""Accounts, sites and contracts by the numbers documents call them: asked a batch at a time, remembered for the whole file."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from musterroll.storage.imports import rows as import_rows
from musterroll.storage.tables.accounts import Account, Site
from musterroll.usecases.audit.record import Row


class Numbers:
    def __init__(self, session: Session, now: datetime) -> None:
        self._session, self._now = session, now
        self._ids: dict[Any, dict[str, int | None]] = {}
        self._refs: dict[Any, dict[int, str]] = {}

    def learn(self, model: Any, refs: Iterable[str | None]) -> None:
        """Look up whatever of these is not remembered yet."""
        known = self._ids.setdefault(model, {})
        missing = {ref for ref in refs if ref} - known.keys()
        known |= dict.fromkeys(missing) | import_rows.numbers(self._session, model, missing)

    def learn_rows(self, model: Any, ids: Iterable[int | None]) -> None:
        known = self._refs.setdefault(model, {})
        self._ids.setdefault(model, {})
        found = import_rows.refs(self._session, model, {one for one in ids if one is not None} - known.keys())
        for row_id, ref in found.items():
            self.remember(model, ref, row_id)

    def id(self, model: Any, ref: str | None) -> int | None:
        """None: not on the roll."""
        return self._ids[model].get(ref) if ref else None

    def ref(self, model: Any, row_id: int | None) -> str | None:
        return None if row_id is None else self._refs[model][row_id]

    def remember(self, model: Any, ref: str, row_id: int) -> None:
        self._ids.setdefault(model, {})[ref] = row_id
        self._refs.setdefault(model, {})[row_id] = ref

    def open_accounts(self, refs: Iterable[str | None]) -> list[Row]:
        """Store the accounts of these numbers that the roll does not have, under their number as name."""
        return self._open(Account, sorted({ref for ref in refs if ref and self._ids[Account].get(ref) is None}), {})

    def open_sites(self, owners: dict[str, int | None]) -> list[Row]:
        """Store the sites of these numbers that the roll does not have, each with the row of its account."""
        return self._open(Site, sorted(ref for ref in owners if self._ids[Site].get(ref) is None), owners)

    def _open(self, model: Any, refs: list[str], owners: dict[str, int | None]) -> list[Row]:
        opened = []
        blank = model(ref="", name="", created_at=self._now).model_dump() if refs else {}
        for ref, row_id in zip(refs, import_rows.reserve(self._session, model, len(refs)), strict=True):
            row = blank | {"id": row_id, "ref": ref, "name": ref}
            if model is Site:
                row["account_id"] = owners[ref]
            opened.append(Row(model.__tablename__, row_id, None, row))
            self.remember(model, ref, row_id)
        import_rows.insert(self._session, model, [row.after for row in opened if row.after])
        return opened
