"""The stale sweep: units that did not report for their whole window become stale."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.liveness import ListeningWindow, Liveness
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.liveness import stale_sweep as stale_units
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.liveness.stale_sweep import AgedUnit, StaleUnit
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.operations import future_marks
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.liveness import outages, quiet_sweep
from musterroll.usecases.liveness.heartbeats import ACTOR
from musterroll.usecases.operations import clock

_CHUNK = 50_000  # units a statement
_LOOKS = 2_000  # silences that are looked at in one sweep


class SweepResult(NamedTuple):
    newly_stale: list[int]  # row ids of units


def any_due(session: Session, now: datetime) -> bool:
    """Whether `sweep` would change anything. It only reads, so that writers are not blocked when nothing is due."""
    heard, at = liveness_states.hearing(session), to_ms(now)
    return stale_units.any_due(session, heard, at) or outages.due(session) or clock.marks_to_void(session, now)


def sweep(session: Session, now: datetime, chunk: int = _CHUNK) -> SweepResult:
    """Mark every unit stale whose window has passed, with the instant and the cause. Units with paused alerts are left alone.

    Silence counts only while the registry was listening. A unit that reports meanwhile stays as it is (compare and set). What was
    reported while the registry's clock was ahead is brought to the present first. Units known from a list that is too old become unknown.
    """
    heard = liveness_states.hearing(session)
    if clock.marks_to_void(session, now):
        _void_the_future(session, heard, now, chunk)
    swept = quiet_sweep.sweep_quiet(session, heard, now, min(chunk, _LOOKS))
    stale = _change_states(session, swept.stale, now)
    while stale_now := stale_units.mark_stale(session, heard, to_ms(now), chunk):
        stale += _change_states(session, stale_now, now)
        if len(stale_now) < chunk:
            break
    outages.gather(session, heard, [*swept.quiet, *stale], now)
    stored_events.record_unit_events(session, EventKind.QUIET, swept.quiet, to_ms(now))
    stored_events.record_unit_events(session, EventKind.STALE, stale, to_ms(now))
    outages.follow(session, now)
    while aged := stale_units.mark_unknown(session, heard.list_age, to_ms(now), chunk):
        transitions.add(session, [_aged(unit) for unit in aged], recorded_at=to_ms(now))
    return SweepResult(stale)


def _change_states(session: Session, stale: Sequence[StaleUnit], now: datetime) -> list[int]:
    """Record that these units are stale. Returns their row ids."""
    transitions.add(session, [_change(unit) for unit in stale], recorded_at=to_ms(now))
    return [unit.unit_id for unit in stale]


def _void_the_future(session: Session, heard: ListeningWindow, now: datetime, chunk: int) -> None:
    """Bring back what was reported while the registry's clock was ahead, and void all other marks of that time."""
    while stale_units.bring_back(session, heard, to_ms(now), chunk) == chunk:
        pass
    future_marks.void(session, now)
    clock.record_voided(session)


def _change(unit: StaleUnit) -> NewStateChange:
    last_report = f"{from_ms(unit.heard_at):%Y-%m-%d %H:%M:%S} UTC"
    silent = (unit.stale_since - unit.heard_at) // 1000 if unit.quiet_since else unit.stale_after
    cause = f"no heartbeat for {silent} s while the registry was receiving; last report {last_report}"
    old = Liveness.LATE if unit.quiet_since is None else Liveness.QUIET
    return NewStateChange(unit.unit_id, unit.stale_since, "liveness", old.value, Liveness.STALE.value, cause, ACTOR)


def _aged(unit: AgedUnit) -> NewStateChange:
    days = (unit.unknown_since - unit.listed_at) // 86_400_000
    cause = f"the imported list of {from_ms(unit.listed_at):%Y-%m-%d} is older than {days} days, and it has not reported here"
    return NewStateChange(unit.unit_id, unit.unknown_since, "liveness", Liveness.OPERATING.value, Liveness.UNKNOWN.value, cause, ACTOR)
