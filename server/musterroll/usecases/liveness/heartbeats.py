"""Signs of life and of death, and what the registry is proven to have heard."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from musterroll_wire.messages import Heartbeat
from sqlmodel import Session

from musterroll.domain.liveness import Hearing, Liveness
from musterroll.domain.notifications.events import Kind
from musterroll.domain.values.instants import from_ms, to_ms
from musterroll.storage.liveness import last_seen, process_heartbeats
from musterroll.storage.liveness.last_seen import Beat, Met
from musterroll.storage.notifications import events as stored_events
from musterroll.storage.units import transitions
from musterroll.storage.units.transitions import Change

ACTOR = "registry"
GAP = 5_000  # ms without a proof after which hearing begins anew
_INGEST_GONE = 60_000  # ms after which an ingest that proves nothing is taken to be gone


def record_canary(session: Session, ingest: str, sent: int, now: datetime, handled: int = 0) -> None:
    """A canary of `ingest` sent at `sent` (ms) has come back through the broker: all that was said before it has been heard.

    `handled` are the messages it took since it started.

    Where several ingests share the work, only what the slowest of them has heard is proven.
    """
    process_heartbeats.beat(session, f"ingest:{ingest}", sent, str(handled))
    until = process_heartbeats.slowest(session, "ingest:", to_ms(now) - _INGEST_GONE)
    found = process_heartbeats.hearing(session)
    if until is not None and until > found.until:
        process_heartbeats.prove(session, Hearing(until if until - found.until > GAP else found.since, until))


def record_heartbeats(session: Session, beats: Sequence[Beat], now: datetime) -> list[Met]:
    """Record heartbeats, at most one a unit; revive units on contact. Returns units of which there is more to tell."""
    met = last_seen.hear(session, beats, to_ms(now))
    mark_operating(session, met, "heartbeat", now)
    return met


def mark_operating(session: Session, met: Sequence[Met], word: str, now: datetime) -> None:
    """Units just heard of by a `word` (birth, heartbeat): those that were silent operate from now on."""
    at = to_ms(now)
    last_seen.wake(session, met, at)
    transitions.add(session, [change for one in met if (change := _state_change(one, word, at))])
    stored_events.note_units(session, Kind.REVIVED, [one.unit_id for one in met if one.stale_since is not None], at)


def _state_change(met: Met, word: str, at: int) -> Change | None:
    if met.never_heard:
        old, cause = Liveness.NEVER_HEARD, f"the first {word} came"
    elif met.stale_since is not None:
        old, cause = Liveness.STALE, f"a {word} came, the first since {from_ms(met.stale_since):%Y-%m-%d %H:%M:%S} UTC"
    elif met.death_at is not None:
        old, cause = Liveness.LATE, f"a {word} came after its connection had ended"
    else:
        return None
    return Change(met.unit_id, at, "liveness", old.value, Liveness.OPERATING.value, cause, ACTOR)


def record_usage(session: Session, heartbeats: Sequence[tuple[int, Heartbeat]], now: datetime) -> None:
    """Take lifetime usage counters from (unit, heartbeat) pairs just heard; those of an older heartbeat change nothing."""
    at = to_ms(now)
    last_seen.count(
        session,
        [
            {"unit_id": unit_id, "epoch": found.epoch, "beat": found.beat, "name": name, "value": float(value), "at": at}
            for unit_id, found in heartbeats
            for name, value in found.usage.items()
        ],
    )


def mark_late(session: Session, deaths: Iterable[tuple[int, int]], now: datetime) -> None:
    """Deaths as (unit, epoch). A hint: the unit is late from now on, unless the death is of an older epoch."""
    at = to_ms(now)
    cause = "its connection ended: the agent stopped, or the broker lost it"
    died = last_seen.die(session, list(deaths), at)
    transitions.add(session, [Change(unit, at, "liveness", Liveness.OPERATING.value, Liveness.LATE.value, cause, ACTOR) for unit in died])
