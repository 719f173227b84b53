"""Durable messages: stored once, complete without gaps, confirmed by receipts; what contradicts them is set aside."""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.messages.receipts import contiguous
from musterroll.storage.messages import durable as storage
from musterroll.storage.messages.durable import AsideRow, Key, MessageRow, StoredBody, Stream, StreamPosition

QUARANTINED = "quarantined"  # in place of a message that was rejected


class DurableArrival(NamedTuple):
    """A durable message, and the lowest sequence number its agent still has."""

    row: MessageRow
    oldest: int


class StoreResult(NamedTuple):
    upto: dict[Stream, int]  # what receipts say: nothing of a forked stream
    stored: int
    new_births: set[Key]
    new_events: list[MessageRow]  # records about events
    aside: list[MessageRow]  # what cannot be kept under its number
    forked: set[Stream]  # of the streams that messages arrived for


def store(session: Session, arrivals: Sequence[DurableArrival], now: int) -> StoreResult:
    """Store durable messages and advance the positions of their streams. `now` in ms.

    A stream in which one number has come with two contents is forked: a device went back to an older state, or was copied. What was
    stored stays; nothing more is stored in it or receipted, and what comes is set aside, until the unit numbers it in another epoch.
    1. lock the streams, so that no other process advances them; 2. compare with what is stored; 3. store; 4. advance.
    """
    arrived, oldest = _by_stream(arrivals)
    before = storage.lock_streams(session, arrived.keys())
    new, aside, forked = _compare(session, [arrival.row for arrival in arrivals], before)
    stored = storage.insert(session, new, now)
    storage.set_aside(session, [AsideRow(row, digest(row.body)) for row in aside], now)
    changed: dict[Stream, StreamPosition] = {}
    upto: dict[Stream, int] = {}
    for stream, seqs in arrived.items():
        position = before[stream]
        if stream in forked:
            position = position._replace(forked=True)
        else:
            position = _advanced(session, stream, position, oldest[stream], seqs)
            # A repetition confirms no more than itself: what else is stored may be of a life that this device does not remember.
            upto[stream] = min(position.upto, max(seqs)) if position == before[stream] else position.upto
        if position != before[stream]:
            changed[stream] = position
    storage.save_positions(session, changed)
    births = {(row.unit_id, row.epoch, row.seq) for row in new if row.about == "birth"}
    events = [row for row in new if row.about == "event"]
    return StoreResult(upto, stored, births, events, aside, forked)


def _compare(
    session: Session, rows: Sequence[MessageRow], before: dict[Stream, StreamPosition]
) -> tuple[list[MessageRow], list[MessageRow], set[Stream]]:
    """The messages to store, those to set aside, and the forked streams. Numbers above a stream's highest need no look at the table."""
    forked = {stream for stream, position in before.items() if position.forked}
    keys = {_key(row) for row in rows if row.seq <= before[Stream(row.unit_id, row.epoch)].highest}
    bodies = storage.stored(session, keys)
    new: dict[Key, MessageRow] = {}
    other: list[MessageRow] = []
    for row in rows:
        held = bodies.get(_key(row)) or new.get(_key(row))
        if held is None:
            new[_key(row)] = row
        elif not _same(row, held):
            other.append(row)
            forked.add(Stream(row.unit_id, row.epoch))
    kept = [row for row in new.values() if Stream(row.unit_id, row.epoch) not in forked]
    unkept = [row for row in new.values() if Stream(row.unit_id, row.epoch) in forked and row.about != QUARANTINED]
    return kept, other + unkept, forked


def _key(row: MessageRow) -> Key:
    return row.unit_id, row.epoch, row.seq


def _same(row: MessageRow, held: MessageRow | StoredBody) -> bool:
    """Whether two messages with one number are one message. What was rejected has no body here; quarantine has it."""
    return QUARANTINED in (row.about, held.about) or row.body == held.body or digest(row.body) == digest(held.body)


def digest(body: bytes) -> str:
    """Of what a message says: `oldest` changes each time it is sent."""
    value = json.loads(body)
    value.pop("oldest", None)
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _by_stream(arrivals: Sequence[DurableArrival]) -> tuple[dict[Stream, set[int]], dict[Stream, int]]:
    arrived: dict[Stream, set[int]] = {}
    oldest: dict[Stream, int] = {}
    for row, least in arrivals:
        stream = Stream(row.unit_id, row.epoch)
        seqs = arrived.get(stream)
        if seqs is None:
            arrived[stream] = {row.seq}
            oldest[stream] = least
        else:
            seqs.add(row.seq)
            oldest[stream] = max(oldest[stream], least)
    return arrived, oldest


def _advanced(session: Session, stream: Stream, before: StreamPosition, oldest: int, seqs: set[int]) -> StreamPosition:
    highest = max(before.highest, *seqs)
    upto = contiguous(before.upto, oldest, seqs)
    if upto < highest:  # there is or was a gap; messages above it are in the table
        upto = contiguous(upto, oldest, storage.seqs_above(session, stream, upto))
    return before._replace(upto=upto, highest=highest)
