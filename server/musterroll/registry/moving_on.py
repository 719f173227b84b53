"""Rows of paper that moved on without anybody's act: units that an enrolment deployed, warranties that were worked out anew."""

from collections.abc import Collection
from typing import NamedTuple

from musterroll.domain.audit import Image
from musterroll.storage.audit import Entry

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
