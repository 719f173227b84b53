"""The counters of units as they are now, and what is known of their use. Instants are ms, days are days since 1970."""

import struct
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, delete, insert, select, text
from sqlmodel import Session, col

from musterroll.domain.usage.days import OPERATING, Change, CounterUse, Reading
from musterroll.storage.engine import bulk
from musterroll.storage.engine.bulk import among
from musterroll.storage.tables.liveness import UnitStatus, UnitUsage
from musterroll.storage.tables.units import Unit
from musterroll.storage.tables.usage import UnitUse, UsageCounter


class UnitCounters(NamedTuple):
    """A unit, where it belongs (0: no account), and its counters by name."""

    unit_id: int
    account_id: int
    product_id: int
    counters: dict[str, Reading]


def next_units(session: Session, after: int, limit: int) -> list[UnitCounters]:
    """The next units that have reported, in the order of their row ids."""
    s = UnitStatus
    query: Any = select(col(s.unit_id), col(Unit.account_id), col(Unit.product_id), col(s.heard_at), col(s.operating))
    query = query.join_from(s, Unit, col(Unit.id) == col(s.unit_id)).where(col(s.unit_id) > after).order_by(col(s.unit_id)).limit(limit)
    units = {
        row[0]: UnitCounters(row[0], row[1] or 0, row[2], {} if None in row[3:] else {OPERATING: Reading(*row[3:])})
        for row in session.execute(query)
    }
    if units:
        u = UnitUsage
        counters = select(col(u.unit_id), col(u.name), col(u.at), col(u.value)).where(col(u.unit_id) > after, col(u.unit_id) <= max(units))
        for unit_id, name, at, value in session.execute(counters):
            if unit_id in units and name != OPERATING:
                units[unit_id].counters[name] = Reading(at, value)
    return list(units.values())


def names(session: Session) -> dict[int, str]:
    """The names of all counters by their row ids."""
    return {row[0]: row[1] for row in session.execute(select(col(UsageCounter.id), col(UsageCounter.name)).order_by(col(UsageCounter.id)))}


def counter_ids(session: Session, wanted: Collection[str]) -> dict[str, int]:
    """The row ids of these counters by name; those that are new are added."""
    known = {name: row_id for row_id, name in names(session).items()}
    new = sorted(set(wanted) - known.keys())
    if new:
        session.execute(insert(UsageCounter), [{"name": name} for name in new])
        known = {name: row_id for row_id, name in names(session).items()}
    return known


def known(session: Session, unit_ids: Collection[int]) -> dict[tuple[int, int], CounterUse]:
    """What is known of counters by unit and counter."""
    u = UnitUse
    columns = (u.unit_id, u.counter_id, u.at, u.value, u.first_day, u.last_day, u.day, u.days)
    query = select(*map(col, columns)).where(among(session, col(u.unit_id), unit_ids))
    return {
        (row[0], row[1]): CounterUse(Reading(row[2], row[3]), row[4], row[5], row[6], unpacked(row[7])) for row in session.execute(query)
    }


def of_units(session: Session, where: ColumnElement[bool]) -> list[tuple[int, CounterUse]]:
    """What is known of the counters of units that meet a condition, as (counter, use)."""
    u = UnitUse
    columns = (u.counter_id, u.at, u.value, u.first_day, u.last_day, u.day, u.days)
    query = select(*map(col, columns)).join_from(u, Unit, col(Unit.id) == col(u.unit_id)).where(where)
    return [(row[0], CounterUse(Reading(row[1], row[2]), row[3], row[4], row[5], unpacked(row[6]))) for row in session.execute(query)]


def of_unit(session: Session, unit_id: int) -> list[tuple[int, CounterUse]]:
    return of_units(session, col(Unit.id) == unit_id)


def of_site(session: Session, site_id: int) -> list[tuple[int, CounterUse]]:
    return of_units(session, col(Unit.site_id) == site_id)


_COLUMNS = ("unit_id", "counter_id", "at", "value", "first_day", "last_day", "day", "days")


def store(session: Session, uses: Mapping[tuple[int, int], CounterUse], unit_ids: Collection[int]) -> None:
    """Replace all that is known of the counters of these units."""
    session.execute(delete(UnitUse).where(among(session, col(UnitUse.unit_id), unit_ids)))
    rows = [
        (*key, use.last.at, use.last.value, use.first_day, use.last_day, use.day, _packed(use.use)) for key, use in sorted(uses.items())
    ]
    bulk.insert(session, UnitUse, _COLUMNS, rows)


_ADD = text(
    "INSERT INTO usage_sum (account_id, product_id, counter_id, day, use, units) VALUES (:account, :product, :counter, :day, :use, :units)"
    " ON CONFLICT (account_id, product_id, counter_id, day)"
    " DO UPDATE SET use = usage_sum.use + excluded.use, units = usage_sum.units + excluded.units"
)


def add_to_sums(session: Session, changes: Iterable[tuple[tuple[int, int, int, int], Change]]) -> None:
    """Add changes by (account, product, counter, day) to the sums."""
    rows = [
        {"account": account, "product": product, "counter": counter, "day": day, **change._asdict()}
        for (account, product, counter, day), change in sorted(changes)
    ]
    if rows:
        session.connection().execute(_ADD, rows)


def _packed(use: Sequence[float]) -> bytes:
    return struct.pack(f"<{len(use)}d", *use)


def unpacked(days: bytes) -> tuple[float, ...]:
    return struct.unpack(f"<{len(days) // 8}d", days)
