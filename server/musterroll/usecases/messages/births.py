"""Births: a unit's description of itself. It is a claim, compared with the enrolment; the newest one describes the unit."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from musterroll_wire.messages import Birth
from sqlmodel import Session

from musterroll.domain.liveness import ReportingClass, WindowRule, expected_interval, windows
from musterroll.domain.messages.identity import Doubt, hardware_differs
from musterroll.domain.units.kinds import has_key, possible_keys
from musterroll.domain.units.serials import name_key
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import last_seen, window_settings
from musterroll.storage.liveness.last_seen import BirthRow
from musterroll.storage.messages import births as storage
from musterroll.storage.messages.births import Enrolled
from musterroll.storage.units import successors, transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.liveness.heartbeats import ACTOR, mark_operating
from musterroll.usecases.messages import identity
from musterroll.usecases.messages.identity import NewCase
from musterroll.usecases.messages.namesakes import propose_duplicates

_BEFORE_BEATS = -2  # before -1, which says that an epoch has no beat yet


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
    rules = window_settings.rules(session)
    starts = [_start(enrolled[unit_id], birth, rules, now) for unit_id, birth in newest.items()]
    described = last_seen.record_windows(session, starts)
    revived, others = last_seen.record_births(session, starts, to_ms(now))
    mark_operating(session, revived, "birth", now)
    if others:
        mark_heard(session, {unit_id: birth.epoch for unit_id, birth in newest.items()}, now)
    storage.describe(session, {unit_id: newest[unit_id] for unit_id in described}, now)
    propose_duplicates(session, [unit_id for unit_id in described if newest[unit_id].evidence], now)
    units = [enrolled[unit_id] for unit_id in sorted(described)]
    identity.record_hardware(session, [unit.id for unit in units if hardware_differs(unit.evidence, newest[unit.id].evidence)], now)
    _compare_identities(session, units, newest, now)


def mark_heard(session: Session, epochs: Mapping[int, int], now: datetime) -> None:
    """Births of units in passed epochs, or that cannot be kept under their number: they describe nothing, but arrive now."""
    before_beats = [(unit_id, epoch, _BEFORE_BEATS) for unit_id, epoch in epochs.items()]
    mark_operating(session, [report.unit for report in last_seen.record_passed(session, before_beats, to_ms(now))], "birth", now)


def _start(unit: Enrolled, birth: Birth, rules: Mapping[ReportingClass, WindowRule], now: datetime) -> BirthRow:
    late, stale = windows(unit.reporting, expected_interval(unit.reporting, birth.interval, unit.interval), rules)
    offset = birth.at - to_ms(now) // 1000
    return BirthRow(unit.id, birth.epoch, birth.seq, birth.interval, late, stale, offset, birth.uptime)


def _compare_identities(session: Session, units: Sequence[Enrolled], births: dict[int, Birth], now: datetime) -> None:
    """A birth with another serial, maker or model than enrolled is a case, and is recorded once: the credential may be on two devices."""
    serials = {unit.id: births[unit.id].serial for unit in units if not has_key(births[unit.id].serial, unit.serial_key)}
    if serials:  # serials of units merged into this one are its own too
        own = successors.keys_merged_into(session, serials.keys())
        serials = {
            unit_id: serial for unit_id, serial in serials.items() if not any((unit_id, key) in own for key in possible_keys(serial))
        }
    claims = {unit.id: claim for unit in units if (claim := _foreign_claim(unit, births[unit.id], unit.id in serials))}
    identity.close_cases(session, [unit.id for unit in units if unit.id not in claims], Doubt.FOREIGN)
    if not claims:
        return
    says = {unit.id: f"{claims[unit.id]}: a copied credential or a replaced board" for unit in units if unit.id in claims}
    identity.open_cases(session, [NewCase(unit_id, Doubt.FOREIGN, says[unit_id], claim) for unit_id, claim in claims.items()], now)
    known = transitions.last(session, claims.keys(), "identity")
    claimed = {unit_id: _claimed(births[unit_id], unit_id in serials) for unit_id in claims}
    enrolled = {unit.id: unit.serial if unit.id in serials else f"{unit.maker} {unit.model}" for unit in units}
    transitions.add(
        session,
        [
            NewStateChange(
                unit_id, to_ms(now), "identity", enrolled[unit_id][:200], name, f"{says[unit_id]}; check both units"[:500], ACTOR
            )
            for unit_id, name in claimed.items()
            if known.get(unit_id) != name
        ],
    )


def _foreign_claim(unit: Enrolled, birth: Birth, serial: bool) -> str:
    """What of a birth contradicts the enrolment, as one clause; empty if nothing does."""
    if serial:
        return f"the device reports the serial {birth.serial[:80]!r}, but the credential was enrolled for {unit.serial[:80]!r}"
    if name_key(birth.maker) != unit.maker_key or name_key(birth.model) != unit.model_key:
        reported, enrolled = f"{birth.maker} {birth.model}"[:80], f"{unit.maker} {unit.model}"[:80]
        return f"the device reports that it is a {reported!r}, but the credential was enrolled for a {enrolled!r}"
    return ""


def _claimed(birth: Birth, serial: bool) -> str:
    return (birth.serial if serial else f"{birth.maker} {birth.model}")[:200]
