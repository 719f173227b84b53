"""The one unit a document means by a serial, and the maker where it gives one."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session

from musterroll.domain.units.serials import twin_key
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports.rows import FoundUnit


class Serials:
    """Looked up a batch at a time."""

    def __init__(self, session: Session, said: Iterable[dict[str, Any]]) -> None:
        """`said` gives serial, serial_key and maker_key."""
        keys = {one["serial_key"] for one in said if one["serial_key"]}
        self.found = import_rows.units_by_serial(session, keys)
        self._twins = import_rows.twins(session, {twin_key(key) for key in keys - self.found.keys()})

    def unit(self, said: dict[str, Any]) -> FoundUnit:
        """Raises NotFound, with the serial it may be mistaken for, and Conflict where several makers have it."""
        found = self.found.get(said["serial_key"], [])
        if said["maker_key"]:
            found = [unit for unit in found if unit.maker_key == said["maker_key"]]
        if len(found) == 1:
            return found[0]
        if found:
            makers = " and ".join(sorted({unit.maker for unit in found}))
            raise Conflict(f"serial {said['serial']} exists more than once, from {makers}; fill in the Manufacturer", "ambiguous")
        twin = self._twins.get(twin_key(said["serial_key"]))
        hint = f"; did you mean {twin}?" if twin else "; import the units first"
        raise NotFound(f"serial {said['serial']} is not registered{hint}")
