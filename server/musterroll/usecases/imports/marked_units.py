"""The unit that a row means by something other than its serial: unit id, asset tag, hostname or MAC address."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session

from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import marked_units
from musterroll.storage.imports.marked_units import MARKS

WORDS = {"uid": "unit ID", "asset_tag": "asset tag", "hostname": "hostname", "mac": "MAC address"}


class MarkedUnits:
    """The units of a batch of rows by each of their marks."""

    def __init__(self, session: Session, rows: Iterable[DocumentRow]) -> None:
        values = [row.values for row in rows]
        self._units = {mark: marked_units.by_mark(session, mark, {value[mark] for value in values if mark in value}) for mark in MARKS}

    def unit(self, values: dict[str, Any]) -> tuple[int | None, str]:
        """The row id of the unit and, in words, what it is known by; or None and why not."""
        problem = ""
        for mark in MARKS:
            ids = self._units[mark].get(values[mark], []) if mark in values else []
            if len(ids) == 1:
                return ids[0], f"linked by its {WORDS[mark]}"
            if ids:
                problem = f"{len(ids)} units have the {WORDS[mark]} {values[mark]}"
        return None, problem
