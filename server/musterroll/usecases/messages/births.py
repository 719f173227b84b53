"""Births: a unit's description of itself. It is a claim, compared with the enrolment; the newest one describes the unit."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from musterroll_wire.messages import Birth
from sqlmodel import Session

from musterroll.domain.liveness import windows
from musterroll.domain.units.serials import serial_key
from musterroll.domain.values.errors import DomainError
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import last_seen
from musterroll.storage.liveness.last_seen import BirthRow
from musterroll.storage.messages import births as storage
from musterroll.storage.messages.births import Enrolled
from musterroll.storage.units import successors, transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.liveness.heartbeats import ACTOR, mark_operating
from musterroll.usecases.messages.namesakes import propose_duplicates


class UnitBirth(NamedTuple):
    unit_id: int
    birth: Birth


def record_births(session: Session, births: Sequence[UnitBirth], now: datetime) -> None:
    """Births that were not stored before, in any order. They show that units operate, and the newest of each unit describes it."""
    newest: dict[int, Birth] = {}
    for unit_id, birth in births:
        if unit_id not in newest or (birth.epoch, birth.seq) > newest[unit_id][:2]:
            newest[unit_id] = birth
    if not newest:
        return
    enrolled = storage.enrolled(session, newest.keys())
    starts = [_start(enrolled[unit_id], birth, now) for unit_id, birth in newest.items()]
    described = last_seen.record_windows(session, starts)
    revived = last_seen.record_births(session, starts, to_ms(now))
    mark_operating(session, revived, "birth", now)
    storage.describe(session, {unit_id: newest[unit_id] for unit_id in described}, now)
    propose_duplicates(session, [unit_id for unit_id in described if newest[unit_id].evidence], now)
    _compare_serials(session, [enrolled[unit_id] for unit_id in sorted(described)], newest, now)


def _start(unit: Enrolled, birth: Birth, now: datetime) -> BirthRow:
    late, stale = windows(unit.reporting, birth.interval)
    offset = birth.at - to_ms(now) // 1000
    return BirthRow(unit.id, birth.epoch, birth.seq, birth.interval, late, stale, offset, birth.uptime)


def _compare_serials(session: Session, units: Sequence[Enrolled], births: dict[int, Birth], now: datetime) -> None:
    """Record once when a birth has another serial than the enrolled one: the credential may be on two devices."""
    others = {unit.id: births[unit.id].serial for unit in units if _key(births[unit.id].serial) != unit.serial_key}
    if others:  # serials of units merged into this one are its own too
        own = successors.keys_merged_into(session, others.keys())
        others = {unit_id: serial for unit_id, serial in others.items() if (unit_id, _key(serial)) not in own}
    if not others:
        return
    known = transitions.last(session, others.keys(), "identity")
    serials = {unit.id: unit.serial for unit in units}
    transitions.add(
        session,
        [
            NewStateChange(
                unit_id,
                to_ms(now),
                "identity",
                serials[unit_id][:200],
                claimed[:200],
                f"the device reports the serial {claimed[:80]!r}, but the credential was enrolled for {serials[unit_id][:80]!r}:"
                " a copied credential or a replaced board; check both units",
                ACTOR,
            )
            for unit_id, claimed in others.items()
            if known.get(unit_id) != claimed[:200]
        ],
    )


def _key(serial: str) -> str | None:
    try:
        return serial_key(serial)
    except DomainError:
        return None
