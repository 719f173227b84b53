"""When two units are parted again, the lines that documents brought meanwhile name the unit whose serial they write."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.identity import serial_key
from musterroll.registry import changing
from musterroll.storage import unit_rows
from musterroll.storage.audit import Entry
from musterroll.storage.audit_tables import Change
from musterroll.storage.tables import Unit

_IN_ITS_PLACE = ("merged_into_id", "replaced_by_id")


class Parted(NamedTuple):
    """Row ids: a unit that is merged or replaced no more, and the one that stood in its place."""

    unit: int
    other: int


def parted(entries: Iterable[Entry]) -> list[Parted]:
    """The units that these entries part."""
    written = [(key, before, after) for table, key, before, after in entries if table == "unit" and before and after]
    return [
        Parted(int(key), int(before[name]))
        for key, before, after in written
        for name in _IN_ITS_PLACE
        if before.get(name) is not None and after.get(name, "") is None
    ]


def part(session: Session, change: Change, pairs: Iterable[Parted]) -> None:
    """Give the lines back, as part of the change that parted the units."""
    session.expire_all()
    for pair in pairs:
        unit, other = session.get_one(Unit, pair.unit), session.get(Unit, pair.other)
        named = unit_rows.lines_naming(session, other) if other else []
        lines = [line for line in named if line.serial_key != unit.serial_key and serial_key(line.serial) == unit.serial_key]
        with changing.watching(session, change, "contract_line", [line.id or 0 for line in lines]):
            for line in lines:
                line.serial_key, line.product_id = unit.serial_key, unit.product_id
