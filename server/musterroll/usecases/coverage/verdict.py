"""The coverage verdict on a registered unit."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row
from sqlmodel import Session

from musterroll.domain.coverage import verdict as rules
from musterroll.domain.coverage.verdict import CoverageVerdict
from musterroll.domain.units.kinds import possible_keys
from musterroll.domain.units.serials import serial_key
from musterroll.domain.values.dates import local_day
from musterroll.domain.values.errors import Conflict, NotFound
from musterroll.storage.coverage import unit_facts
from musterroll.storage.tables.units import Unit
from musterroll.storage.units import successors
from musterroll.usecases.coverage.unit_documents import UnitDocuments
from musterroll.usecases.reconciliation.run import day_and_instant


def coverage(session: Session, uid_or_serial: str, on: date | None, now: datetime) -> CoverageVerdict:
    """The verdict on a unit on a day in its site's time zone; None: today.

    Raises NotFound, BadSerial for what is neither a unit id nor a serial, and Conflict if units of several makers share the serial.
    """
    unit = unit_meant(session, uid_or_serial)
    today = local_day(now, ZoneInfo(unit.zone or "UTC"))
    day = on or today
    instant = now if day == today else day_and_instant(day, now)[1]
    return rules.coverage_verdict(UnitDocuments(session, unit, day, instant, now).whole(), day)


def unit_meant(session: Session, uid_or_serial: str) -> Row[Any]:
    """The facts of the unit with this id or serial; if it was merged, of the surviving unit. Raises as `coverage`."""
    unit = None if "\0" in uid_or_serial else unit_facts.by_uid(session, uid_or_serial)
    if unit is not None:
        return unit if unit.merged_into_id is None else _surviving(session, unit.id)
    keys = possible_keys(uid_or_serial) or [serial_key(uid_or_serial)]
    units = [unit for key in keys for unit in unit_facts.by_serial_key(session, key)]
    if not units:
        merged = sorted({successors.unit(session, unit).id or 0 for key in keys for unit in successors.units_with_serial(session, key)})
        units = [_surviving(session, unit_id) for unit_id in merged]
    if not units:
        raise NotFound(f"no registered unit has the ID or serial {uid_or_serial[:200]!r}")
    if len(units) > 1:
        uids = ", ".join(row.uid for row in units)
        raise Conflict(f"{len(units)} units have the serial {units[0].serial}; give one of these unit IDs: {uids}", "shared_serial")
    return units[0]


def _surviving(session: Session, unit_id: int) -> Row[Any]:
    unit = successors.unit(session, session.get_one(Unit, unit_id))
    facts = unit_facts.by_id(session, unit.id or 0)
    assert facts is not None
    return facts
