"""Messages from units, in batches: the only way from the wire into the registry."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from musterroll_wire.messages import Birth, Command, Death, Heartbeat, Receipt, Record
from sqlmodel import Session

from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import last_seen
from musterroll.storage.liveness.last_seen import HeartbeatRow
from musterroll.storage.messages import registry_epoch
from musterroll.storage.messages.durable import MessageRow, Stream
from musterroll.usecases.liveness import heartbeats
from musterroll.usecases.messages import births as message_births
from musterroll.usecases.messages import device_faults, durable, identity, passed_epochs, quarantine
from musterroll.usecases.messages.births import UnitBirth
from musterroll.usecases.messages.durable import DurableArrival
from musterroll.usecases.messages.quarantine import RejectedMessage

UplinkMessage = Birth | Heartbeat | Record | Death


class Arrival(NamedTuple):
    """A decoded message of a unit that `ensure_status_rows` returned."""

    unit_id: int
    uid: str
    message: UplinkMessage
    payload: bytes  # as received


class Batch(NamedTuple):
    """Messages in order of arrival, and those that cannot be accepted."""

    arrivals: Sequence[Arrival]
    rejected: Sequence[RejectedMessage] = ()


class Outcome(NamedTuple):
    """The result of a batch; `receipts` and `commands` are (uid, message), to be sent after the commit."""

    receipts: list[tuple[str, Receipt]]
    commands: list[tuple[str, Command]]
    replayed: int  # durable messages that were stored before
    restarted: list[str]  # uids with a new birth
    rejected: Counter[str]  # by code


def ensure_status_rows(session: Session, uids: Sequence[str]) -> dict[str, int]:
    """The row ids of the uids that are registered. Each has a status row afterwards, so that it can report."""
    return last_seen.ensure_status_rows(session, uids)


def receive(session: Session, batch: Batch, now: datetime) -> Outcome:
    """Process a batch: durable messages are stored once, the newest heartbeat of each unit wins, rejected messages are quarantined.

    The same messages in any order, repeated, or split into other batches give the same result.
    """
    messages = _sort_batch(batch)
    result = durable.store(session, messages.durables, to_ms(now))
    heartbeats.mark_late(session, messages.deaths_before, now)
    message_births.record_births(session, [UnitBirth(key[0], messages.births[key]) for key in sorted(result.new_births)], now)
    message_births.mark_heard(session, {row.unit_id: row.epoch for row in result.aside if row.about == "birth"}, now)
    news = heartbeats.record_heartbeats(session, [_beat(unit_id, beat, now) for unit_id, beat in messages.beats.items()], now)
    heartbeats.record_usage(session, [(unit_id, beat) for unit_id, beat in messages.beats.items() if beat.usage], now)
    identity.record_signs(session, result.aside, news.passed, messages.beats, now)
    heartbeats.mark_late(session, messages.deaths_after.items(), now)
    device_faults.record_faults(session, result.new_events, now)
    quarantine.store_rejected(session, batch.rejected, now)
    unborn = [messages.uids[unit.unit_id] for unit in news.units if unit.unborn]
    rebirths = [(uid, Command("rebirth")) for uid in quarantine.without_rejected_birth(session, unborn, now)]
    others = passed_epochs.renumberings(session, result.forked, news.passed)
    return Outcome(
        receipts=_receipts(session, result.upto, messages.uids, now),
        commands=[*rebirths, *((messages.uids[unit_id], command) for unit_id, command in others)],
        replayed=len(messages.durables) - len(result.aside) - result.stored,
        restarted=[messages.uids[unit_id] for unit_id in sorted({key[0] for key in result.new_births})],
        rejected=Counter(message.code for message in batch.rejected),
    )


class _SortedBatch(NamedTuple):
    """The messages of a batch by kind."""

    uids: dict[int, str]
    durables: list[DurableArrival]
    births: dict[tuple[int, int, int], Birth]
    beats: dict[int, Heartbeat]  # the newest of each unit
    deaths_before: list[tuple[int, int]]  # (unit, epoch), followed by a later message of the unit
    deaths_after: dict[int, int]


def _sort_batch(batch: Batch) -> _SortedBatch:
    sorted_batch = _SortedBatch({}, [], {}, {}, [], {})
    for unit_id, uid, message, payload in batch.arrivals:
        sorted_batch.uids[unit_id] = uid
        if isinstance(message, Record):
            row = MessageRow(unit_id, message.epoch, message.seq, message.about, message.at, payload)
            sorted_batch.durables.append(DurableArrival(row, message.oldest))
        elif isinstance(message, Death):
            sorted_batch.deaths_after[unit_id] = message.epoch
        else:
            if unit_id in sorted_batch.deaths_after:
                sorted_batch.deaths_before.append((unit_id, sorted_batch.deaths_after.pop(unit_id)))
            if isinstance(message, Heartbeat):
                newest = sorted_batch.beats.get(unit_id)
                if newest is None or newest[:2] < message[:2]:
                    sorted_batch.beats[unit_id] = message
            else:
                row = MessageRow(unit_id, message.epoch, message.seq, "birth", message.at, payload)
                sorted_batch.durables.append(DurableArrival(row, message.oldest))
                sorted_batch.births.setdefault((unit_id, message.epoch, message.seq), message)
    for rejected in batch.rejected:
        if rejected.sequence_used:
            (unit_id, epoch), seq = rejected.sequence_used
            sorted_batch.uids[unit_id] = rejected.unit
            sorted_batch.durables.append(DurableArrival(MessageRow(unit_id, epoch, seq, durable.QUARANTINED, 0, b""), 1))
    return sorted_batch


def _beat(unit_id: int, heartbeat: Heartbeat, now: datetime) -> HeartbeatRow:
    epoch, beat, at, uptime, operating, vitals, _ = heartbeat
    return HeartbeatRow(unit_id, epoch, beat, at - to_ms(now) // 1000, uptime, operating, vitals)


def _receipts(session: Session, upto: dict[Stream, int], uids: dict[int, str], now: datetime) -> list[tuple[str, Receipt]]:
    if not upto:
        return []
    registry, at = registry_epoch.current(session), to_ms(now) // 1000
    return [(uids[stream.unit_id], Receipt(stream.epoch, seq, registry, at)) for stream, seq in upto.items()]
