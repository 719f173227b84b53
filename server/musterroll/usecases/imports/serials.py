"""The unit that a document means by a serial and, where it gives one, a maker."""

from collections.abc import Iterable
from typing import Any

from sqlmodel import Session

from musterroll.domain.units.kinds import possible_keys
from musterroll.domain.units.serials import twin_key
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.readers.fields import DocumentRow
from musterroll.storage.imports import rows as import_rows
from musterroll.storage.imports.rows import UnitWithSerial


def _keys(values: dict[str, Any]) -> list[str]:
    """The keys that a row may mean: its kind is that of the unit which is registered."""
    key = values.get("serial_key")
    return list(dict.fromkeys([key, *possible_keys(values["serial"])])) if key else []


class UnitsBySerial:
    """The units of a batch of rows. The values of a row have serial, serial_key and maker_key."""

    def __init__(self, session: Session, rows: Iterable[DocumentRow]) -> None:
        keys = {key for row in rows for key in _keys(row.values)}
        self._units = import_rows.units_by_serial(session, keys)
        self._twins = import_rows.twins(session, {twin_key(key) for key in keys - self._units.keys()})

    def ids(self) -> set[int]:
        return {unit.id for units in self._units.values() for unit in units}

    def unit(self, values: dict[str, Any]) -> UnitWithSerial:
        """Raises NotFound, with a similar serial where there is one, and Conflict where several makers have the serial."""
        registered = next((units for key in _keys(values) if (units := self._units.get(key))), [])
        units = [unit for unit in registered if values["maker_key"] in ("", unit.maker_key)]
        if len(units) == 1:
            return units[0]
        if units:
            makers = " and ".join(sorted({unit.maker for unit in units}))
            raise Conflict(f"serial {values['serial']} exists more than once, from {makers}; fill in the Manufacturer", "ambiguous")
        if registered:
            makers = " and ".join(sorted({unit.maker for unit in registered}))
            other = "if that is another name for it, import it as one (product-names)"
            raise NotFound(
                f"serial {values['serial']} is registered from {makers}, not from {values.get('maker') or values['maker_key']}; {other}"
            )
        twin = self._twins.get(twin_key(values["serial_key"]))
        hint = f"; did you mean {twin}?" if twin else "; import the units first"
        raise NotFound(f"serial {values['serial']} is not registered{hint}")
