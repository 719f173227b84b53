"""The processes that help with whole reconciliations (`musterroll schedule --worker`), as they show by their pulse."""

from datetime import datetime, timedelta

from sqlmodel import Session

from musterroll import __version__
from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import process_heartbeats
from musterroll.storage.operations.database_size import WORKER

_ALIVE = timedelta(seconds=20)
_SHOWN = timedelta(hours=1)  # after the last pulse of one that did not take its leave


def record_pulse(session: Session, name: str, now: datetime) -> None:
    process_heartbeats.beat(session, WORKER + name, to_ms(now), __version__)


def leave(session: Session, name: str) -> None:
    """The worker ends as it should: Health does not miss it."""
    process_heartbeats.remove(session, WORKER + name)


def forget_lost(session: Session, now: datetime) -> None:
    process_heartbeats.forget(session, WORKER, to_ms(now - _SHOWN))


def helping(session: Session, now: datetime) -> int:
    """How many workers of this version there are now. Their clocks may be ahead of ours by as much."""
    return process_heartbeats.alive(session, WORKER, __version__, to_ms(now - _ALIVE), to_ms(now + _ALIVE))
