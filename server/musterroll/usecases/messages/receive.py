"""What units report, in batches: the one way from the wire into the roll."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from musterroll_wire.messages import Birth, Command, Death, Heartbeat, Receipt, Record
from sqlmodel import Session

from musterroll.domain.values.instants import to_ms
from musterroll.storage.liveness import last_seen
from musterroll.storage.liveness.last_seen import Beat
from musterroll.storage.messages import registry_epoch
from musterroll.storage.messages.durable import MessageRow, Stream
from musterroll.usecases.liveness import heartbeats
from musterroll.usecases.messages import births as message_births
from musterroll.usecases.messages import durable, quarantine
from musterroll.usecases.messages.births import UnitBirth
from musterroll.usecases.messages.durable import DurableArrival
from musterroll.usecases.messages.quarantine import RejectedMessage

UplinkMessage = Birth | Heartbeat | Record | Death


class Arrival(NamedTuple):
    """A decoded message of a unit known by `acquaint`."""

    unit_id: int
    uid: str
    message: UplinkMessage
    payload: bytes  # as it came


class Batch(NamedTuple):
    """What came in, in order of arrival, and what of it could not be accepted."""

    arrivals: Sequence[Arrival]
    misfits: Sequence[RejectedMessage] = ()


class Outcome(NamedTuple):
    """What a batch came to; `receipts` and `commands` are (uid, message) to be sent after the commit."""

    receipts: list[tuple[str, Receipt]]
    commands: list[tuple[str, Command]]
    stored: int  # durable messages that were new
    replayed: int  # durable messages that were kept already
    revived: int  # units heard again after they were stale
    born: list[str]  # uids of those with a birth that was new
    misfits: Counter[str]  # by code


def ensure_status_rows(session: Session, uids: Sequence[str]) -> dict[str, int]:
    """The row ids of those uids that are on the roll. Each of them can report afterwards."""
    return last_seen.acquaint(session, uids)


def receive(session: Session, batch: Batch, now: datetime) -> Outcome:
    """Take in a batch: durable messages are kept once, the newest heartbeat of each unit wins, misfits are set aside.

    Any order, repetition or splitting into batches of the same messages comes to the same roll.
    """
    sheaf = _sort_batch(batch)
    delivered = durable.store(session, sheaf.durables, sheaf.births.keys(), to_ms(now))
    heartbeats.mark_late(session, sheaf.deaths_before, now)
    reborn = message_births.record_births(session, [UnitBirth(key[0], sheaf.births[key]) for key in sorted(delivered.fresh)], now)
    heard = heartbeats.record_heartbeats(session, [_beat(unit_id, found, now) for unit_id, found in sheaf.beats.items()], now)
    heartbeats.record_usage(session, [(unit_id, found) for unit_id, found in sheaf.beats.items() if found.usage], now)
    heartbeats.mark_late(session, sheaf.deaths_after.items(), now)
    quarantine.store_rejected(session, batch.misfits, now)
    return Outcome(
        receipts=_receipts(session, delivered.upto, sheaf.uids, now),
        commands=[(sheaf.uids[one.unit_id], Command("rebirth")) for one in heard if one.unborn],
        stored=delivered.stored,
        replayed=len(sheaf.durables) - delivered.stored,
        born=[sheaf.uids[unit_id] for unit_id in sorted({key[0] for key in delivered.fresh})],
        revived=sum(one.stale_since is not None for one in (*reborn, *heard)),
        misfits=Counter(misfit.code for misfit in batch.misfits),
    )


class _SortedBatch(NamedTuple):
    """A batch sorted by what is to be done."""

    uids: dict[int, str]
    durables: list[DurableArrival]
    births: dict[tuple[int, int, int], Birth]
    beats: dict[int, Heartbeat]  # the newest of each unit
    deaths_before: list[tuple[int, int]]  # (unit, epoch) after which the unit was heard again
    deaths_after: dict[int, int]


def _sort_batch(batch: Batch) -> _SortedBatch:
    sheaf = _SortedBatch({}, [], {}, {}, [], {})
    for unit_id, uid, message, payload in batch.arrivals:
        sheaf.uids[unit_id] = uid
        if isinstance(message, Record):
            row = MessageRow(unit_id, message.epoch, message.seq, message.about, message.at, payload)
            sheaf.durables.append(DurableArrival(row, message.oldest))
        elif isinstance(message, Death):
            sheaf.deaths_after[unit_id] = message.epoch
        else:
            if unit_id in sheaf.deaths_after:
                sheaf.deaths_before.append((unit_id, sheaf.deaths_after.pop(unit_id)))
            if isinstance(message, Heartbeat):
                newest = sheaf.beats.get(unit_id)
                if newest is None or newest[:2] < message[:2]:
                    sheaf.beats[unit_id] = message
            else:
                row = MessageRow(unit_id, message.epoch, message.seq, "birth", message.at, payload)
                sheaf.durables.append(DurableArrival(row, message.oldest))
                sheaf.births.setdefault((unit_id, message.epoch, message.seq), message)
    for misfit in batch.misfits:
        if misfit.settles:
            (unit_id, epoch), seq = misfit.settles
            sheaf.uids[unit_id] = misfit.unit
            sheaf.durables.append(DurableArrival(MessageRow(unit_id, epoch, seq, "quarantined", 0, b""), 1))
    return sheaf


def _beat(unit_id: int, found: Heartbeat, now: datetime) -> Beat:
    epoch, beat, at, uptime, operating, cpu, memory, disk, temperature, _ = found
    return Beat(unit_id, epoch, beat, at - to_ms(now) // 1000, uptime, operating, cpu, memory, disk, temperature)


def _receipts(session: Session, upto: dict[Stream, int], uids: dict[int, str], now: datetime) -> list[tuple[str, Receipt]]:
    if not upto:
        return []
    registry, at = registry_epoch.current(session), to_ms(now) // 1000
    return [(uids[stream.unit_id], Receipt(stream.epoch, seq, registry, at)) for stream, seq in upto.items()]
