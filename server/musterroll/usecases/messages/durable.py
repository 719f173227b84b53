"""Durable messages: kept once, numbered without gaps, receipted."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlmodel import Session

from musterroll.domain.messages.receipts import contiguous
from musterroll.storage.messages import durable as durable_messages
from musterroll.storage.messages.durable import MessageRow, Stream, StreamPosition


class DurableArrival(NamedTuple):
    """A durable message to keep, and the lowest number its agent still has."""

    row: MessageRow
    oldest: int


class StoreResult(NamedTuple):
    upto: dict[Stream, int]  # of every stream touched, also by replays alone
    stored: int
    fresh: set[tuple[int, int, int]]  # of the asked-for keys, those that were not kept before


def store(session: Session, durables: Sequence[DurableArrival], ask: Iterable[tuple[int, int, int]], now: int) -> StoreResult:
    """Keep durable messages and advance their streams.

    `ask`: keys (unit, epoch, seq) of which the caller must know whether they are new. `now` in ms.
    1. lock the streams, so that nobody else numbers them meanwhile; 2. store; 3. count on from where each stream stood.
    """
    arrived, oldest = _by_stream(durables)
    before = durable_messages.lock_streams(session, arrived.keys())
    asked = set(ask)
    fresh = asked - durable_messages.existing_keys(session, asked)
    stored = durable_messages.insert(session, [durable.row for durable in durables], now)
    moved: dict[Stream, StreamPosition] = {}
    upto: dict[Stream, int] = {}
    for stream, seqs in arrived.items():
        kept = _advanced(session, stream, before[stream], oldest[stream], seqs)
        upto[stream] = kept.upto
        if kept != before[stream]:
            moved[stream] = kept
    durable_messages.advance(session, moved)
    return StoreResult(upto, stored, fresh)


def _by_stream(durables: Sequence[DurableArrival]) -> tuple[dict[Stream, set[int]], dict[Stream, int]]:
    arrived: dict[Stream, set[int]] = {}
    oldest: dict[Stream, int] = {}
    for row, least in durables:
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
    if upto < highest:  # a gap, now or before: what lies above it is in the table
        upto = contiguous(upto, oldest, durable_messages.seqs_above(session, stream, upto))
    return StreamPosition(upto, highest)
