"""The stale sweep: units that did not report for their whole window become stale."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.liveness import ListeningWindow, Liveness
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.liveness import stale_sweep as stale_units
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.liveness.stale_sweep import StaleUnit
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.operations import checkpoints
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.liveness.heartbeats import ACTOR

_CHUNK = 50_000  # units a statement


class SweepResult(NamedTuple):
    newly_stale: list[int]  # row ids of units


def any_due(session: Session, now: datetime) -> bool:
    """Whether `sweep` would change anything. It only reads, so that writers are not blocked when nothing is due."""
    heard, at = liveness_states.hearing(session), to_ms(now)
    return stale_units.any_due(session, heard, at) or _clock_jumped_back(session, at)


def sweep(session: Session, now: datetime, chunk: int = _CHUNK) -> SweepResult:
    """Mark every unit stale whose window has passed, with the instant and the cause. Units with paused alerts are left alone.

    Silence counts only while the registry was listening. A unit that reports meanwhile stays as it is (compare and set). What was
    reported while the registry's clock was ahead is brought to the present first.
    """
    heard = liveness_states.hearing(session)
    if _clock_jumped_back(session, to_ms(now)):
        _bring_back(session, heard, now, chunk)
    stale: list[int] = []
    while stale_now := stale_units.mark_stale(session, heard, to_ms(now), chunk):
        transitions.add(session, [_change(unit) for unit in stale_now], recorded_at=to_ms(now))
        stored_events.record_unit_events(session, EventKind.STALE, [unit.unit_id for unit in stale_now], to_ms(now))
        stale += [unit.unit_id for unit in stale_now]
        if len(stale_now) < chunk:
            break
    return SweepResult(stale)


_BROUGHT_BACK = "brought back"


def _clock_jumped_back(session: Session, now: int) -> bool:
    """Whether there are still units to bring back. Not while our own clock is the one that is ahead."""
    jump = checkpoints.mark(session, checkpoints.CLOCK_JUMP)
    return jump.position > now and jump.note != _BROUGHT_BACK


def _bring_back(session: Session, heard: ListeningWindow, now: datetime, chunk: int) -> None:
    """What was reported while the registry's clock was ahead."""
    while stale_units.bring_back(session, heard, to_ms(now), chunk) == chunk:
        pass
    jump = checkpoints.mark(session, checkpoints.CLOCK_JUMP)
    checkpoints.put(session, checkpoints.CLOCK_JUMP, jump.position, jump.at, _BROUGHT_BACK)


def _change(unit: StaleUnit) -> NewStateChange:
    last_report = f"{from_ms(unit.heard_at):%Y-%m-%d %H:%M:%S} UTC"
    cause = f"no heartbeat for {unit.stale_after} s while the registry was receiving; last report {last_report}"
    return NewStateChange(unit.unit_id, unit.stale_since, "liveness", Liveness.LATE.value, Liveness.STALE.value, cause, ACTOR)
