"""Rows of paper that moved on without anybody's act: units that an enrolment deployed, warranties that were worked out anew."""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.audit import Image
from musterroll.domain.units.serials import serial_key
from musterroll.storage.audit.log import Entry
from musterroll.storage.tables.audit import Change
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import for_update
from musterroll.usecases.audit import record as audit_record

BY_ITSELF = frozenset({"unit", "warranty_period"})


class Unsaid(NamedTuple):
    """What of an entry can still be undone (None: nothing), the columns that moved on, and the units whose warranties did."""

    entry: Entry | None = None
    names: Collection[str] = ()
    units: Collection[int] = ()


def moved_on(now: Image | None, after: Image | None) -> bool:
    """Whether a row is not as an entry left it."""
    return after is not None and (now is None or any(now[name] != value for name, value in after.items()))


def unsaid(entry: Entry, now: Image | None) -> Unsaid:
    """An entry without what moved on since. A warranty that is worked out is taken out, or left, and worked out anew."""
    table, key, before, after = entry
    if after is None or (now is None and table == "unit"):
        return Unsaid(entry)
    if table == "warranty_period":
        units = [int(row["unit_id"]) for row in (now or after,) if "unit_id" in row]
        return Unsaid(Entry(table, key, None, now) if before is None and now is not None else None, (), units)
    names = {name for name, value in after.items() if now and now[name] != value}
    if before is None:
        return Unsaid(Entry(table, key, None, now), names)
    kept = [name for name in after if name not in names]
    rest = Entry(table, key, {name: before[name] for name in kept}, {name: after[name] for name in kept})
    return Unsaid(rest if kept else None, names, [int(key)])


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
        named = for_update.lines_naming(session, other) if other else []
        lines = [line for line in named if line.serial_key != unit.serial_key and serial_key(line.serial) == unit.serial_key]
        with audit_record.watching(session, change, "contract_line", [line.id or 0 for line in lines]):
            for line in lines:
                line.serial_key, line.product_id = unit.serial_key, unit.product_id
