"""Judging silence: units not heard for their whole window become stale."""

from datetime import datetime
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.liveness import Liveness
from musterroll.domain.notifications.events import Kind
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.liveness import last_seen
from musterroll.storage.liveness import states as liveness_states
from musterroll.storage.liveness.last_seen import Lapsed
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import Change
from musterroll.usecases.liveness.heartbeats import ACTOR

_CHUNK = 50_000  # units a statement


class SweepResult(NamedTuple):
    newly_stale: list[int]  # row ids of units


def any_due(session: Session, now: datetime) -> bool:
    """Whether `sweep` would find anything. Only reads: where nobody is due, no writer has to wait for the look."""
    return last_seen.lapsing(session, liveness_states.hearing(session), to_ms(now))


def sweep(session: Session, now: datetime, chunk: int = _CHUNK) -> SweepResult:
    """Call stale every unit whose silence has lasted, with the moment it became so and why. Held units are left alone.

    Silence counts only while the registry was listening; compare and set, so a unit heard meanwhile stays as it is.
    """
    heard = liveness_states.hearing(session)
    stale: list[int] = []
    while lapsed := last_seen.lapse(session, heard, to_ms(now), chunk):
        transitions.add(session, [_change(one) for one in lapsed], recorded_at=to_ms(now))
        stored_events.note_units(session, Kind.STALE, [one.unit_id for one in lapsed], to_ms(now))
        stale += [one.unit_id for one in lapsed]
        if len(lapsed) < chunk:
            break
    return SweepResult(stale)


def _change(one: Lapsed) -> Change:
    cause = (
        f"no heartbeat for {one.stale_after} s while the registry was listening; last heard {from_ms(one.heard_at):%Y-%m-%d %H:%M:%S} UTC"
    )
    return Change(one.unit_id, one.stale_since, "liveness", Liveness.LATE.value, Liveness.STALE.value, cause, ACTOR)
