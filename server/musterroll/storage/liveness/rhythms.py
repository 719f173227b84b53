"""What is learned of the rhythm of units. Instants are ms, by the registry's clock."""

import struct
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import delete, select
from sqlmodel import Session, col

from musterroll.domain.liveness import ReportingClass
from musterroll.domain.liveness.rhythm import HeardDay
from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import among
from musterroll.storage.liveness.interval_orders import wanted
from musterroll.storage.tables.accounts import Product
from musterroll.storage.tables.liveness import UnitRhythm, UnitStatus
from musterroll.storage.tables.units import Unit

_DAY = struct.Struct("<IH")  # the hours it was heard in, and the longest short silence in seconds


class Heard(NamedTuple):
    """What is known of a unit: the days kept up to `day`, and what its status has gathered since."""

    unit_id: int
    ring: int
    ring_hour: int
    gap: int  # ms
    reporting: ReportingClass
    interval: int
    interval_set: int | None
    day: int | None
    days: bytes | None


class Learned(NamedTuple):
    """What is written down of a unit. `gap`: the one that was read; a longer one that came meanwhile stays."""

    unit_id: int
    gap: int
    day: int
    days: bytes
    usual: int
    usual_after: int
    stale_after: int
    quiet_after: int | None


def pack(days: Sequence[HeardDay]) -> bytes:
    return b"".join(_DAY.pack(*day) for day in days)


def unpack(days: bytes | None) -> list[HeardDay]:
    return [HeardDay(*day) for day in _DAY.iter_unpack(days or b"")]


_OF_UNITS: Any = (
    select(col(UnitStatus.unit_id), col(UnitStatus.ring), col(UnitStatus.ring_hour), col(UnitStatus.gap), col(Product.reporting))
    .add_columns(col(UnitStatus.interval), wanted(), col(UnitRhythm.day), col(UnitRhythm.days))
    .join_from(UnitStatus, Unit, col(Unit.id) == col(UnitStatus.unit_id))
    .join(Product, col(Product.id) == col(Unit.product_id))
    .outerjoin(UnitRhythm, col(UnitRhythm.unit_id) == col(UnitStatus.unit_id))
)


def next_units(session: Session, after: int, limit: int) -> list[Heard]:
    """The next units in the order of their row ids."""
    query = _OF_UNITS.where(col(UnitStatus.unit_id) > after).order_by(col(UnitStatus.unit_id)).limit(limit)
    return [Heard(*row) for row in session.execute(query)]


_RHYTHM_COLUMNS = ("unit_id", "day", "days", "usual")
_APPLY = """
UPDATE unit_status SET usual_after = b.usual_after, stale_after = b.stale_after,
  quiet_after = CASE WHEN b.quiet_after > 0 THEN b.quiet_after END, quiet_due = NULL, gap = CASE WHEN gap = b.seen THEN 0 ELSE gap END
FROM {b} WHERE unit_id = b.id"""
_FIELDS = ("id", "seen", "usual_after", "stale_after", "quiet_after")


def store(session: Session, learned: Sequence[Learned]) -> None:
    """Write down what was learned, at most once a unit."""
    if not learned:
        return
    session.execute(delete(UnitRhythm).where(among(session, col(UnitRhythm.unit_id), [row.unit_id for row in learned])))
    bulk.insert(session, UnitRhythm, _RHYTHM_COLUMNS, [(row.unit_id, row.day, row.days, row.usual) for row in learned])
    rows = [(row.unit_id, row.gap, row.usual_after, row.stale_after, row.quiet_after or 0) for row in sorted(learned)]
    bulk.update_from(session, _APPLY, _FIELDS, rows)


def of_unit(session: Session, unit_id: int) -> tuple[int, bytes] | None:
    """The last day kept of a unit, and its days."""
    row = session.execute(select(col(UnitRhythm.day), col(UnitRhythm.days)).where(col(UnitRhythm.unit_id) == unit_id)).one_or_none()
    return None if row is None else (row[0], row[1])
