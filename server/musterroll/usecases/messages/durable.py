"""Durable messages: stored once, complete without gaps, confirmed by receipts."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.messages.receipts import contiguous
from musterroll.storage.messages import durable as storage
from musterroll.storage.messages.durable import MessageRow, Stream, StreamPosition


class DurableArrival(NamedTuple):
    """A durable message, and the lowest sequence number its agent still has."""

    row: MessageRow
    oldest: int


class StoreResult(NamedTuple):
    upto: dict[Stream, int]  # of every stream that messages arrived for, duplicates included
    stored: int
    new_keys: set[tuple[int, int, int]]  # of the keys to check, those that were not stored before


def store(session: Session, arrivals: Sequence[DurableArrival], check: Iterable[tuple[int, int, int]], now: int) -> StoreResult:
    """Store durable messages and advance the positions of their streams.

    `check`: keys (unit, epoch, seq) of which the caller must know whether they are new. `now` in ms.
    1. lock the streams, so that no other process advances them; 2. store; 3. advance from where each stream was.
    """
    arrived, oldest = _by_stream(arrivals)
    before = storage.lock_streams(session, arrived.keys())
    keys = set(check)
    new_keys = keys - storage.existing_keys(session, keys)
    stored = storage.insert(session, [arrival.row for arrival in arrivals], now)
    changed: dict[Stream, StreamPosition] = {}
    upto: dict[Stream, int] = {}
    for stream, seqs in arrived.items():
        position = _advanced(session, stream, before[stream], oldest[stream], seqs)
        upto[stream] = position.upto
        if position != before[stream]:
            changed[stream] = position
    storage.save_positions(session, changed)
    return StoreResult(upto, stored, new_keys)


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
    return StreamPosition(upto, highest)
