"""Durable messages, and how far each stream of them is complete."""

import json
from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlmodel import Session, col, select

from musterroll.storage.engine.bulk import Bigints, Texts, columns, postgres
from musterroll.storage.tables.messages import DurableMessage


class Stream(NamedTuple):
    """One epoch of one unit, in which its durable messages are numbered."""

    unit_id: int
    epoch: int


class StreamPosition(NamedTuple):
    """How far a stream is stored without a gap, and the highest number stored."""

    upto: int
    highest: int


class MessageRow(NamedTuple):
    unit_id: int
    epoch: int
    seq: int
    about: str
    at: int  # seconds, by the unit's clock
    body: bytes  # UTF-8


_COLUMNS = "unit_id, epoch, seq, about, at, body, received_at"
_INSERT_POSTGRES = f"""
INSERT INTO message ({_COLUMNS})
SELECT *, %s FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::bigint[], %s::text[])
ON CONFLICT DO NOTHING"""  # noqa: S608
_INSERT_SQLITE = f"INSERT INTO message ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608


def insert(session: Session, rows: Sequence[MessageRow], now: int) -> int:
    """Store messages received at `now` (ms), except those stored before. Returns how many were new."""
    if not rows:
        return 0
    connection = session.connection()
    if not postgres(session):
        values = [(unit, epoch, seq, about, at, body.decode(), now) for unit, epoch, seq, about, at, body in rows]
        return connection.exec_driver_sql(_INSERT_SQLITE, values).rowcount
    units, epochs, seqs, abouts, ats, bodies = zip(*rows, strict=True)
    about = Texts([text.encode() for text in abouts])
    return connection.exec_driver_sql(
        _INSERT_POSTGRES, (now, Bigints(units), Bigints(epochs), Bigints(seqs), about, Bigints(ats), Texts(bodies))
    ).rowcount


_EXISTING_POSTGRES = """
SELECT m.unit_id, m.epoch, m.seq FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS k (unit_id, epoch, seq)
JOIN message m USING (unit_id, epoch, seq)"""
_EXISTING_SQLITE = """
SELECT m.unit_id, m.epoch, m.seq FROM json_each(?) AS k
JOIN message m ON m.unit_id = k.value ->> 0 AND m.epoch = k.value ->> 1 AND m.seq = k.value ->> 2"""


def existing_keys(session: Session, keys: Collection[tuple[int, int, int]]) -> set[tuple[int, int, int]]:
    """Which of these (unit, epoch, seq) are stored."""
    return {(row[0], row[1], row[2]) for row in _by_keys(session, _EXISTING_POSTGRES, _EXISTING_SQLITE, sorted(keys))}


# Rows are locked in order, so that two ingests with messages of one unit wait for each other and each sees the other's.
_LOCK_POSTGRES = """
SELECT d.unit_id, d.epoch, d.upto, d.highest FROM message_stream d
JOIN unnest(%s::bigint[], %s::bigint[]) AS k (unit_id, epoch) USING (unit_id, epoch) ORDER BY 1, 2 FOR UPDATE OF d"""
_LOCK_SQLITE = """
SELECT d.unit_id, d.epoch, d.upto, d.highest FROM json_each(?) AS k
JOIN message_stream d ON d.unit_id = k.value ->> 0 AND d.epoch = k.value ->> 1"""
_OPEN_POSTGRES = """INSERT INTO message_stream (unit_id, epoch, upto, highest)
SELECT *, 0, 0 FROM unnest(%s::bigint[], %s::bigint[]) ON CONFLICT DO NOTHING"""
_OPEN_SQLITE = "INSERT INTO message_stream (unit_id, epoch, upto, highest) VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING"


def lock_streams(session: Session, streams: Collection[Stream]) -> dict[Stream, StreamPosition]:
    """The position of each stream; new streams start at 0. The rows stay locked until the end of the transaction."""
    wanted = sorted(streams)
    positions = _positions(session, wanted)
    new = [stream for stream in wanted if stream not in positions]
    if new:
        connection = session.connection()
        if postgres(session):
            connection.exec_driver_sql(_OPEN_POSTGRES, columns(new))
        else:
            connection.exec_driver_sql(_OPEN_SQLITE, [tuple(stream) for stream in new])
        positions |= _positions(session, new)
    return positions


def _positions(session: Session, streams: Sequence[Stream]) -> dict[Stream, StreamPosition]:
    rows = _by_keys(session, _LOCK_POSTGRES, _LOCK_SQLITE, streams)
    return {Stream(unit, epoch): StreamPosition(upto, highest) for unit, epoch, upto, highest in rows}


def _by_keys(session: Session, for_postgres: str, for_sqlite: str, keys: Sequence[tuple[int, ...]]) -> Sequence[Sequence[int]]:
    if not keys:
        return []
    connection = session.connection()
    if postgres(session):
        return connection.exec_driver_sql(for_postgres, columns(keys)).all()
    return connection.exec_driver_sql(for_sqlite, (json.dumps(keys),)).all()


def seqs_above(session: Session, stream: Stream, upto: int) -> set[int]:
    """The stored sequence numbers of a stream above `upto`."""
    m = DurableMessage
    query = select(m.seq).where(col(m.unit_id) == stream.unit_id, col(m.epoch) == stream.epoch, col(m.seq) > upto)
    return set(session.exec(query))


_ADVANCE_POSTGRES = """
UPDATE message_stream d SET upto = k.upto, highest = k.highest
FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[]) AS k (unit_id, epoch, upto, highest)
WHERE d.unit_id = k.unit_id AND d.epoch = k.epoch"""
_ADVANCE_SQLITE = "UPDATE message_stream SET upto = ?3, highest = ?4 WHERE unit_id = ?1 AND epoch = ?2"


def save_positions(session: Session, changed: dict[Stream, StreamPosition]) -> None:
    """Update the positions of streams."""
    if not changed:
        return
    rows = [(*stream, *position) for stream, position in sorted(changed.items())]
    if postgres(session):
        session.connection().exec_driver_sql(_ADVANCE_POSTGRES, columns(rows))
    else:
        session.connection().exec_driver_sql(_ADVANCE_SQLITE, rows)
