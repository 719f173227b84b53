"""Heartbeats, last wills and canaries: what they change in the state of units, and what the registry provably received."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from musterroll_wire.messages import Heartbeat
from sqlmodel import Session

from musterroll.domain.liveness import Liveness, extend_listening
from musterroll.domain.notifications.events import EventKind
from musterroll.domain.values.instants import from_ms, in_future, to_ms
from musterroll.storage.liveness import last_seen, process_heartbeats
from musterroll.storage.liveness.last_seen import HeartbeatRow, PassedReport, RevivedUnit
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import NewStateChange
from musterroll.usecases.operations import clock

ACTOR = "registry"
_INGEST_GONE = 60_000  # ms without a canary after which an ingest process is considered gone


def record_canary(session: Session, ingest: str, sent: int, now: datetime, handled: int = 0) -> None:
    """A canary that `ingest` sent at `sent` (ms) came back through the broker: every message sent before it has been received.

    `handled` is the number of messages this ingest has processed since its start. If several ingests share the work, only what the
    slowest of them has received is proven.
    """
    if in_future(sent, to_ms(now)):
        return  # sent while the clock was ahead
    process_heartbeats.beat(session, f"ingest:{ingest}", sent, str(handled))
    until = process_heartbeats.slowest(session, "ingest:", to_ms(now) - _INGEST_GONE)
    proven = process_heartbeats.hearing(session)
    if until is None or (listened := extend_listening(proven, until, to_ms(now))) == proven:
        return
    process_heartbeats.record_listening(session, listened)
    if in_future(proven.until, to_ms(now)):
        clock.record_jump(session, proven.until, now)


class HeartbeatNews(NamedTuple):
    """Units whose state changes or whose latest birth is missing, and those that reported before what was newest of them."""

    units: list[RevivedUnit]
    passed: list[PassedReport]


def record_heartbeats(session: Session, beats: Sequence[HeartbeatRow], now: datetime) -> HeartbeatNews:
    """Record heartbeats, at most one per unit. One that arrives now is life, whatever its epoch; the newest of all is no news."""
    revived, others = last_seen.record_heartbeats(session, beats, to_ms(now))
    passed = last_seen.record_passed(session, [beat[:3] for beat in beats], to_ms(now)) if others else []
    mark_operating(session, [*revived, *(report.unit for report in passed)], "heartbeat", now)
    return HeartbeatNews(revived, passed)


def mark_operating(session: Session, units: Sequence[RevivedUnit], message: str, now: datetime) -> None:
    """Units that just sent a `message` (birth, heartbeat): those that were silent are operating from now on."""
    at = to_ms(now)
    last_seen.clear_silence(session, units, at)
    transitions.add(session, [change for unit in units if (change := _state_change(unit, message, at))])
    stored_events.record_unit_events(session, EventKind.REVIVED, [unit.unit_id for unit in units if unit.stale_since is not None], at)


def _state_change(unit: RevivedUnit, message: str, at: int) -> NewStateChange | None:
    if unit.never_heard:
        old, cause = Liveness.NEVER_HEARD, f"first {message} received"
    elif unit.unknown_since is not None:
        old, cause = Liveness.UNKNOWN, f"first {message} received; until then it was known from an imported list only"
    elif unit.stale_since is not None:
        old, cause = Liveness.STALE, f"{message} received, the first since {from_ms(unit.stale_since):%Y-%m-%d %H:%M:%S} UTC"
    elif unit.quiet_since is not None:
        old, cause = Liveness.QUIET, f"{message} received after an unusual silence since {from_ms(unit.quiet_since):%Y-%m-%d %H:%M:%S} UTC"
    elif unit.death_at is not None:
        old, cause = Liveness.LATE, f"{message} received after the connection had ended"
    else:
        return None
    return NewStateChange(unit.unit_id, at, "liveness", old.value, Liveness.OPERATING.value, cause, ACTOR)


def record_usage(session: Session, heartbeats: Sequence[tuple[int, Heartbeat]], now: datetime) -> None:
    """Record lifetime usage counters from (unit, heartbeat) pairs; those of an older heartbeat change nothing."""
    at = to_ms(now)
    last_seen.record_usage(
        session,
        [
            {"unit_id": unit_id, "epoch": heartbeat.epoch, "beat": heartbeat.beat, "name": name, "value": float(value), "at": at}
            for unit_id, heartbeat in heartbeats
            for name, value in heartbeat.usage.items()
        ],
    )


def mark_late(session: Session, deaths: Iterable[tuple[int, int]], now: datetime) -> None:
    """Last wills as (unit, epoch). A hint: the unit is late from now on, unless the will is of an older epoch."""
    at = to_ms(now)
    cause = "connection ended: the agent stopped or lost the broker"
    late = last_seen.record_deaths(session, list(deaths), at)
    transitions.add(
        session, [NewStateChange(unit, at, "liveness", Liveness.OPERATING.value, Liveness.LATE.value, cause, ACTOR) for unit in late]
    )
