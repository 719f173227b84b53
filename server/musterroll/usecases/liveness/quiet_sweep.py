"""The part of the sweep that goes by the rhythm of each unit: unusual silence makes it quiet, and stale where its window is extended."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.liveness import ListeningWindow, Liveness, ReportingClass, WindowRule, expected_interval, windows
from musterroll.domain.liveness.rhythm import LOOK_AHEAD, Rhythm, evidence, learn, spent_at, unusual_at
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import quiet_sweep, rhythms, window_settings
from musterroll.storage.liveness.quiet_sweep import SilentUnit
from musterroll.storage.liveness.stale_sweep import StaleUnit
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.liveness.heartbeats import ACTOR


class _Looked(NamedTuple):
    unit: SilentUnit
    rhythm: Rhythm
    due: int  # ms: when its silence becomes unusual; for a quiet unit, when it becomes stale


class QuietSweep(NamedTuple):
    """Row ids of units that became quiet, and units that became stale by their rhythm."""

    quiet: list[int]
    stale: list[StaleUnit]


def sweep_quiet(session: Session, heard: ListeningWindow, now: datetime, limit: int) -> QuietSweep:
    """Mark units quiet whose silence is unusual for them, with the evidence; those of extended windows stale in time.

    A unit whose silence is not unusual yet is looked at again when it may be.
    """
    at = to_ms(now)
    silent = quiet_sweep.silent_units(session, heard, at, limit)
    rules = window_settings.rules(session) if silent else {}
    looked = [_look(unit, heard, rules, at) for unit in silent]
    due = [one for one in looked if one.due <= at]
    quiet_sweep.postpone(session, [(one.unit.unit_id, one.due) for one in looked if one.due > at])
    quiet = _mark_quiet(session, [one for one in due if one.unit.quiet_since is None], at)
    return QuietSweep(quiet, quiet_sweep.mark_stale(session, [one.unit for one in due if one.unit.quiet_since is not None], at))


def _look(unit: SilentUnit, heard: ListeningWindow, rules: Mapping[ReportingClass, WindowRule], at: int) -> _Looked:
    rhythm = learn(rhythms.unpack(unit.days), unit.day or 0)
    if not unit.in_field:
        return _Looked(unit, rhythm, at + LOOK_AHEAD)
    if unit.quiet_since is None:
        return _Looked(unit, rhythm, unusual_at(rhythm, unit.heard_at, heard, at))
    if rhythm.within is None:
        return _Looked(unit, rhythm, at + LOOK_AHEAD)
    window = windows(unit.reporting, expected_interval(unit.reporting, unit.interval, unit.interval_set), rules).stale
    return _Looked(unit, rhythm, spent_at(rhythm.hours, rhythm.within + window, unit.heard_at, heard, at))


def _mark_quiet(session: Session, looked: Sequence[_Looked], at: int) -> list[int]:
    marked = quiet_sweep.mark_quiet(session, [one.unit for one in looked], at)
    changes = [_change(one, at) for one in looked if one.unit.unit_id in marked]
    transitions.add(session, changes)
    return sorted(marked)


def _change(looked: _Looked, at: int) -> NewStateChange:
    unit, rhythm, _ = looked
    cause = f"unusual for this unit: {evidence(rhythm, unit.pace // 1000, (at - unit.heard_at) // 1000)}"
    return NewStateChange(unit.unit_id, at, "liveness", Liveness.LATE.value, Liveness.QUIET.value, cause, ACTOR)
