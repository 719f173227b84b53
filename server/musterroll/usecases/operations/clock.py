"""The registry's own clock: where it jumps back, marks that lie in the future are void, an event says so, and Health shows it."""

from datetime import datetime

from sqlmodel import Session

from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import in_future, to_ms
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.notifications.events import NewEvent
from musterroll.storage.operations import checkpoints

_ONE_JUMP = 60_000  # ms within which several processes notice it
_VOIDED = "voided"


def record_progress(session: Session, process: str, now: datetime) -> None:
    """The process gets on with its work; where its last heartbeat lies in the future, the clock has jumped back."""
    before = process_heartbeats.latest(session).get(process, 0)
    process_heartbeats.beat(session, process, to_ms(now))
    if in_future(before, to_ms(now)):
        record_jump(session, before, now)


def record_jump(session: Session, ahead: int, now: datetime) -> None:
    """The clock was at `ahead` (ms) and is at `now`: one event, whichever processes notice it."""
    at, last = to_ms(now), checkpoints.mark(session, checkpoints.CLOCK_JUMP)
    checkpoints.put(session, checkpoints.CLOCK_JUMP, ahead, at)
    if not 0 <= at - last.at < _ONE_JUMP:
        stored_events.record(session, [NewEvent(EventKind.CLOCK_JUMPED, at, f"clock:{ahead}", since=ahead, units=0)])


def marks_to_void(session: Session, now: datetime) -> bool:
    """Whether marks in the future are still to be voided. Not while our own clock is the one that is ahead."""
    jump = checkpoints.mark(session, checkpoints.CLOCK_JUMP)
    return jump.position > to_ms(now) and jump.note != _VOIDED


def record_voided(session: Session) -> None:
    jump = checkpoints.mark(session, checkpoints.CLOCK_JUMP)
    checkpoints.put(session, checkpoints.CLOCK_JUMP, jump.position, jump.at, _VOIDED)
